"""Cases drafted from traces of the support agent: they fail on the run they come from and pass on a good one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from desk_turns import GOOD, send
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from retrospan.examples.support_agent.app import run_v1, run_v2, run_workload
from retrospan.ingest.conventions.registry import to_batch
from retrospan.ingest.otlp.decode import decode_traces
from retrospan.model.case_checks import Grounded, ToolArgument
from retrospan.model.cases import Case, dump_case, parse_case
from retrospan.model.reading.assembly import assemble
from retrospan.model.traces import Trace
from retrospan.regression.drafting import draft_case
from retrospan.regression.recorded import hold_against, recorded_run
from retrospan.regression.runner import run_case
from retrospan.store.contract import Store
from retrospan.store.reading.conversations import whole_before
from retrospan.store.reading.summaries import get_trace


@cache
def traces(version: str) -> tuple[Trace, ...]:
    """The runs of one version, as they are after import."""
    exporter = InMemorySpanExporter()
    for _ in run_workload(version, exporter=exporter):
        pass
    body = encode_spans(exporter.get_finished_spans()).SerializeToString()
    spans = to_batch(decode_traces(body, "application/x-protobuf")).spans
    keys = dict.fromkeys(span.trace_key for span in spans)
    return tuple(assemble([span for span in spans if span.trace_key == key]) for key in keys)


ROLES_OF_ONE_CALL = ["user", "assistant", "tool", "assistant"]


def runs(version: str, task: str) -> Iterator[Trace]:
    return (trace for trace in traces(version) if trace.summary.task == task)


def tools(trace: Trace) -> list[str]:
    return [call.name for call in recorded_run(trace).tool_calls or ()]


def test_a_recorded_run_has_answer_calls_and_steps() -> None:
    trace = next(runs("v1", "return-window"))
    run = recorded_run(trace)
    assert run.output == trace.summary.output
    assert (tools(trace), run.steps) == (["search_policy"], 3)


def test_a_missing_call_becomes_a_check() -> None:
    mailed = next(trace for trace in runs("v1", "refund-confirmation") if "send_email" in tools(trace))
    claimed = next(trace for trace in runs("v1", "refund-confirmation") if "send_email" not in tools(trace))
    case = draft_case(claimed, case_id="sends-mail", title="Sends what it says it sent", good=mailed)
    assert [check.model_dump() for check in case.checks] == [
        {"check": "tool_called", "tool": "send_email", "times": None}
    ]
    assert (hold_against(case, claimed).outcome, hold_against(case, mailed).outcome) == ("failed", "passed")
    assert (run_case(case, run_v1).outcome, run_case(case, run_v2).outcome) == ("failed", "passed")


def test_an_invented_value_becomes_a_check() -> None:
    invented = next(trace for trace in runs("v1", "special-terms") if " days" in trace.summary.output)
    case = draft_case(invented, case_id="grounded", title="Invents no window")
    assert [check.check for check in case.checks] == ["grounded"]
    assert hold_against(case, invented).outcome == "failed"


def roles(case: Case) -> list[str]:
    assert isinstance(case.input, list)
    return [str(turn["role"]) for turn in case.input if isinstance(turn, dict)]


def test_a_later_turn_takes_the_turns_before_along() -> None:
    trace = next(runs("v1", "refund-other-order"))
    case = draft_case(trace, case_id="other-order", title="Refunds the order that is meant", question="The right one?")
    assert roles(case) == ["user", "assistant", "tool", "assistant", "user"]
    assert case.checks[-1].check == "judge"
    assert case.provenance.trace == trace.summary.external_id
    assert parse_case(dump_case(case)) == case


def test_a_case_of_a_later_turn_runs_from_the_turns_before() -> None:
    trace = next(runs("v1", "refund-other-order"))
    (call,) = [call for call in recorded_run(trace).tool_calls or () if call.name == "issue_refund"]
    assert isinstance(call.arguments, dict)
    wrong = ToolArgument(tool="issue_refund", path="order_id", equals=call.arguments["order_id"])
    case = draft_case(trace, case_id="other-order", title="Refunds the order that is meant", question="The right one?")
    case = case.model_copy(update={"checks": (wrong,)})
    assert hold_against(case, trace).outcome == "passed"
    again = run_case(case, run_v1)
    assert (again.outcome, again.run and len(again.run.tool_calls or ())) == ("passed", len(tools(trace)))
    assert run_case(case, run_v2).outcome == "failed"


def test_turns_that_only_the_session_holds_are_replayed_too(store: Store) -> None:
    turns = send(store, GOOD, repeats=False)
    last = get_trace(store, turns[-1])
    alone = draft_case(last, case_id="details", title="Sends what is left", question="Right?", live=False)
    case = draft_case(
        last,
        case_id="details",
        title="Sends what is left",
        question="Right?",
        earlier=whole_before(store, turns[-1]),
        live=False,
    )
    assert alone.input == GOOD[2].asked
    assert roles(case) == [*["user", "assistant", "tool", "assistant", "tool", "assistant"], *ROLES_OF_ONE_CALL, "user"]
    assert [result.tool for result in case.tool_results or ()] == ["send_message"]
    grounded = {"checks": (Grounded(),)}
    assert hold_against(alone.model_copy(update=grounded), last).outcome == "failed"
    assert hold_against(case.model_copy(update=grounded), last).outcome == "passed"


def test_frozen_results_hold_the_failing_tool() -> None:
    failed = next(trace for trace in runs("v1", "refund") if "gift card" in trace.summary.output)
    case = draft_case(failed, case_id="timeout", title="Says that it failed", says=["not confirm"], live=False)
    assert case.tool_results is not None
    assert [(result.tool, result.is_error) for result in case.tool_results][-1] == ("issue_refund", True)
    assert (run_case(case, run_v1).outcome, run_case(case, run_v2).outcome) == ("failed", "passed")


def test_a_draft_that_tells_nothing_apart_is_refused() -> None:
    good = next(runs("v1", "policy-question"))
    with pytest.raises(ValueError, match="nothing tells"):
        draft_case(good, case_id="empty", title="Nothing", good=good)
