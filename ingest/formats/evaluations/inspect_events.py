"""What the events of an Inspect sample say beyond its messages: sub-agents, calls that were compacted away, times.

The messages of a sample are one conversation, that of its last agent. Model and tool calls of agents that ran as tools
or were handed off to stand in the events alone; they become steps below the call that started the agent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ....model.text.jsontext import as_text
from ....model.traces import JsonValue, Message, Span, Status, StepError, StepKind
from ..chat import json_or_text, to_messages
from ..fields import mapping, optional_text, sequence, span_id_of, time_ns
from ..messages import in_given_order, usage_of

_MAX_NESTED = 16
_OUTSIDE = ("scorer", "scorers")
"""What runs in these judges the run and is none of its steps; its word is among the scores."""


def flat_events(value: JsonValue, level: int = 0) -> list[dict[str, JsonValue]]:
    """Events in order; older logs nest those of a tool call inside its event."""
    found: list[dict[str, JsonValue]] = []
    for event in map(mapping, sequence(value)):
        found.append(event)
        if level < _MAX_NESTED and event.get("events"):
            found += flat_events(event["events"], level + 1)
    return found


def message_facts(events: list[dict[str, JsonValue]]) -> dict[str, dict[str, JsonValue]]:
    """Times, usage and finish reason by message id, from the events of model and tool calls."""
    found: dict[str, dict[str, JsonValue]] = {}
    for event in events:
        times: dict[str, JsonValue] = {"started_at": event.get("timestamp"), "ended_at": event.get("completed")}
        if event.get("event") == "tool" and event.get("message_id"):
            found[as_text(event["message_id"])] = times
        elif event.get("event") == "model":
            output, choice = mapping(event.get("output")), _choice(event)
            said = {**times, "usage": output.get("usage"), "finish_reason": choice.get("stop_reason")}
            found[_message_id(event)] = said
    return found


def with_unseen_calls(
    spans: list[Span], messages: list[JsonValue], events: list[dict[str, JsonValue]], sample: Mapping[str, JsonValue]
) -> list[Span]:
    """The spans of the messages, each with its agent, and a span for every call that no message shows, in order.

    Args:
        spans: One a message.
        messages: The sample's messages, attachments resolved.
        events: `flat_events`, attachments resolved.
        sample: The sample, for the pool of messages that newer logs keep apart.

    Cost: linear in the events and in the messages that calls refer to.
    """
    return _Timeline(spans, messages, events, sample).merged() if spans else spans


@dataclass(slots=True)
class _Scope:
    """A span of Inspect's own, such as an agent or a tool call."""

    kind: str
    name: str
    parent: str


@dataclass(slots=True)
class _Timeline:
    spans: list[Span]
    messages: list[JsonValue]
    events: list[dict[str, JsonValue]]
    sample: Mapping[str, JsonValue]
    scopes: dict[str, _Scope] = field(default_factory=dict)
    calls: dict[str, str] = field(default_factory=dict)
    """Scope of a tool call, or of the agent it ran → id of the call."""
    by_call: dict[str, Span] = field(default_factory=dict)
    parsed: dict[int, list[Message]] = field(default_factory=dict)

    def merged(self) -> list[Span]:
        self._read_scopes()
        by_message = {
            as_text(mapping(raw).get("id")): span for span, raw in zip(self.spans, self.messages, strict=True)
        }
        self.by_call = {span.tool_call_id: span for span in self.spans if span.tool_call_id}
        places: dict[str, int] = {}
        unseen: list[tuple[int, Span]] = []
        for place, event in enumerate(self.events):
            kind = event.get("event")
            if kind not in ("model", "tool") or self._is_outside(event):
                continue
            key = _message_id(event) if kind == "model" else as_text(event.get("id"))
            span = by_message.get(key) if kind == "model" else self.by_call.get(key)
            if span is not None:
                places.setdefault(span.span_id, place)
            elif kind == "model" or not event.get("pending"):
                span = self._model(event) if kind == "model" else self._tool(event)
                unseen.append((place, span))
            if span is not None:
                span.agent = self._agent(event) or span.agent
        return self._in_order(places, unseen) if unseen else in_given_order(self.spans)

    def _in_order(self, places: dict[str, int], unseen: list[tuple[int, Span]]) -> list[Span]:
        placed: list[tuple[int, int, Span]] = []
        latest = -1
        for span in self.spans:
            latest = max(latest, places.get(span.span_id, latest))
            placed.append((latest, 0, span))
        placed += [(place, 1, span) for place, span in unseen]
        placed.sort(key=lambda item: item[:2])
        for number, (_, _, span) in enumerate(placed):
            span.sequence = number
        return in_given_order([span for _, _, span in placed])

    def _read_scopes(self) -> None:
        before: dict[str, JsonValue] = {}
        for event in self.events:
            if event.get("event") == "span_begin":
                scope = _Scope(as_text(event.get("type")), as_text(event.get("name")), as_text(event.get("parent_id")))
                self.scopes[as_text(event.get("id"))] = scope
            elif event.get("event") == "tool":
                call = as_text(event.get("id"))
                # The scope of a call begins right before its event, and is not named in it.
                if before.get("type") == "tool" and before.get("name") == event.get("function"):
                    self.calls[as_text(before.get("id"))] = call
                if event.get("agent_span_id"):
                    self.calls[as_text(event["agent_span_id"])] = call
            before = event

    def _around(self, event: Mapping[str, JsonValue]) -> Iterator[tuple[str, _Scope]]:
        """The scopes around an event, innermost first."""
        scope_id = as_text(event.get("span_id"))
        seen: set[str] = set()
        while scope_id in self.scopes and scope_id not in seen:
            seen.add(scope_id)
            yield scope_id, self.scopes[scope_id]
            scope_id = self.scopes[scope_id].parent

    def _is_outside(self, event: Mapping[str, JsonValue]) -> bool:
        return any(scope.kind in _OUTSIDE for _, scope in self._around(event))

    def _agent(self, event: Mapping[str, JsonValue]) -> str | None:
        return next((scope.name for _, scope in self._around(event) if scope.kind == "agent"), None)

    def _parent(self, event: Mapping[str, JsonValue]) -> str | None:
        """The span of the call whose agent ran this."""
        call = next((self.calls[scope_id] for scope_id, _ in self._around(event) if scope_id in self.calls), "")
        return self.by_call[call].span_id if call in self.by_call else None

    def _span(self, event: Mapping[str, JsonValue], key: str, name: str, kind: StepKind) -> Span:
        model = self.spans[0]
        return Span(
            model.trace_key,
            span_id_of(model.trace_key, "event", key),
            name,
            kind,
            parent_span_id=self._parent(event),
            started_at_ns=time_ns(event.get("timestamp")),
            ended_at_ns=time_ns(event.get("completed")),
            convention=model.convention,
        )

    def _model(self, event: Mapping[str, JsonValue]) -> Span:
        output = mapping(event.get("output"))
        span = self._span(event, as_text(event.get("uuid")) or _message_id(event), "assistant", StepKind.LLM)
        span.model = optional_text(event.get("model"))
        span.input_messages = tuple(message for raw in self._input(event) for message in self._parsed(raw))
        span.output_messages = tuple(self._parsed(_choice(event).get("message")))
        span.finish_reason = optional_text(_choice(event).get("stop_reason"))
        span.usage = usage_of(output.get("usage"))
        if error := event.get("error") or output.get("error"):
            span.status, span.error = Status.ERROR, StepError(as_text(error))
        return span

    def _tool(self, event: Mapping[str, JsonValue]) -> Span:
        name = as_text(event.get("function")) or "tool"
        span = self._span(event, as_text(event.get("uuid") or event.get("id")), name, StepKind.TOOL)
        span.tool, span.tool_call_id = name, optional_text(event.get("id"))
        span.inputs = event.get("arguments")
        span.outputs = None if event.get("result") == "" else json_or_text(event.get("result"))
        if error := mapping(event.get("error")):
            span.status = Status.ERROR
            span.error = StepError(as_text(error.get("message")), optional_text(error.get("type")))
        self.by_call.setdefault(as_text(event.get("id")), span)
        return span

    def _input(self, event: Mapping[str, JsonValue]) -> list[JsonValue]:
        """The messages of a model call, which newer logs keep in one pool and name by ranges."""
        pool = sequence(mapping(self.sample.get("events_data")).get("messages"))
        found: list[JsonValue] = []
        for bounds in map(sequence, sequence(event.get("input_refs"))):
            if len(bounds) == 2 and isinstance(bounds[0], int) and isinstance(bounds[1], int):
                found += pool[max(bounds[0], 0) : max(bounds[1], 0)]
        return found or sequence(event.get("input"))

    def _parsed(self, raw: JsonValue) -> list[Message]:
        if not isinstance(raw, dict) or not raw.get("role"):
            return []
        if id(raw) not in self.parsed:
            self.parsed[id(raw)] = to_messages(raw)
        return self.parsed[id(raw)]


def _choice(event: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return mapping(next(iter(sequence(mapping(event.get("output")).get("choices"))), None))


def _message_id(event: Mapping[str, JsonValue]) -> str:
    return as_text(mapping(_choice(event).get("message")).get("id"))
