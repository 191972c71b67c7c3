"""The runs as spans in OpenTelemetry's GenAI attributes: the load of the OTLP and the SQL arms.

A root span holds what the run is (`run.id`, `run.task`, `run.version`, `run.outcome`), the first thing that was asked
and the last that was answered. Each turn of a model is a `chat` span with the conversation so far, as instrumentations
send it; in a team it is an `invoke_agent` span with the word it answers; a coding session repeats nothing. A tool's
result is an `execute_tool` span with the arguments of its call.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from datasets import Case
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from .corpus import calls_of

_START_NS = 1_790_000_000_000_000_000
_RUN_NS = 3_600 * 10**9
_STEP_NS = 10**9
Message = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """One span; ids are hexadecimal, times nanoseconds since 1970."""

    trace_id: str
    span_id: str
    parent_span_id: str | None
    name: str
    start_ns: int
    end_ns: int
    failed: bool = False
    attributes: dict[str, str] = field(default_factory=dict)


def spans_of(project: str, number: int, case: Case) -> Iterator[Row]:
    """The root span, then one for each turn of a model and each result of a tool, in order."""
    messages = case.record["messages"]
    trace_id = blake2b(case.id.encode(), digest_size=16).hexdigest()
    root_id = blake2b(b"root:" + case.id.encode(), digest_size=8).hexdigest()
    start = _START_NS + number * _RUN_NS
    end = start + (len(messages) + 1) * _STEP_NS
    yield Row(trace_id, root_id, None, f"invoke_agent {project}", start, end, attributes=_root(project, case))
    calls = {call.at: call for call in calls_of(case) if call.at is not None}
    for index, message in enumerate(messages):
        if message["role"] == "assistant":
            name, attributes = _turn(project, messages, index)
        elif call := calls.get(index):
            name, attributes = f"execute_tool {call.tool}", _tool(call.tool, call.arguments, message)
        else:
            continue
        span_id = blake2b(f"{index}:{case.id}".encode(), digest_size=8).hexdigest()
        at = start + (index + 1) * _STEP_NS
        failed = bool(message.get("is_error"))
        yield Row(trace_id, span_id, root_id, name, at, at + _STEP_NS // 2, failed, attributes)


def request_of(project: str, number: int, case: Case) -> bytes:
    """A run as one export request."""
    request = ExportTraceServiceRequest()
    by_resource = request.resource_spans.add()
    by_resource.resource.attributes.add(key="service.name").value.string_value = project
    scope = by_resource.scope_spans.add()
    scope.scope.name = "lift"
    scope.spans.extend(_wire(row) for row in spans_of(project, number, case))
    return request.SerializeToString()


def _wire(row: Row) -> Span:
    span = Span(trace_id=bytes.fromhex(row.trace_id), span_id=bytes.fromhex(row.span_id), name=row.name)
    if row.parent_span_id:
        span.parent_span_id = bytes.fromhex(row.parent_span_id)
    span.start_time_unix_nano, span.end_time_unix_nano = row.start_ns, row.end_ns
    if row.failed:
        span.status.code = Status.STATUS_CODE_ERROR
    for key, value in row.attributes.items():
        span.attributes.add(key=key).value.string_value = value
    return span


def _root(project: str, case: Case) -> dict[str, str]:
    messages = case.record["messages"]
    said = [message for message in messages if message["role"] == "user"][:1]
    answered = [message for message in messages if message["role"] == "assistant"][-1:]
    facts = {"task": case.record.get("task"), "version": case.record.get("version"), "outcome": case.outcome}
    return {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": project,
        "run.id": case.id,
        **{f"run.{key}": value for key, value in facts.items() if value},
        "gen_ai.input.messages": _wired(said),
        "gen_ai.output.messages": _wired(answered),
    }


def _turn(project: str, messages: list[Message], index: int) -> tuple[str, dict[str, str]]:
    message = messages[index]
    speaker = message.get("name")
    before = messages[:index]
    if speaker or project == "coding":
        since = max((at for at, said in enumerate(before) if said["role"] == "assistant"), default=-1)
        before = before[-1:] if speaker else before[since + 1 :]
    attributes = {
        "gen_ai.operation.name": "invoke_agent" if speaker else "chat",
        **({"gen_ai.agent.name": speaker} if speaker else {}),
        "gen_ai.input.messages": _wired(before),
        "gen_ai.output.messages": _wired([message]),
    }
    return (f"invoke_agent {speaker}" if speaker else "chat"), attributes


def _tool(name: str, arguments: Any, message: Message) -> dict[str, str]:
    return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": name,
        "gen_ai.tool.call.arguments": json.dumps(arguments, ensure_ascii=False),
        "gen_ai.tool.call.result": str(message.get("content") or ""),
    }


def _wired(messages: list[Message]) -> str:
    return json.dumps([_parts(message) for message in messages], ensure_ascii=False)


def _parts(message: Message) -> dict[str, Any]:
    """A message in the form of the GenAI conventions."""
    content = message.get("content") or ""
    if message["role"] == "tool":
        answer = {"type": "tool_call_response", "id": message.get("tool_call_id"), "response": content}
        return {"role": "tool", "parts": [answer]}
    parts: list[dict[str, Any]] = [{"type": "text", "content": content}] if content else []
    for call in message.get("tool_calls") or []:
        made = {"name": call["function"]["name"], "arguments": json.loads(call["function"]["arguments"])}
        parts.append({"type": "tool_call", "id": call.get("id"), **made})
    return {"role": message["role"], "parts": parts}
