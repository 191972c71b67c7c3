"""Builds the steps of a recorded agent session: what the user said, the model answered, the tools gave back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from ...model.traces import JsonValue, Message, Span, Status, StepError, StepKind, ToolCall, Usage
from .chat import json_or_text
from .dialogue.headlines import headline
from .dialogue.refusals import persons_decision
from .dialogue.speakers import heard
from .fields import span_id_of
from .records import LeftOut

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
    order: Iterator[int] = field(default_factory=count)
    """Numbers for the spans; the agents of one session share it."""

    def spoken(self, text: str, *, key: str, time_ns: int | None) -> Span | None:
        """A text of the user role: the person's words as a turn, what the harness says apart; the person's step."""
        parts = heard(text)
        for index, notice in enumerate(parts.notices):
            if notice.is_event:
                self.said(Message("system", notice.text, name=notice.name), key=f"{key}.n{index}", time_ns=time_ns)
            else:
                self.told(notice.text, notice.name)
        return self.said(Message("user", parts.person), key=key, time_ns=time_ns) if parts.person else None

    def told(self, text: str, name: str) -> None:
        """Something that was put into the context and is no step: a reminder, a file, the output of a hook."""
        if text:
            self.turns.append(Message("system", text, name=name))

    def compacted(self, summary: str, *, key: str, time_ns: int | None) -> None:
        """The conversation so far gave way to a summary: what follows sees that alone."""
        self.turns = []
        self.said(Message("system", summary, name="compaction"), key=key, time_ns=time_ns)

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
            message = set_failed(span, message)
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
            sequence=next(self.order),
            convention=self.convention,
        )
        self.spans.append(span)
        return span


def set_failed(span: Span, message: Message) -> Message:
    """Marks a step as failed by its result, or, where a person stopped the call, says only that; the result."""
    decision = persons_decision(message.content)
    if decision:
        span.attributes["decision"] = decision
        return replace(message, is_error=False)
    span.status, span.error = Status.ERROR, StepError(headline(message.content, ERROR_TEXT))
    return message


def left_out_of(file: str, counts: Counter[str]) -> list[LeftOut]:
    """Counted kinds of records as the answer of an import names them."""
    return [LeftOut(file, what, number) for what, number in sorted(counts.items()) if number]


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
