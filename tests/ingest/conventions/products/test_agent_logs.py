"""Coding agents that tell of a session in log records: Claude Code and Codex."""

from __future__ import annotations

from typing import Any

import pytest
from raw_spans import log, raw_span
from retrospan.ingest.conventions.registry import to_batch
from retrospan.ingest.otlp.raw import RawLog
from retrospan.model.reading.assembly import assemble
from retrospan.model.reading.merge import merge_spans
from retrospan.model.traces import Span, Status, StepError, StepKind, Trace, Usage

SCOPE = "com.anthropic.claude_code.events"


def claude(name: str, sequence: int, **values: Any) -> RawLog:
    stamp = f"2026-11-22T07:16:{sequence:02d}.000Z"
    attributes = {"event.name": name, "event.sequence": sequence, "event.timestamp": stamp, "session.id": "s1"}
    attributes |= {"prompt.id": "p1", **values}
    return log("", attributes, body=f"claude_code.{name}", trace_id="", span_id="", scope=SCOPE)


def codex(name: str, at: int, **values: Any) -> RawLog:
    stamp = f"2026-11-22T07:16:{at:02d}.000Z"
    return log(f"codex.{name}", {"conversation.id": "v1", "event.timestamp": stamp, **values}, trace_id="", span_id="")


def trace_of(*requests: list[RawLog]) -> Trace:
    spans: dict[str, Span] = {}
    for records in requests:
        for span in to_batch([], records).spans:
            spans[span.span_id] = merge_spans(spans[span.span_id], span) if span.span_id in spans else span
    assert len({span.trace_key for span in spans.values()}) == 1
    return assemble(list(spans.values()))


PROMPT = claude("user_prompt", 0, prompt="Fix the test")
COUNTS = {"input_tokens": "10", "output_tokens": "3", "cache_read_tokens": "5"}
REQUEST = claude("api_request", 2, model="claude", cost_usd=0.01, duration_ms=900, **COUNTS)
ANSWER = claude("assistant_response", 3, response="I will look.", model="claude")
CALLED = {"tool_name": "Bash", "tool_use_id": "t1", "tool_input": '{"command": "pytest"}'}
RESULT = claude("tool_result", 4, success="false", error="exit 1", **CALLED)


@pytest.mark.parametrize("requests", [[[PROMPT, REQUEST, ANSWER, RESULT]], [[RESULT], [ANSWER], [REQUEST], [PROMPT]]])
def test_a_claude_code_session_without_spans_is_one_run_in_whatever_order(requests: list[list[RawLog]]) -> None:
    trace = trace_of(*requests)
    agent, call, tool = trace.steps

    assert (agent.kind, agent.inputs, agent.agent) == (StepKind.AGENT, "Fix the test", "claude-code")
    assert (call.kind, call.usage, call.cost_usd) == (StepKind.LLM, Usage(15, 3, 5), 0.01)
    assert call.output_messages[0].content == "I will look."
    assert (tool.tool, tool.inputs, tool.parent) == ("Bash", {"command": "pytest"}, 0)
    assert (tool.status, tool.error) == (Status.ERROR, StepError("exit 1"))
    assert (trace.summary.session, trace.summary.input) == ("s1", "Fix the test")


def test_another_prompt_of_a_session_is_another_run() -> None:
    second = claude("user_prompt", 9, prompt="And now?", **{"prompt.id": "p2"})

    spans = to_batch([], [PROMPT, second]).spans

    assert len({span.trace_key for span in spans}) == 2
    assert {span.session for span in spans} == {"s1"}


def test_a_rejected_tool_call_and_a_failed_request_are_errors() -> None:
    rejected = claude("tool_decision", 5, decision="reject", tool_name="Bash", tool_use_id="t2")
    failed = claude("api_error", 6, error="overloaded", status_code="529", model="claude")

    steps = trace_of([PROMPT, rejected, failed]).steps

    assert [(s.kind, s.status) for s in steps[1:]] == [(StepKind.TOOL, Status.ERROR), (StepKind.LLM, Status.ERROR)]
    assert steps[2].error == StepError("overloaded", "529")


def test_an_answer_of_the_user_is_a_human_step_and_a_rule_is_not() -> None:
    scope = "com.anthropic.claude_code.tracing"
    wait = {"span.type": "tool.blocked_on_user", "decision": "accept"}
    asked = raw_span({**wait, "source": "user_temporary"}, scope=scope)
    ruled = raw_span({**wait, "source": "config"}, scope=scope)

    (human,), (wrapper,) = to_batch([asked]).spans, to_batch([ruled]).spans

    assert (human.kind, human.outputs, human.fold) == (StepKind.HUMAN, "accept", None)
    assert wrapper.fold is not None


def test_a_codex_conversation_is_one_run() -> None:
    counts = {"input_token_count": "10", "output_token_count": "3", "cached_token_count": "4"}
    called = {"tool_name": "shell", "call_id": "c1", "arguments": '{"cmd": "pytest"}', "success": "true"}
    trace = trace_of(
        [
            codex("conversation_starts", 0, model="gpt-5"),
            codex("user_prompt", 1, prompt="Fix the test"),
            codex("sse_event", 2, **{"event.kind": "response.completed", **counts}),
            codex("sse_event", 2, **{"event.kind": "response.created"}),
            codex("tool_result", 3, output="Process exited with code 1\n1 failed", **called),
        ]
    )
    agent, human, call, tool = trace.steps

    assert (agent.kind, agent.inputs, human.kind) == (StepKind.AGENT, "Fix the test", StepKind.HUMAN)
    assert (call.kind, call.usage) == (StepKind.LLM, Usage(10, 3, 4))
    assert (tool.tool, tool.inputs) == ("shell", {"cmd": "pytest"})
    assert tool.error == StepError("Process exited with code 1", "exit_code")
