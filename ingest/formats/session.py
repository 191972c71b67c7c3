"""Builds the steps of a recorded agent session: what the user said, the model answered, the tools gave back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...model.traces import JsonValue, Message, Span, Status, StepError, StepKind, ToolCall, Usage
from .chat import json_or_text
from .fields import span_id_of

ERROR_TEXT = 2_000
"""Characters of a tool's output that are kept as the text of its error."""
_RECENT = 64
"""Turns within which the parts of one answer may be spread, between the results of its calls."""


@dataclass(slots=True)
class SessionBuilder:
    """Collects the spans of one agent in order, with the conversation so far."""

    trace_key: str
    convention: str
    agent: str | None = None
    parent_span_id: str | None = None
    spans: list[Span] = field(default_factory=list)
    turns: list[Message] = field(default_factory=list)
    calls: dict[str, tuple[ToolCall, int | None]] = field(default_factory=dict)
    """Calls by id, with the time of the answer that asked for them."""

    def said(self, message: Message, *, key: str, time_ns: int | None) -> Span:
        """A user's turn, or an instruction (system), as a step."""
        span = self._span(key, message.name or message.role, time_ns)
        span.kind = StepKind.HUMAN if message.role == "user" else StepKind.CHAIN
        span.inputs = message.content
        span.ended_at_ns = time_ns
        self.turns.append(message)
        return span

    def answered(self, message: Message, *, key: str, time_ns: int | None, usage: Usage | None = None) -> Span:
        """A model's turn as a step; it started when the turn before it ended."""
        before = self.spans[-1].ended_at_ns if self.spans else None
        span = self._span(key, self.agent or "assistant", before if before is not None else time_ns)
        span.kind = StepKind.LLM
        span.ended_at_ns = time_ns
        span.input_messages = tuple(self.turns)
        span.usage = usage
        self.set_answer(span, message)
        return span

    def set_answer(self, span: Span, message: Message) -> None:
        """Gives a model step its answer, again when a later record completes it."""
        before = span.output_messages
        span.output_messages = (message,)
        recent = range(len(self.turns) - 1, max(len(self.turns) - _RECENT, -1), -1)
        place = next((i for i in recent if before and self.turns[i] is before[0]), None)
        if place is None:
            self.turns.append(message)
        else:
            self.turns[place] = message
        for call in message.tool_calls:
            if call.id:
                self.calls[call.id] = (call, span.ended_at_ns)

    def returned(self, message: Message, *, key: str, time_ns: int | None, output: JsonValue = None) -> Span:
        """A tool's result as a step, with the arguments of the call it answers.

        Args:
            message: The result as the model sees it, a tool message.
            key: What makes the span id.
            time_ns: When it came back.
            output: The result as a value, where the record has a better one than the message.
        """
        call, started = self.calls.get(message.tool_call_id or "", (None, None))
        span = self._span(key, (call.name if call else message.name) or "tool", started if started else time_ns)
        span.kind = StepKind.TOOL
        span.tool = call.name if call else message.name
        span.tool_call_id = message.tool_call_id
        span.ended_at_ns = time_ns
        span.inputs = call.arguments if call else None
        span.outputs = output if output is not None else json_or_text(message.content)
        if message.is_error:
            span.status, span.error = Status.ERROR, StepError(message.content[:ERROR_TEXT])
        self.turns.append(message)
        return span

    def _span(self, key: str, name: str, started: int | None) -> Span:
        span = Span(
            self.trace_key,
            span_id_of(self.trace_key, key),
            name,
            parent_span_id=self.parent_span_id,
            agent=self.agent,
            started_at_ns=started,
            sequence=len(self.spans),
            convention=self.convention,
        )
        self.spans.append(span)
        return span


def joined(first: Message, second: Message) -> Message:
    """Two records of one answer as one message."""
    return Message(
        first.role,
        "\n".join(text for text in (first.content, second.content) if text),
        first.tool_calls + second.tool_calls,
        name=first.name,
        reasoning="\n".join(text for text in (first.reasoning, second.reasoning) if text) or None,
    )


def kept(record: Mapping[str, JsonValue], *names: str) -> dict[str, JsonValue]:
    """The named fields of a record that have a value."""
    return {name: record[name] for name in names if record.get(name) not in (None, "", [], {})}
