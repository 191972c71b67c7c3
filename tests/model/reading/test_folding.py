"""Wrappers and second recordings of a call take no step; every other span keeps its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from retrospan.model.reading.folding import Folded, fold_spans
from retrospan.model.reading.merge import EVENTS, absorb, merge_spans
from retrospan.model.traces import Document, Fold, Message, Span, Status, StepError, StepKind, ToolCall, Usage

HI = (Message("user", "Hi"),)
HELLO = (Message("assistant", "Hello"),)


def make(
    span_id: str, kind: StepKind, parent: str | None = "root", *, at: tuple[int, int] = (10, 20), **fields: object
) -> Span:
    span = Span("t", span_id, span_id, kind, parent, started_at_ns=at[0], ended_at_ns=at[1], convention="test")
    return replace(span, **fields)  # type: ignore[arg-type]


ROOT = make("root", StepKind.AGENT, None, at=(0, 100), inputs="Hi")
CALL = make("chat", StepKind.LLM, model="m", input_messages=HI, output_messages=HELLO, response_id="r1")
SDK = make("sdk", StepKind.LLM, at=(12, 18), model="m-2026", usage=Usage(5, 2), response_id="r1", convention="sdk")


def test_two_recorders_of_one_response_fold_into_the_one_with_messages() -> None:
    assert fold_spans([ROOT, SDK, CALL]) == {"sdk": Folded(Fold.DOUBLE, "chat")}
    merged = absorb(CALL, SDK)
    assert (merged.output_messages, merged.usage, merged.model) == (HELLO, Usage(5, 2), "m")


def test_twins_without_response_ids_join_by_parent_time_model_and_usage() -> None:
    chat, sdk = replace(CALL, response_id=None), replace(SDK, response_id=None)

    assert fold_spans([ROOT, chat, sdk]) == {"sdk": Folded(Fold.DOUBLE, "chat")}
    assert fold_spans([ROOT, chat, replace(sdk, model="other")]) == {}
    assert fold_spans([ROOT, replace(chat, usage=Usage(9, 9)), sdk]) == {}
    assert fold_spans([ROOT, chat, replace(sdk, parent_span_id="elsewhere")]) == {}


def test_parallel_calls_of_one_recorder_are_different_calls() -> None:
    calls = [replace(CALL, span_id=f"c{n}", response_id="fixed") for n in range(4)]

    assert fold_spans([ROOT, *calls]) == {}


def test_parallel_calls_each_keep_their_own_twin() -> None:
    calls = [replace(CALL, span_id=f"c{n}", started_at_ns=n, ended_at_ns=40 + n, response_id=None) for n in range(3)]
    twins = [replace(SDK, span_id=f"s{n}", started_at_ns=n, ended_at_ns=40 + n, response_id=None) for n in range(3)]

    folded = fold_spans([ROOT, *calls, *twins])

    assert {name: fold.into for name, fold in folded.items()} == {"s0": "c0", "s1": "c1", "s2": "c2"}


def test_a_call_inside_a_call_is_the_same_call() -> None:
    inner = replace(SDK, parent_span_id="between", response_id=None)
    between = make("between", StepKind.CHAIN, "chat", inputs="x", fold=Fold.WRAPPER)

    folded = fold_spans([ROOT, CALL, between, inner])

    assert folded["sdk"] == Folded(Fold.DOUBLE, "chat")


def test_a_call_inside_a_call_under_another_model_name_is_the_same_by_its_answer() -> None:
    inner = replace(SDK, parent_span_id="chat", model="m-of-the-server", output_messages=HELLO, response_id=None)

    assert set(fold_spans([ROOT, replace(CALL, model="m-of-a-table"), inner])) == {"sdk"}
    other = replace(inner, output_messages=(Message("assistant", "No"),))
    assert fold_spans([ROOT, replace(CALL, model="m-of-a-table"), other]) == {}


@pytest.mark.parametrize("middle", [{}, {"inputs": "Hi"}, {"input_messages": HI, "output_messages": HELLO}])
def test_three_layers_of_one_call_are_one_call(middle: dict[str, object]) -> None:
    layers = [
        make("outer", StepKind.LLM, input_messages=HI),
        replace(make("middle", StepKind.LLM, "outer"), **middle),  # type: ignore[arg-type]
        make("inner", StepKind.LLM, "middle", input_messages=HI, output_messages=HELLO),
    ]

    for order in (layers, layers[::-1]):
        folded = fold_spans([ROOT, *order])
        assert len(folded) == 2
        assert {fold.into for fold in folded.values()} == {"outer", "middle", "inner"} - set(folded)


def test_a_second_recorder_may_hang_beside_the_outer_layer() -> None:
    outer, inner = make("outer", StepKind.LLM), replace(CALL, parent_span_id="outer", response_id=None)

    assert set(fold_spans([ROOT, outer, inner, replace(SDK, response_id=None)])) == {"outer", "sdk"}


def test_a_stream_asked_for_in_one_span_and_read_in_the_next_is_one_call() -> None:
    asked = replace(CALL, response_id=None, usage=Usage(5, 2))
    read = replace(SDK, response_id=None, input_messages=HI, output_messages=HELLO, started_at_ns=30, ended_at_ns=40)

    assert len(fold_spans([ROOT, asked, read])) == 1
    assert fold_spans([ROOT, asked, replace(read, output_messages=(Message("assistant", "No"),))]) == {}
    assert fold_spans([ROOT, asked, replace(read, input_messages=(Message("user", "And?"),))]) == {}
    assert fold_spans([ROOT, asked, replace(read, convention="test")]) == {}  # two tries with the same answer
    failed = {"error": StepError("slow down", "429"), "status": Status.ERROR, "output_messages": (), "usage": None}
    assert len(fold_spans([ROOT, replace(asked, **failed), replace(read, **failed)])) == 1  # type: ignore[arg-type]


def test_an_agent_told_twice_is_the_inner_one_with_the_error_of_either() -> None:
    outer = make("invoke", StepKind.AGENT, None, agent="desk", status=Status.ERROR, error=StepError("boom"))
    inner = make("run", StepKind.AGENT, "invoke", agent="desk", inputs="Hi", status=Status.OK)

    assert fold_spans([outer, inner]) == {"invoke": Folded(Fold.WRAPPER, "run")}
    assert absorb(inner, outer).error == StepError("boom")
    assert fold_spans([replace(outer, agent="manager"), inner]) == {}
    assert fold_spans([outer, inner, make("look", StepKind.TOOL, "invoke")]) == {}


def test_a_graph_node_that_only_passes_on_to_an_agent_is_a_wrapper() -> None:
    metadata = {"metadata": {"langgraph_node": "desk"}}
    node = make("node", StepKind.AGENT, agent="call_agent", inputs="Hi", attributes=metadata)
    agent = make("agent", StepKind.AGENT, "node", agent="desk", inputs="Hi", attributes=metadata)

    assert set(fold_spans([ROOT, node, agent])) == {"node"}
    assert fold_spans([ROOT, node, replace(agent, inputs="Another question")]) == {}


def test_a_wrapper_that_alone_tells_of_an_error_is_a_step() -> None:
    step = make("step", StepKind.CHAIN, fold=Fold.WRAPPER, status=Status.ERROR, error=StepError("code raised"))
    call = replace(CALL, parent_span_id="step")

    assert fold_spans([ROOT, step, call]) == {}
    failed = make("look", StepKind.TOOL, "chat", status=Status.ERROR)
    assert set(fold_spans([ROOT, step, call, failed])) == {"step"}


def test_a_model_call_under_a_tool_under_a_call_is_another_call() -> None:
    tool = make("tool", StepKind.TOOL, "chat", tool="ask")
    inner = replace(SDK, parent_span_id="tool", response_id=None)

    assert fold_spans([ROOT, CALL, tool, inner]) == {}


def test_an_outer_call_of_several_inner_ones_folds_into_the_last() -> None:
    tries = [
        replace(SDK, span_id=f"try{n}", parent_span_id="chat", ended_at_ns=20 + n, response_id=None) for n in (1, 2)
    ]

    assert fold_spans([ROOT, CALL, *tries]) == {"chat": Folded(Fold.DOUBLE, "try2")}


@pytest.mark.parametrize("name", ["retrieve", "_retrieve"])
def test_nested_retrieval_of_the_same_query_is_one(name: str) -> None:
    outer = make("retrieve", StepKind.RETRIEVER, inputs="returns", documents=(Document("30 days", "a"),))
    inner = make("inner", StepKind.RETRIEVER, "retrieve", name=name, inputs="returns")

    assert fold_spans([ROOT, outer, inner]) == {"inner": Folded(Fold.DOUBLE, "retrieve")}
    other = replace(inner, name="base", documents=(Document("5 days", "b"),))
    assert fold_spans([ROOT, outer, other]) == {}


def test_a_tool_inside_a_tool_is_the_same_only_with_the_same_name_and_arguments() -> None:
    outer = make("outer", StepKind.TOOL, tool="search", inputs={"q": 1})
    inner = make("inner", StepKind.TOOL, "outer", tool="search", inputs={"q": 1})

    assert fold_spans([ROOT, outer, inner]) == {"inner": Folded(Fold.DOUBLE, "outer")}
    assert fold_spans([ROOT, outer, replace(inner, tool="fetch")]) == {}
    assert fold_spans([ROOT, outer, replace(inner, inputs={"q": 2})]) == {}


def test_chains_without_content_that_hold_steps_are_wrappers() -> None:
    turn = make("turn", StepKind.CHAIN)
    call = replace(CALL, parent_span_id="turn")

    assert fold_spans([ROOT, turn, call]) == {"turn": Folded(Fold.WRAPPER)}
    assert fold_spans([ROOT, replace(turn, inputs="x"), call]) == {}
    assert fold_spans([ROOT, replace(turn, convention="unknown"), call]) == {}
    assert fold_spans([ROOT, turn]) == {}


def test_an_empty_root_stays_where_it_alone_holds_the_run_together() -> None:
    root, inner = make("root", StepKind.CHAIN, None), make("inner", StepKind.CHAIN)
    first, second = (make(name, StepKind.AGENT, "inner", inputs=name) for name in ("desk", "analyst"))

    assert set(fold_spans([root, inner, first, second])) == {"inner"}
    assert set(fold_spans([root, inner, first])) == {"root", "inner"}


def test_graph_nodes_fold_where_they_hold_work_and_routers_where_they_hold_none() -> None:
    metadata = {"metadata": {"langgraph_node": "model"}}
    node = make("model", StepKind.CHAIN, inputs="state", attributes=metadata)
    router = make("should_continue", StepKind.CHAIN, "model", inputs="state", attributes=metadata)
    call = replace(CALL, parent_span_id="model")

    assert fold_spans([ROOT, node, router, call]).keys() == {"model", "should_continue"}
    assert fold_spans([ROOT, node]) == {}


def test_the_inner_part_of_a_tool_call_tells_its_error_to_the_tool() -> None:
    tool = make("tool", StepKind.TOOL, tool_call_id="c1", outputs="…")
    run = make(
        "run", StepKind.CHAIN, "tool", tool_call_id="c1", fold=Fold.WRAPPER, status=Status.ERROR, error=StepError("no")
    )

    assert fold_spans([ROOT, tool, run])["run"] == Folded(Fold.WRAPPER, "tool")
    assert (absorb(tool, run).status, absorb(tool, run).error) == (Status.ERROR, StepError("no"))


def test_a_failed_try_does_not_mark_the_call_that_succeeded() -> None:
    failed = replace(SDK, status=Status.ERROR, error=StepError("503"))

    assert (absorb(CALL, failed).status, absorb(CALL, failed).error) == (Status.UNSET, None)


def test_parents_in_a_circle_end() -> None:
    one, two = make("one", StepKind.LLM, "two"), make("two", StepKind.LLM, "one")

    assert len(fold_spans([one, two])) == 1


def test_the_ended_record_of_a_span_wins_and_keeps_what_the_other_told() -> None:
    started = replace(CALL, ended_at_ns=None, output_messages=(), attributes={"a": 1}, session="s")
    ended = replace(CALL, input_messages=(), attributes={"b": 2})

    for merged in (merge_spans(started, ended), merge_spans(ended, started)):
        assert (merged.ended_at_ns, merged.input_messages, merged.output_messages) == (20, HI, HELLO)
        assert (merged.session, merged.attributes) == ("s", {"a": 1, "b": 2})


def test_merging_a_span_with_itself_changes_nothing() -> None:
    assert merge_spans(CALL, CALL) == CALL


def test_an_agent_told_twice_is_one_step_where_only_one_recording_knows_what_was_said() -> None:
    empty = replace(ROOT, agent="coder", inputs=None)
    said = make("workflow", StepKind.AGENT, at=(1, 99), agent="coder", inputs="Fix it")
    sibling = make("task", StepKind.AGENT, None, at=(1, 99), agent="coder", inputs="Fix it")

    assert fold_spans([empty, said]) == {"root": Folded(Fold.WRAPPER, "workflow")}
    assert fold_spans([empty, sibling]) == {"root": Folded(Fold.DOUBLE, "task")}
    assert fold_spans([replace(empty, inputs="Again"), said]) == {}
    assert fold_spans([empty, replace(said, agent="tester")]) == {}


def test_a_streamed_answer_that_is_logged_after_its_call_belongs_to_the_call() -> None:
    call = replace(CALL, output_messages=(), response_id=None)
    log = {"logfire.span_type": "log"}
    told = make("told", StepKind.LLM, at=(60, 60), model="m-2026", usage=Usage(5, 2), attributes=log)
    told = replace(told, input_messages=HI, output_messages=HELLO)

    assert fold_spans([ROOT, call, told]) == {"told": Folded(Fold.DOUBLE, "chat")}
    merged = absorb(call, told)
    assert (merged.output_messages, merged.usage) == (HELLO, Usage(5, 2))
    assert fold_spans([ROOT, replace(call, usage=Usage(1, 1)), told]) == {}
    assert fold_spans([ROOT, call, replace(told, input_messages=HELLO)]) == {}


def test_a_graph_node_that_traceloop_names_holds_its_work() -> None:
    inside = {"traceloop.association.properties.langgraph_node": "model"}
    node = make("execute_task model", StepKind.CHAIN, inputs="state", attributes=inside)
    node = replace(node, attributes={**inside, "traceloop.entity.name": "model"})
    call = replace(CALL, parent_span_id=node.span_id)

    assert fold_spans([ROOT, node, call]) == {node.span_id: Folded(Fold.WRAPPER)}
    assert fold_spans([ROOT, node]) == {}


def test_the_count_of_a_vendors_own_client_goes_before_one_that_was_added_up() -> None:
    sdk = replace(SDK, convention="anthropic_sdk", usage=Usage(5, 24))

    assert absorb(replace(CALL, usage=Usage(5, 25)), sdk).usage == Usage(5, 24)


def test_turns_told_by_a_span_and_by_events_are_told_once() -> None:
    result, call = Message("tool", '{"a":1}', tool_call_id="c1"), ToolCall("look", {"n": 1}, "c1")
    span = replace(CALL, input_messages=(*HI, Message("assistant", "", (call,)), result))
    events = make("chat", StepKind.LLM, None, convention=EVENTS, ended_at_ns=None)
    events = replace(
        events, input_messages=(*HI, Message("assistant", "\n", (call,)), replace(result, content='{"a": 1}'))
    )

    assert merge_spans(span, events).input_messages == span.input_messages
    assert len(merge_spans(events, span).input_messages) == 3


def test_one_call_told_at_two_heights_counts_once() -> None:
    chain = make("chain", StepKind.CHAIN, at=(1, 90), inputs="Hi")
    low = make("low", StepKind.LLM, "chain", at=(10, 20), model="m", input_messages=HI, output_messages=HELLO,
               usage=Usage(5, 2), convention="openinference")  # fmt: skip
    high = make("high", StepKind.LLM, "root", at=(11, 19), model="m-2026", input_messages=HI, output_messages=HELLO,
                usage=Usage(5, 2), convention="openinference")  # fmt: skip

    assert fold_spans([ROOT, chain, low, high]) == {"high": Folded(Fold.DOUBLE, "low")}
    assert fold_spans([ROOT, chain, low, replace(high, parent_span_id="gone")]) == {"high": Folded(Fold.DOUBLE, "low")}
    assert fold_spans([ROOT, chain, low, replace(high, usage=Usage(6, 2))]) == {}
    assert fold_spans([ROOT, chain, low, replace(high, started_at_ns=50, ended_at_ns=70)]) == {}
    other = replace(high, output_messages=(Message("assistant", "Bye"),))
    assert fold_spans([ROOT, chain, low, other]) == {}


def test_a_call_that_was_tried_again_stays_two_calls_for_two_recorders() -> None:
    chain = make("chain", StepKind.CHAIN, at=(1, 90), inputs="Hi")
    failed = {"status": Status.ERROR, "error": StepError("overloaded")}
    spans = [ROOT, chain]
    for number, start, said in ((0, 10, failed), (1, 30, {"output_messages": HELLO, "usage": Usage(5, 2)})):
        for name, parent, begins in (("low", "chain", start), ("high", "root", start + 1)):
            told = {"name": name, "model": "m", "input_messages": HI, "convention": name, **said}
            spans.append(make(f"{name}{number}", StepKind.LLM, parent, at=(begins, start + 9), **told))

    assert fold_spans(spans) == {
        "high0": Folded(Fold.DOUBLE, "low0"),
        "high1": Folded(Fold.DOUBLE, "low1"),
    }


def test_a_run_that_broke_off_before_its_first_step_has_its_error_as_a_step() -> None:
    alone = replace(ROOT, kind=StepKind.CHAIN, fold=Fold.WRAPPER, status=Status.ERROR, error=StepError("no key"))

    assert fold_spans([alone]) == {}
    assert fold_spans([replace(alone, status=Status.OK, error=None)]) == {"root": Folded(Fold.WRAPPER)}
