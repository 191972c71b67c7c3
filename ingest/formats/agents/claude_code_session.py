"""Builds the steps of one Claude Code session out of its records, with those of its sub-agents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count as counting
from typing import Any

from ....model.errors import BadInputError
from ....model.text.jsontext import as_text
from ....model.traces import Fold, JsonValue, Message, Span, SpanBatch, Status, StepError, StepKind, TraceFacts, Usage
from ..chat import content_text, to_messages
from ..fields import mapping, number, optional_text, sequence, span_id_of, time_ns
from ..messages import usage_of
from ..records import Record
from ..session import SessionBuilder, joined, kept
from .claude_code_links import TURNS, Links
from .claude_code_parts import attachment_prompt, attachment_text, event_name, is_synthetic

_AGENT = "claude-code"
_REPEATED = ("queue-operation", "last-prompt")
"""Records that tell again what a person's turn holds."""
_WARM_UP = "Warmup"
"""What Claude Code sends to its sub-agents ahead of time; nobody asked for it."""


@dataclass(slots=True)
class Session:
    """Everything of one session, by agent: the main one is under the empty name."""

    key: str
    convention: str
    builders: dict[str, SessionBuilder] = field(default_factory=dict)
    answers: dict[tuple[str, str], Span] = field(default_factory=dict)
    """Model steps by agent and message id, until the next turn of a person."""
    known_ids: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    starters: dict[str, str] = field(default_factory=dict)
    """Sub-agent → id of the call that started it."""
    results: dict[str, Span] = field(default_factory=dict)
    """Tool steps by the id of their call."""
    prompts: dict[str, list[str]] = field(default_factory=dict)
    """Prompt → ids of the calls that gave it to a sub-agent."""
    first_words: dict[str, str] = field(default_factory=dict)
    agent_types: dict[str, str] = field(default_factory=dict)
    reported: dict[str, list[Record]] = field(default_factory=dict)
    """Turns of sub-agents that only progress records of the main session tell of."""
    links: Links = field(default_factory=Links)
    back: frozenset[str] = frozenset()
    metadata: dict[str, JsonValue] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    errors: list[tuple[str, str]] = field(default_factory=list)
    order: Iterator[int] = field(default_factory=counting)

    @property
    def main(self) -> SessionBuilder:
        """The agent that the person talks to."""
        return self._builder({})

    def inherit(self, records: Sequence[Record]) -> None:
        """Turns that another session had: what this one begins with, no steps of its own."""
        for record in records:
            value = mapping(record.value)
            self.seen.add(as_text(value.get("uuid")))
            if not value.get("isSidechain"):
                raw = mapping(value.get("message"))
                self._builder(value).turns += to_messages({**raw, "role": raw.get("role") or value["type"]})
        if records:
            origin = next((mapping(mapping(record.value).get("forkedFrom")) for record in records), {})
            self.metadata["forked_from"] = origin.get("sessionId") or mapping(records[0].value).get("sessionId")
            self.left_out["turns taken over from another session"] += len(records)

    def take(self, records: Sequence[Record]) -> None:
        """All records of one file, in order."""
        values = [mapping(record.value) for record in records]
        self.links = Links.of(values)
        self.back = self.links.taken_back(values)
        for record in records:
            try:
                self._add(record)
            except BadInputError as err:
                self.errors.append((record.where, str(err)))

    def finish(self) -> None:
        """After the last file: the sub-agents that no file of their own told of."""
        for name, records in self.reported.items():
            if name not in self.builders:
                self.take(records)

    def _add(self, record: Record) -> None:
        value = mapping(record.value)
        kind = as_text(value.get("type"))
        identity = as_text(value.get("uuid"))
        if identity and identity in self.seen:
            return
        self.seen.add(identity)
        if kind in TURNS:
            self.metadata.update(kept(value, "cwd", "gitBranch", "version", "entrypoint"))
            if identity in self.back:
                self._taken_back(value, identity)
            else:
                self._turn(value, identity or span_id_of(record.where, as_text(value)))
        elif kind == "attachment":
            self._attached(value, identity or record.where)
        elif kind == "system" and value.get("subtype") == "local_command":
            text = as_text(value.get("content"))
            self._builder(value).spoken(text, key=identity or record.where, time_ns=time_ns(value.get("timestamp")))
        elif kind == "progress" and mapping(value.get("data")).get("type") == "agent_progress":
            self._reported(record, mapping(value.get("data")), value)
        elif kind not in _REPEATED:
            self.left_out[event_name(value)] += 1

    def _turn(self, value: dict[str, JsonValue], key: str) -> None:
        builder, raw = self._builder(value), mapping(value.get("message"))
        if value["type"] == "assistant":
            self._answer(builder, value, raw, key)
        else:
            self._user(builder, value, raw, key)

    def _taken_back(self, value: dict[str, JsonValue], key: str) -> None:
        """A turn that was taken back: its steps are folded, and those after it see nothing of it."""
        builder = self._builder(value)
        turns, before = list(builder.turns), len(builder.spans)
        self._turn(value, key)
        for span in builder.spans[before:]:
            span.fold = Fold.ABANDONED
            self.left_out["steps of turns that were taken back (folded)"] += 1
        builder.turns = turns

    def _builder(self, value: dict[str, JsonValue]) -> SessionBuilder:
        name = ""
        if value.get("isSidechain"):
            name = as_text(value.get("agentId")) or self.links.root(as_text(value.get("uuid")))
        if name not in self.builders:
            agent = as_text(value.get("attributionAgent") or value.get("agentType")) or self.agent_types.get(name)
            agent = agent or (f"agent {name[:12]}" if name else _AGENT)
            self.builders[name] = SessionBuilder(self.key, self.convention, agent, order=self.order)
        return self.builders[name]

    def _name(self, builder: SessionBuilder) -> str:
        return next(name for name, one in self.builders.items() if one is builder)

    def _answer(
        self, builder: SessionBuilder, value: dict[str, JsonValue], raw: dict[str, JsonValue], key: str
    ) -> None:
        if is_synthetic(value, raw):
            self.left_out["answers without a model"] += 1
            return
        message = to_messages({**raw, "role": "assistant"})[-1]
        moment, name, identity = time_ns(value.get("timestamp")), self._name(builder), as_text(raw.get("id"))
        for call in message.tool_calls:
            prompt = mapping(call.arguments).get("prompt")
            if isinstance(prompt, str) and call.id:
                self.prompts.setdefault(prompt.strip(), []).append(call.id)
        span = self.answers.get((name, identity)) if identity else None
        if span is not None:
            span.ended_at_ns = moment or span.ended_at_ns
            builder.set_answer(span, joined(span.output_messages[0], message))
        else:
            own = identity if identity and identity not in self.known_ids else key
            self.known_ids.add(identity)
            span = builder.answered(message, key=own, time_ns=moment)
            span.model, span.provider = optional_text(raw.get("model")), "anthropic"
            span.response_id = optional_text(identity)
            self.answers[name, identity] = span
        span.usage = _last(span.usage, usage_of(raw.get("usage")))
        span.finish_reason = optional_text(raw.get("stop_reason")) or span.finish_reason
        span.cost_usd = number(value.get("costUSD")) or span.cost_usd
        if value.get("isApiErrorMessage"):
            span.status, span.error = Status.ERROR, StepError(message.content, optional_text(value.get("error")))

    def _user(self, builder: SessionBuilder, value: dict[str, JsonValue], raw: dict[str, JsonValue], key: str) -> None:
        moment, content = time_ns(value.get("timestamp")), raw.get("content")
        parts = sequence(content)
        if value.get("isCompactSummary"):
            builder.compacted(content_text(content), key=key, time_ns=moment)
            return
        results = [part for part in parts if mapping(part).get("type") == "tool_result"]
        if results:
            self._results(builder, value, results, key)
        texts = [content_text([part]) for part in parts if part not in results] if parts else [content_text(content)]
        origin = as_text(mapping(value.get("origin")).get("kind"))
        if value.get("isMeta"):
            builder.told("\n".join(texts), "meta")
        elif origin not in ("", "human"):
            builder.said(Message("system", "\n".join(texts), name=origin), key=key, time_ns=moment)
        elif any(texts):
            self._spoken(builder, texts, key, moment)

    def _spoken(self, builder: SessionBuilder, texts: list[str], key: str, moment: int | None) -> None:
        said: list[Span] = []
        for index, text in enumerate(texts):
            span = builder.spoken(text, key=f"{key}.{index}", time_ns=moment)
            if span is not None and said:
                _add_words(builder, said[0], span)
            elif span is not None:
                said.append(span)
        if said:
            name = self._name(builder)
            self.first_words.setdefault(name, as_text(said[0].inputs).strip())
            self.answers = {known: span for known, span in self.answers.items() if known[0] != name}

    def _results(
        self, builder: SessionBuilder, value: dict[str, JsonValue], results: list[JsonValue], key: str
    ) -> None:
        started = optional_text(mapping(value.get("toolUseResult")).get("agentId"))
        for index, message in enumerate(to_messages({"role": "user", "content": results})):
            call = message.tool_call_id
            span = builder.returned(message, key=call or f"{key}.{index}", time_ns=time_ns(value.get("timestamp")))
            if call:
                self.results.setdefault(call, span)
            if started and call:
                self.starters[started] = call

    def _attached(self, value: dict[str, JsonValue], key: str) -> None:
        """What was put beside the turns: a prompt that waited, or a file, a reminder, the output of a hook."""
        attachment = mapping(value.get("attachment"))
        builder = self._builder(value)
        prompt = attachment_prompt(attachment)
        if prompt is not None:
            self._spoken(builder, [prompt], key, time_ns(value.get("timestamp")))
        elif text := attachment_text(attachment):
            builder.told(text, as_text(attachment.get("type")) or "attachment")
        else:
            self.left_out[f"attachment/{as_text(attachment.get('type'))}"] += 1

    def _reported(self, record: Record, data: dict[str, JsonValue], value: dict[str, JsonValue]) -> None:
        agent, inner = as_text(data.get("agentId")), mapping(data.get("message"))
        if not agent or inner.get("type") not in TURNS:
            self.left_out["progress/agent_progress"] += 1
            return
        turn: dict[str, Any] = {**inner, "isSidechain": True, "agentId": agent, "parentUuid": None}
        self.reported.setdefault(agent, []).append(Record(record.where, turn))
        if call := optional_text(value.get("parentToolUseID")):
            self.starters.setdefault(agent, call)

    def batches(self) -> Iterator[SpanBatch]:
        """The session, then each sub-agent that no call started, in the order of time."""
        apart: list[str] = []
        for name, builder in self.builders.items():
            starter = self._starter(name)
            if name and starter is None:
                apart.append(name)
            if name and starter is not None:
                _start(builder, starter)
        whole = _in_order(builder.spans for name, builder in self.builders.items() if name not in apart)
        if whole:
            yield SpanBatch(whole, [TraceFacts(self.key, session=self.key, metadata=self.metadata or None)])
        for name in apart:
            if self.first_words.get(name) == _WARM_UP:
                self.left_out["steps of a sub-agent's warm-up"] += len(self.builders[name].spans)
            elif spans := _in_order([self.builders[name].spans]):
                yield self._apart(name, spans)

    def _starter(self, name: str) -> Span | None:
        """The step that started a sub-agent: the call that names it, else the one that gave it its prompt."""
        call = self.starters.get(name)
        if call is None and name:
            waiting = self.prompts.get(self.first_words.get(name, ""), [])
            call = waiting.pop(0) if waiting else None
        if call is None:
            return None
        asked = (span for one in self.builders.values() for span in one.spans if span.kind is StepKind.LLM)
        return self.results.get(call) or next((s for s in asked if call in _call_ids(s)), None)

    def _apart(self, name: str, spans: list[Span]) -> SpanBatch:
        key = f"{self.key}/agent-{name}"
        for span in spans:
            span.trace_key = key
        return SpanBatch(spans, [TraceFacts(key, session=self.key, metadata=self.metadata or None)])


def _start(builder: SessionBuilder, starter: Span) -> None:
    """Puts a sub-agent's steps below the step that started it, under the name that was asked for."""
    known, builder.agent = builder.agent, as_text(mapping(starter.inputs).get("subagent_type")) or builder.agent
    for span in builder.spans:
        span.agent, span.parent_span_id = builder.agent, starter.span_id
        if span.name == known:
            span.name = builder.agent or span.name


def _call_ids(span: Span) -> set[str | None]:
    return {call.id for message in span.output_messages for call in message.tool_calls}


def _last(before: Usage | None, now: Usage | None) -> Usage | None:
    """The records of one answer repeat its usage as it grows: the last that counts anything holds."""
    return now if now is not None and (now != Usage() or before is None) else before


def _add_words(builder: SessionBuilder, first: Span, more: Span) -> None:
    """Several texts of one turn as one step."""
    builder.spans.remove(more)
    builder.turns.pop()
    first.inputs = f"{as_text(first.inputs)}\n{as_text(more.inputs)}"
    place = next(i for i in range(len(builder.turns) - 1, -1, -1) if builder.turns[i].role == "user")
    builder.turns[place] = Message("user", as_text(first.inputs))


def _in_order(groups: Iterable[list[Span]]) -> list[Span]:
    """Spans by the time they ended; each agent's own order stays."""
    dated: list[tuple[int, int, Span]] = []
    for group in groups:
        latest = 0
        for span in group:
            latest = max(latest, span.ended_at_ns or 0)
            dated.append((latest, span.sequence, span))
    dated.sort(key=lambda item: item[:2])
    for place, (_, _, span) in enumerate(dated):
        span.sequence = place
    return [span for _, _, span in dated]
