"""Cases drafted from traces of the support agent: they fail on the run they come from and pass on a good one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from retrospan.examples.support_agent.app import run_v1, run_v2, run_workload
from retrospan.ingest.conventions.registry import to_batch
from retrospan.ingest.otlp.decode import decode_traces
from retrospan.model.cases import dump_case, parse_case
from retrospan.model.reading.assembly import assemble
from retrospan.model.traces import Trace
from retrospan.regression.drafting import draft_case
from retrospan.regression.recorded import hold_against, recorded_run
from retrospan.regression.runner import run_case


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


def test_a_later_turn_takes_the_session_along() -> None:
    trace = next(runs("v1", "refund-other-order"))
    case = draft_case(trace, case_id="other-order", title="Refunds the order that is meant", question="The right one?")
    assert isinstance(case.input, list)
    assert len(case.input) == 2
    assert case.checks[-1].check == "judge"
    assert case.provenance.trace == trace.summary.external_id
    assert parse_case(dump_case(case)) == case


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
