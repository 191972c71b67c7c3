"""Reading order, folding and the summary of a run, without a store."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from retrospan.model.reading.assembly import assemble, reading_order
from retrospan.model.traces import Fold, Message, Span, Status, StepKind, ToolCall, Usage


def span(span_id: str, parent: str | None = None, start: int | None = None, **fields: object) -> Span:
    return Span("t", span_id, span_id, parent_span_id=parent, started_at_ns=start, **fields)  # type: ignore[arg-type]


def order_of(spans: list[Span]) -> list[str]:
    return [place.span_id for place in reading_order(spans).places]


def test_steps_follow_start_times_and_parents_come_first() -> None:
    spans = [span("late", "root", 30), span("early", "root", 20), span("root", None, 10)]
    assert order_of(spans) == ["root", "early", "late"]


def test_a_child_with_a_slow_clock_stays_behind_its_parent() -> None:
    assert order_of([span("root", None, 100), span("child", "root", 5), span("next", "root", 110)]) == [
        "root",
        "child",
        "next",
    ]


def test_orphans_and_cycles_still_give_every_span_a_place() -> None:
    spans = [span("a", "b", 1), span("b", "a", 2), span("c", "gone", 3)]
    order = reading_order(spans)
    assert sorted(place.span_id for place in order.places) == ["a", "b", "c"]
    assert sum(place.parent is None for place in order.places) == 2


def test_a_folded_wrapper_hands_its_children_to_its_parent() -> None:
    spans = [
        span("root", None, 1, kind=StepKind.AGENT),
        span("turn", "root", 2, fold=Fold.WRAPPER),
        span("call", "turn", 3, kind=StepKind.LLM),
    ]
    trace = assemble(spans)
    assert [(step.span_id, step.parent) for step in trace.steps] == [("root", None), ("call", 0)]


@given(st.permutations(range(8)))
def test_order_of_arrival_does_not_matter(order: list[int]) -> None:
    spans = [span(str(i), str((i - 1) // 2) if i else None, 10 * i, sequence=0) for i in range(8)]
    assert order_of([spans[i] for i in order]) == [str(i) for i in range(8)]


def test_only_new_messages_are_shown_at_each_call() -> None:
    question, answer, thanks = Message("user", "Hi"), Message("assistant", "Hello"), Message("user", "Thanks")
    first = span("1", None, 1, kind=StepKind.LLM, input_messages=(question,), output_messages=(answer,))
    second = span("2", None, 2, kind=StepKind.LLM, input_messages=(question, answer, thanks))
    steps = assemble([first, second]).steps
    assert steps[0].new_messages == (question,)
    assert steps[1].new_messages == (thanks,)
    assert steps[1].input_messages == (question, answer, thanks)


def test_a_tool_result_is_not_new_to_the_call_that_reads_it() -> None:
    tool = span("1", None, 1, kind=StepKind.TOOL, outputs={"b": 1, "a": 2})
    call = span("2", None, 2, kind=StepKind.LLM, input_messages=(Message("tool", '{"a": 2, "b": 1}'),))
    assert assemble([tool, call]).steps[1].new_messages == ()


def test_usage_sums_model_calls_only() -> None:
    usage = Usage(100, 20, 10)
    spans = [
        span("root", None, 1, kind=StepKind.AGENT, usage=usage + usage),
        span("1", "root", 2, kind=StepKind.LLM, usage=usage),
        span("2", "root", 3, kind=StepKind.LLM, usage=usage),
    ]
    assert assemble(spans).summary.usage == Usage(200, 40, 20)


def test_a_handled_tool_error_does_not_fail_the_run() -> None:
    spans = [
        span("root", None, 1, kind=StepKind.AGENT, outputs="Sorry, that failed."),
        span("tool", "root", 2, kind=StepKind.TOOL, status=Status.ERROR),
    ]
    summary = assemble(spans).summary
    assert summary.status is Status.OK
    assert summary.output == "Sorry, that failed."


def test_runs_of_one_request_share_a_task_fingerprint() -> None:
    def run(text: str) -> str | None:
        return assemble([span("root", None, 1, kind=StepKind.AGENT, inputs=text, agent="desk")]).summary.task

    assert run("Where is  my order?") == run("where is my order?\n")
    assert run("Where is my order?") != run("Where is my refund?")


def test_session_is_inherited_from_any_span() -> None:
    spans = [span("root", None, 1), replace(span("1", "root", 2), session="s-1")]
    assert assemble(spans).summary.session == "s-1"


def test_steps_belong_to_the_agent_they_run_under() -> None:
    spans = [
        span("root", None, 1, kind=StepKind.AGENT, agent="desk"),
        span("call", "root", 2, kind=StepKind.LLM),
        span("helper", "call", 3, kind=StepKind.AGENT, agent="searcher"),
        span("tool", "helper", 4, kind=StepKind.TOOL, tool="search"),
    ]
    assert [step.agent for step in assemble(spans).steps] == ["desk", "desk", "searcher", "searcher"]


def test_a_folded_wrapper_may_name_the_agent_of_what_it_holds() -> None:
    spans = [
        span("root", None, 1, kind=StepKind.AGENT, agent="workflow"),
        span("turn", "root", 2, fold=Fold.WRAPPER, agent="analyst"),
        span("call", "turn", 3, kind=StepKind.LLM),
        span("look", "root", 4, kind=StepKind.TOOL),
    ]
    assert [step.agent for step in assemble(spans).steps] == ["workflow", "analyst", "workflow"]


def test_a_tool_is_called_by_the_agent_whose_model_asked_for_it() -> None:
    asked = Message("assistant", "", (ToolCall("look", {}),))
    spans = [
        span("root", None, 1, kind=StepKind.AGENT, agent="workflow"),
        span("call", "root", 2, kind=StepKind.LLM, agent="analyst", output_messages=(asked,)),
        span("look", "root", 3, kind=StepKind.TOOL, tool="look"),
        span("other", "root", 4, kind=StepKind.TOOL, tool="other"),
    ]
    assert [step.agent for step in assemble(spans).steps] == ["workflow", "analyst", "analyst", "workflow"]


def test_input_and_answer_are_found_in_llama_index_events() -> None:
    answer = {"result": {"response": {"role": "assistant", "blocks": [{"block_type": "text", "text": "At 10:00"}]}}}
    asked = {"user_msg": "Any slot?", "memory": None}

    summary = assemble([span("root", None, 1, kind=StepKind.AGENT, inputs=asked, outputs=answer)]).summary

    assert (summary.input, summary.output) == ("Any slot?", "At 10:00")


def test_a_run_that_only_looks_up_has_its_query_as_input() -> None:
    assert assemble([span("root", None, 1, kind=StepKind.RETRIEVER, inputs="parking?")]).summary.input == "parking?"
