"""A conversation with an appointment desk, a trace a turn, as three frameworks send it over OTLP.

LangGraph and the OpenAI Agents SDK come through OpenInference (the one as a chain of graph nodes, the other as an agent
with response spans), pydantic-ai with its own spans. An application either hands each turn all messages before it, or
keeps them on the server and sends the new one alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from otlp_runs import pairs
from retrospan.ingest.conventions.registry import to_batch
from retrospan.ingest.otlp.decode import decode_traces
from retrospan.store.contract import Store
from retrospan.store.traces.commit import commit_batch

FRAMEWORKS = ("langgraph", "openai_agents", "pydantic_ai")
START_NS = 1_795_000_000_000_000_000
_SECOND = 10**9


@dataclass(frozen=True)
class DeskTurn:
    """What a person says, what the desk calls one after the other, and what it answers."""

    asked: str
    calls: Sequence[tuple[str, dict[str, Any], Any]] = ()
    answer: str = ""


BOOKED = [
    {"appointment_id": "A-9041", "service": "cardiology", "at": "2026-12-14T08:40"},
    {"appointment_id": "A-9056", "service": "radiology", "at": "2026-12-16T09:10"},
]
VERIFIES = DeskTurn(
    "I am Nora Field, born 1988-04-02. What do I have?",
    [
        ("verify_identity", {"name": "Nora Field", "born": "1988-04-02"}, {"patient_id": "P-3312", "verified": True}),
        ("find_appointments", {"patient_id": "P-3312"}, BOOKED),
    ],
    "Cardiology is on 14 December at 8:40, radiology on 16 December at 9:10.",
)
CANCELS = DeskTurn(
    "Please cancel the radiology appointment.",
    [("cancel_appointment", {"appointment_id": "A-9056"}, {"appointment_id": "A-9056", "status": "cancelled"})],
    "Your radiology appointment A-9056 is cancelled.",
)
REMINDS = DeskTurn(
    "Send me the details of what is left, please.",
    [("send_message", {"patient_id": "P-3312", "text": "Cardiology, 2026-12-14 at 08:40, A-9041"}, {"sent": True})],
    "I have sent you the details of A-9041, on 14 December at 8:40.",
)
GOOD = (VERIFIES, CANCELS, REMINDS)
CARRIES = DeskTurn(
    "Please cancel the other appointment as well, the dermatology one.",
    [("cancel_appointment", {"appointment_id": "A-9056"}, {"appointment_id": "A-9056", "status": "cancelled"})],
    "Your dermatology appointment is cancelled.",
)
"""Nothing that was shown mentions dermatology; the id is radiology's."""


def send(
    store: Store,
    turns: Sequence[DeskTurn],
    framework: str = "langgraph",
    *,
    repeats: bool = True,
    session: str = "s-1",
    user: str = "u-1",
    project: str = "clinic",
    first: int = 0,
) -> list[int]:
    """Commit a conversation, a trace a turn; returns the row ids in order.

    Args:
        store: Where.
        turns: In order.
        framework: One of `FRAMEWORKS`.
        repeats: Each turn is handed all messages before it.
        session: Named on every span.
        user: Likewise.
        project: The service's name.
        first: Minutes after the start of all; tells conversations of one store apart.
    """
    messages: list[dict[str, Any]] = []
    found: list[int] = []
    for number, turn in enumerate(turns):
        run = _Run(framework, first * 1_000 + number, session, user)
        told = [*messages, {"role": "user", "content": turn.asked}] if repeats else messages_of(turn)[:1]
        run.play(turn, told)
        messages += messages_of(turn)
        batch = to_batch(decode_traces(run.request(project), "application/json"))
        found += commit_batch(store, batch).trace_ids
    return found


def messages_of(turn: DeskTurn) -> list[dict[str, Any]]:
    """All messages of one turn, as a chat application keeps them."""
    found: list[dict[str, Any]] = [{"role": "user", "content": turn.asked}]
    for number, (tool, arguments, result) in enumerate(turn.calls):
        call_id = f"call_{number}_{tool}"
        found.append({"role": "assistant", "content": "", "call": (call_id, tool, arguments)})
        found.append({"role": "tool", "content": json.dumps(result), "of": (call_id, tool)})
    return [*found, {"role": "assistant", "content": turn.answer}]


@dataclass
class _Run:
    framework: str
    number: int
    session: str
    user: str
    spans: list[dict[str, Any]] = field(default_factory=list)

    def play(self, turn: DeskTurn, told: list[dict[str, Any]]) -> None:
        native = self.framework == "pydantic_ai"
        root = _PYDANTIC_AI["root"] if native else _OPENINFERENCE[self.framework]
        self._span("desk", {**root, **(_io(turn) if self.framework == "langgraph" else {})}, parent=None)
        asked = list(told)
        for message in messages_of(turn)[1:]:
            if message["role"] == "assistant":
                llm = _native_llm(asked, message) if native else _openinference_llm(asked, message)
                self._span("chat", llm)
            else:
                _, tool = message["of"]
                arguments = asked[-1]["call"][2]
                self._span(tool, (_native_tool if native else _openinference_tool)(message, arguments))
            asked.append(message)

    def _span(self, name: str, attributes: dict[str, Any], parent: int | None = 1) -> None:
        begun = START_NS + self.number * 60 * _SECOND + len(self.spans) * _SECOND
        over = begun + (30 * _SECOND if parent is None else _SECOND // 2)
        about = {"session.id": self.session, "gen_ai.conversation.id": self.session, "user.id": self.user}
        self.spans.append(
            {
                "traceId": f"{hash((self.session, self.user, self.number)) % 2**64 + 2**64:032x}",
                "spanId": f"{len(self.spans) + 1:016x}",
                "name": name,
                "startTimeUnixNano": str(begun),
                "endTimeUnixNano": str(over),
                "attributes": pairs({**about, **attributes}),
                **({"parentSpanId": f"{parent:016x}"} if parent else {}),
            }
        )

    def request(self, project: str) -> bytes:
        scopes = [{"scope": {"name": _SCOPES[self.framework]}, "spans": self.spans}]
        resource = {"attributes": pairs({"service.name": project})}
        return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": scopes}]}).encode()


_SCOPES = {
    "langgraph": "openinference.instrumentation.langchain",
    "openai_agents": "openinference.instrumentation.openai_agents",
    "pydantic_ai": "pydantic-ai",
}
_OPENINFERENCE: dict[str, dict[str, Any]] = {
    "langgraph": {"openinference.span.kind": "CHAIN"},
    "openai_agents": {"openinference.span.kind": "AGENT", "agent.name": "desk"},
}
_PYDANTIC_AI: dict[str, dict[str, Any]] = {
    "root": {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "desk"},
}


def _io(turn: DeskTurn) -> dict[str, Any]:
    said = [{"type": "human", "data": {"content": turn.asked}}]
    answered = [{"type": "ai", "data": {"content": turn.answer}}]
    return {"input.value": json.dumps({"messages": said}), "output.value": json.dumps({"messages": answered})}


def _openinference_llm(asked: Sequence[dict[str, Any]], said: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"openinference.span.kind": "LLM", "llm.model_name": "m"}
    for name, messages in (("input", asked), ("output", [said])):
        for i, message in enumerate(messages):
            head = f"llm.{name}_messages.{i}.message"
            found |= {f"{head}.role": message["role"], f"{head}.content": message["content"]}
            if "of" in message:
                found[f"{head}.tool_call_id"] = message["of"][0]
            if "call" in message:
                call_id, tool, arguments = message["call"]
                call = f"{head}.tool_calls.0.tool_call"
                found |= {f"{call}.id": call_id, f"{call}.function.name": tool}
                found[f"{call}.function.arguments"] = json.dumps(arguments)
    return found


def _openinference_tool(message: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
    return {
        "openinference.span.kind": "TOOL",
        "tool.name": message["of"][1],
        "input.value": json.dumps(arguments),
        "output.value": message["content"],
    }


def _native_llm(asked: Sequence[dict[str, Any]], said: dict[str, Any]) -> dict[str, Any]:
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m",
        "gen_ai.input.messages": [_native(message) for message in asked],
        "gen_ai.output.messages": [_native(said)],
    }


def _native(message: dict[str, Any]) -> dict[str, Any]:
    if "of" in message:
        part = {"type": "tool_call_response", "id": message["of"][0], "name": message["of"][1]}
        return {"role": "user", "parts": [{**part, "result": message["content"]}]}
    parts: list[dict[str, Any]] = [{"type": "text", "content": message["content"]}] if message["content"] else []
    if "call" in message:
        call_id, tool, arguments = message["call"]
        parts.append({"type": "tool_call", "id": call_id, "name": tool, "arguments": json.dumps(arguments)})
    return {"role": message["role"], "parts": parts}


def _native_tool(message: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
    call_id, tool = message["of"]
    return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": tool,
        "gen_ai.tool.call.id": call_id,
        "gen_ai.tool.call.arguments": arguments,
        "gen_ai.tool.call.result": message["content"],
    }
