"""Claude Code session files: one record a line, sub-agents in `<session>/subagents/agent-*.jsonl` beside them.

One session is one trace. An answer of the model may be spread over several records with the same message id; they are
one step. Records that are no turns (meta, summaries, snapshots, queue operations) are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

from ...model.errors import BadInputError
from ...model.text.jsontext import as_text
from ...model.traces import JsonValue, Span, SpanBatch, Status, StepError, TraceFacts
from .chat import to_messages
from .fields import mapping, optional_text, time_ns
from .head import Head
from .messages import usage_of
from .records import ReadItem, Record, RecordError, Source, json_records
from .session import SessionBuilder, joined, kept

CONVENTION = "claude-code"
_AGENT = "claude-code"
_TURN_TYPES = ("user", "assistant")
_OTHER_TYPES = (
    "system",
    "summary",
    "attachment",
    "queue-operation",
    "file-history-snapshot",
    "last-prompt",
    "permission-mode",
)


def sniff(head: Head) -> bool:
    """Whether the first records are of a Claude Code session."""
    for record in head.records:
        value = mapping(record)
        if value.get("type") in _TURN_TYPES and "uuid" in value and "message" in value:
            return True
        if value.get("type") in _OTHER_TYPES and ("sessionId" in value or "leafUuid" in value or "messageId" in value):
            return True
    return False


def read(source: Source) -> Iterator[ReadItem]:
    """One batch: the session with its sub-agents."""
    session = _Session(source.name.rpartition(".")[0] or source.name)
    for file in (source, *_subagents(source)):
        for record in json_records(file):
            if isinstance(record, RecordError):
                yield record
                continue
            try:
                session.add(record)
            except BadInputError as err:
                yield file.error(record.where, str(err))
    batch = session.batch()
    if batch.spans:
        yield batch
    else:
        yield source.error("file", "The session has no turns.")


def _subagents(source: Source) -> Iterator[Source]:
    if source.path is None:
        return
    folder = source.path.with_suffix("") / "subagents"
    for path in sorted(folder.glob("agent-*.jsonl")) if folder.is_dir() else []:
        yield Source(str(path), path.name, partial(_opened, path), source.limits, path)


def _opened(path: Path) -> BinaryIO:
    return path.open("rb")


@dataclass(slots=True)
class _Session:
    """Everything of one session, by agent: the main one is under the empty name."""

    fallback_key: str
    builders: dict[str, SessionBuilder] = field(default_factory=dict)
    answers: dict[str, Span] = field(default_factory=dict)
    """Model steps by message id."""
    seen: set[str] = field(default_factory=set)
    starters: dict[str, Span] = field(default_factory=dict)
    """Tool steps that ran a sub-agent, by its id."""
    metadata: dict[str, JsonValue] = field(default_factory=dict)
    trace_key: str = ""

    def add(self, record: Record) -> None:
        value = mapping(record.value)
        if not value:
            raise BadInputError("A record of a session is an object.")
        self.trace_key = self.trace_key or as_text(value.get("sessionId"))
        if value.get("type") not in _TURN_TYPES or value.get("isMeta") or value.get("isCompactSummary"):
            return
        identity = as_text(value.get("uuid"))
        if identity and identity in self.seen:
            return
        self.seen.add(identity)
        self.metadata.update(kept(value, "cwd", "gitBranch", "version", "entrypoint"))
        raw = mapping(value.get("message"))
        key = identity or record.where
        builder = self._builder(value)
        if value["type"] == "assistant":
            self._answer(builder, value, raw, key)
        else:
            self._user(builder, value, raw, key)

    def _builder(self, value: dict[str, JsonValue]) -> SessionBuilder:
        name = (as_text(value.get("agentId")) or "sidechain") if value.get("isSidechain") else ""
        if name not in self.builders:
            agent = as_text(value.get("attributionAgent") or value.get("agentType")) or name or _AGENT
            self.builders[name] = SessionBuilder(self.trace_key or self.fallback_key, CONVENTION, agent)
        return self.builders[name]

    def _answer(
        self, builder: SessionBuilder, value: dict[str, JsonValue], raw: dict[str, JsonValue], key: str
    ) -> None:
        message = to_messages({**raw, "role": "assistant"})[-1]
        moment = time_ns(value.get("timestamp"))
        known = self.answers.get(as_text(raw.get("id"))) if raw.get("id") else None
        if known is not None:
            known.ended_at_ns = moment or known.ended_at_ns
            builder.set_answer(known, joined(known.output_messages[0], message))
            return
        span = builder.answered(
            message, key=as_text(raw.get("id")) or key, time_ns=moment, usage=usage_of(raw.get("usage"))
        )
        span.model = optional_text(raw.get("model"))
        span.provider = "anthropic"
        span.finish_reason = optional_text(raw.get("stop_reason"))
        span.response_id = optional_text(raw.get("id"))
        if value.get("isApiErrorMessage"):
            span.status, span.error = Status.ERROR, StepError(message.content, optional_text(value.get("error")))
        if raw.get("id"):
            self.answers[as_text(raw["id"])] = span

    def _user(self, builder: SessionBuilder, value: dict[str, JsonValue], raw: dict[str, JsonValue], key: str) -> None:
        moment = time_ns(value.get("timestamp"))
        for index, message in enumerate(to_messages({"role": "user", "content": raw.get("content")})):
            if message.role == "tool":
                span = builder.returned(message, key=message.tool_call_id or f"{key}.{index}", time_ns=moment)
                started = optional_text(mapping(value.get("toolUseResult")).get("agentId"))
                if started:
                    self.starters[started] = span
            elif message.content:
                builder.said(message, key=f"{key}.{index}", time_ns=moment)

    def batch(self) -> SpanBatch:
        """All spans in the order of their time, sub-agents below the call that started them."""
        key = self.trace_key or self.fallback_key
        for name, builder in self.builders.items():
            starter = self.starters.get(name)
            if starter is not None:
                builder.agent = as_text(mapping(starter.inputs).get("subagent_type")) or builder.agent
            for span in builder.spans:
                span.trace_key = key
                span.agent = builder.agent
                span.parent_span_id = starter.span_id if starter else None
        spans = _in_order(builder.spans for builder in self.builders.values())
        return SpanBatch(spans, [TraceFacts(key, session=key, metadata=self.metadata or None)])


def _in_order(groups: Iterable[list[Span]]) -> list[Span]:
    """Spans by the time they ended; each agent's own order stays."""
    dated: list[tuple[int, int, Span]] = []
    for group in groups:
        latest = 0
        for span in group:
            latest = max(latest, span.ended_at_ns or 0)
            dated.append((latest, len(dated), span))
    dated.sort(key=lambda item: item[:2])
    for sequence, (_, _, span) in enumerate(dated):
        span.sequence = sequence
    return [span for _, _, span in dated]
