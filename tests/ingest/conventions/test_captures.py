"""Every fact that a capture is known to carry is found in the trace made of it, protobuf and JSON alike."""

from __future__ import annotations

import json
from typing import Any

import pytest
from captures import NAMES, batches, captured, expected, trace_of
from retrospan.model.traces import Step, StepKind, Trace
from shared_data import shared

pytestmark = pytest.mark.parametrize("name", NAMES)
_LISTED = (StepKind.LLM, StepKind.TOOL, StepKind.RETRIEVER)


@pytest.fixture(params=["pb", "json"])
def trace(name: str, request: pytest.FixtureRequest) -> Trace:
    shared("otlp", name)
    return captured(name, request.param)


def _steps(trace: Trace) -> list[Step]:
    """Model calls, tools and retrievers; a retriever inside a tool belongs to the tool."""
    inside = {step.index for step in trace.steps if step.kind is StepKind.TOOL}
    return [
        step
        for step in trace.steps
        if step.kind in _LISTED and not (step.kind is StepKind.RETRIEVER and step.parent in inside)
    ]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def test_steps_come_in_order_with_kind_and_tool_name(name: str, trace: Trace) -> None:
    wanted = expected(name)["steps_in_order"]

    found = [(step.kind.value, step.tool if step.kind is not StepKind.LLM else None) for step in _steps(trace)]

    assert sorted(found, key=str) == sorted(((s["kind"], s.get("name")) for s in wanted), key=str)
    groups = [s["group"] for s in wanted]
    if len(set(groups)) == len(groups):
        assert found == [(s["kind"], s.get("name")) for s in wanted]


def test_tools_have_their_arguments_and_outputs(name: str, trace: Trace) -> None:
    facts = expected(name)
    for step, wanted in zip(_ordered_tools(trace), _wanted_tools(facts), strict=True):
        if facts["carried"]["tool_arguments"] and "claude_code" not in name:
            assert step.inputs == wanted["arguments"]
        if facts["carried"]["tool_outputs"] and wanted.get("output") is not None and wanted["status"] == "ok":
            assert _holds(step.outputs, wanted["output"])


def _ordered_tools(trace: Trace) -> list[Step]:
    return sorted(
        (s for s in _steps(trace) if s.kind is not StepKind.LLM), key=lambda s: (s.tool or "", _text(s.inputs))
    )


def _wanted_tools(facts: dict[str, Any]) -> list[dict[str, Any]]:
    tools = [s for s in facts["steps_in_order"] if s["kind"] != "llm"]
    return sorted(tools, key=lambda s: (s["name"], _text(s["arguments"])))


def _holds(output: Any, wanted: Any) -> bool:
    """The plain output, or an object of one field around it, as some applications return."""
    if isinstance(output, dict) and len(output) == 1 and output != wanted:
        output = next(iter(output.values()))
    return bool(output == wanted)


def test_status_and_errors_are_those_of_the_run(name: str, trace: Trace) -> None:
    facts = expected(name)
    wanted = sorted((s["kind"], s.get("name") or "", s["status"]) for s in facts["steps_in_order"])

    found = sorted(
        (s.kind.value, (s.tool if s.kind is not StepKind.LLM else "") or "", "error" if s.status == "error" else "ok")
        for s in _steps(trace)
    )

    assert found == wanted
    messages = [s.error.message for s in trace.steps if s.error]
    if facts["carried"]["error_messages"]:
        for step in facts["steps_in_order"]:
            assert not step.get("error") or any(step["error"] in message for message in messages)
    assert (trace.summary.status == "error") is (facts["run_status"] == "error")


def test_session_user_input_and_final_answer(name: str, trace: Trace) -> None:
    facts = expected(name)
    carried = facts["carried"]

    assert trace.summary.session == facts["session_id"]
    if carried["user_id"]:
        assert trace.summary.user == facts["user_id"]
    if carried["user_input"]:
        assert trace.summary.input == facts["input"]
    if carried["final_output"]:
        assert trace.summary.output == facts["final_output"]


def test_model_calls_and_tokens_are_counted_once(name: str, trace: Trace) -> None:
    facts = expected(name)
    calls = [step for step in trace.steps if step.kind is StepKind.LLM]
    usage = trace.summary.usage

    assert len(calls) == facts["model_calls"]["count"]
    assert (usage.input_tokens, usage.output_tokens) == (
        facts["usage_total"]["input_tokens"],
        facts["usage_total"]["output_tokens"],
    )
    if "google_adk" not in name:  # which tells no cached tokens
        assert usage.cache_read_tokens == facts["usage_total"]["cache_read_tokens"]
    if "claude_code" not in name:  # which tells of calls only by their tools
        for call, wanted in zip(calls, facts["model_calls"]["calls"], strict=True):
            made = [{"name": c.name, "arguments": c.arguments} for m in call.output_messages for c in m.tool_calls]
            assert wanted["status"] == "error" or made == wanted["output_tool_calls"]


def test_agents_guardrails_and_evaluations_are_kept(name: str, trace: Trace) -> None:
    facts = expected(name)

    if facts["agent_span_present"]:
        assert set(facts["agents"]) <= set(trace.summary.agents)
        assert [s.agent for s in trace.steps if s.kind is StepKind.AGENT] == facts["agents"]
    assert [s.name for s in trace.steps if s.kind is StepKind.GUARDRAIL] == facts["guardrails"]
    found = [{"name": a.name, "score": a.score, "label": a.label} for a in trace.annotations]
    assert found == facts["evaluation_results"]


def test_retrieved_documents_have_id_score_and_text(name: str, trace: Trace) -> None:
    wanted = [s["retriever"] for s in expected(name)["steps_in_order"] if s.get("retriever")]

    found = [step for step in trace.steps if step.kind is StepKind.RETRIEVER]

    assert len(found) == len(wanted)
    for step, retriever in zip(found, wanted, strict=True):
        assert [(d.id, pytest.approx(d.score, abs=0.001)) for d in step.documents] == [
            (d["id"], d["score"]) for d in retriever["documents"]
        ]
        assert all(document.content for document in step.documents)
        assert retriever["query"] in _text(step.inputs)


def test_requests_in_any_order_and_sent_twice_make_the_same_trace(name: str, trace: Trace) -> None:
    late = batches(name, "pb")

    again = trace_of([*reversed(late), *late])

    assert [(s.span_id, s.kind, s.inputs, s.outputs, s.usage, s.error) for s in again.steps] == [
        (s.span_id, s.kind, s.inputs, s.outputs, s.usage, s.error) for s in trace.steps
    ]
    assert (again.summary.input, again.summary.output) == (trace.summary.input, trace.summary.output)
