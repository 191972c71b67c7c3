"""Kimi Code's `wire.jsonl`: the events of a session, one a line, with every attempt at a model call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath

from ....model.text.jsontext import as_text
from ....model.traces import JsonValue, Message, SpanBatch, Status, StepError, ToolCall, TraceFacts, Usage
from ..chat import content_text
from ..fields import count, digest_of, mapping, optional_text, time_ns
from ..head import Head
from ..records import ReadItem, Record, RecordError, Source, json_records
from ..session import SessionBuilder, kept, left_out_of

CONVENTION = "kimi-code"
AGENT = "kimi-code"
_BEGINNINGS = frozenset({"metadata", "config.update", "turn.prompt", "context.append_loop_event"})
_TOLD_ELSEWHERE = frozenset(
    {"turn.prompt", "turn.steer", "usage.record", "llm.tools_snapshot", "tools.set_active_tools",
     "full_compaction.begin", "full_compaction.complete", "metadata", "turn.ended"}
)  # fmt: skip
"""Events that say again, or only that, what others hold."""


def sniff(head: Head) -> bool:
    """Whether the first records are events of the wire protocol."""
    kinds = {as_text(record.get("type")) for record in head.records if isinstance(record, dict)}
    return bool(kinds & _BEGINNINGS) and (
        "protocol_version" in head.first or bool(kinds & {"turn.prompt", "context.append_loop_event"})
    )


def read(source: Source) -> Iterator[ReadItem]:
    """One batch: the session."""
    log: _Log | None = None
    left_out: Counter[str] = Counter()
    for record in json_records(source):
        if isinstance(record, RecordError):
            yield record
            continue
        log = log or _Log(_builder(source, record))
        source.limits.check_steps(len(log.builder.spans), where=record.where)
        if not log.add(mapping(record.value), record.where):
            left_out[f"events/{as_text(mapping(record.value).get('type'))}"] += 1
    if log is None or not log.builder.spans:
        yield source.error("file", "The session has no turns.")
        return
    log.close(None)
    key = log.builder.trace_key
    yield SpanBatch(log.builder.spans, [TraceFacts(key, session=key)])
    yield from left_out_of(source.file, left_out)


def _builder(source: Source, first: Record) -> SessionBuilder:
    return SessionBuilder(f"{PurePath(source.name).stem}-{digest_of(first.value)}", CONVENTION, AGENT)


@dataclass(slots=True)
class _Log:
    """The session so far, and the answer that is being written."""

    builder: SessionBuilder
    model: str | None = None
    tools: JsonValue = None
    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    results: list[tuple[Message, str, int | None]] = field(default_factory=list)
    attempt: str | None = None
    """The latest request that has no answer yet, by its number."""
    request: dict[str, JsonValue] = field(default_factory=dict)
    asked: tuple[str, int | None] = ("", None)

    def add(self, event: dict[str, JsonValue], key: str) -> bool:
        """Takes in one event; whether it says anything of the run."""
        kind, moment = as_text(event.get("type")), time_ns(event.get("time") or event.get("created_at"))
        if kind == "context.append_message":
            self._message(mapping(event.get("message")), key, moment)
        elif kind == "context.append_loop_event":
            return self._loop(mapping(event.get("event")), key, moment)
        elif kind == "llm.request" and event.get("kind") == "loop":
            self.model = optional_text(event.get("model"))
            self.attempt, self.asked = as_text(event.get("attempt")) or "1", (key, moment)
            self.request = kept(event, "attempt", "turnStep", "maxTokens")
        elif kind == "turn.cancel":
            self.close(moment)
            self.builder.said(Message("system", "The person cancelled the turn.", name="cancelled"), key=key,
                              time_ns=moment)  # fmt: skip
        elif kind == "context.apply_compaction":
            self.builder.compacted(as_text(event.get("summary")), key=key, time_ns=moment)
        elif kind == "config.update":
            if prompt := as_text(event.get("systemPrompt")):
                self.builder.told(prompt, "system")
        else:
            return kind in _TOLD_ELSEWHERE
        return True

    def _message(self, message: dict[str, JsonValue], key: str, moment: int | None) -> None:
        self.close(moment)
        text, origin = content_text(message.get("content")), as_text(mapping(message.get("origin")).get("kind"))
        if message.get("role") == "user" and origin in ("", "user"):
            self.builder.spoken(text, key=key, time_ns=moment)
        else:
            self.builder.told(text, origin or as_text(message.get("role")))

    def _loop(self, event: dict[str, JsonValue], key: str, moment: int | None) -> bool:
        kind = event.get("type")
        if kind == "content.part":
            part = mapping(event.get("part"))
            held = self.thoughts if part.get("type") == "think" else self.texts
            held.append(as_text(part.get("think")) if held is self.thoughts else content_text([part]))
        elif kind == "tool.call":
            identity = optional_text(event.get("toolCallId"))
            self.calls.append(ToolCall(as_text(event.get("name")), event.get("args"), identity))
        elif kind == "tool.result":
            self._result(event, key, moment)
        elif kind == "step.end":
            self._answer(event, key, moment)
        else:
            return kind == "step.begin"
        return True

    def _result(self, event: dict[str, JsonValue], key: str, moment: int | None) -> None:
        held = mapping(event.get("result"))
        text = content_text(held.get("output")) if "output" in held else as_text(event.get("result"))
        message = Message("tool", text, tool_call_id=optional_text(event.get("toolCallId")),
                          is_error=bool(held.get("isError")))  # fmt: skip
        self.results.append((message, key, moment))

    def _answer(self, event: dict[str, JsonValue], key: str, moment: int | None) -> None:
        message = Message("assistant", "\n".join(self.texts), tuple(self.calls),
                          reasoning="\n".join(self.thoughts) or None)  # fmt: skip
        span = self.builder.answered(message, key=key, time_ns=moment, usage=_usage(event.get("usage")))
        span.model, span.finish_reason = self.model, optional_text(event.get("finishReason"))
        for result, result_key, result_time in self.results:
            self.builder.returned(result, key=result_key, time_ns=result_time)
        self._clear()

    def close(self, moment: int | None) -> None:
        """Ends an answer that never came: as far as it was written, or as a model call that failed."""
        if self.texts or self.calls:
            self._answer({}, f"{self.asked[0]}.cut", moment)
        elif self.attempt is not None:
            key, asked = self.asked
            span = self.builder.answered(Message("assistant", ""), key=key, time_ns=moment or asked)
            span.model, span.status, span.inputs = self.model, Status.ERROR, self.request
            span.error = StepError(f"No answer of the model; the last attempt was {self.attempt}.")
        self._clear()

    def _clear(self) -> None:
        for held in (self.texts, self.thoughts, self.calls, self.results):
            held.clear()
        self.attempt = None


def _usage(value: JsonValue) -> Usage | None:
    """Tokens of one answer; those read from and written to the cache stand beside the others and are part of them."""
    raw = mapping(value)
    if not raw:
        return None
    read, written = count(raw.get("inputCacheRead")), count(raw.get("inputCacheCreation"))
    return Usage(count(raw.get("inputOther")) + read + written, count(raw.get("output")), read, written)
