"""Sessions of GitHub Copilot CLI (`events.jsonl` in its session-state folder): `{type, data, id, timestamp}` a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ....model.text.jsontext import as_text
from ....model.traces import JsonValue, Message, SpanBatch, Status, StepError, ToolCall, TraceFacts, Usage
from ..chat import content_text, json_or_text
from ..fields import count, digest_of, mapping, optional_text, sequence, time_ns
from ..head import Head
from ..records import ReadItem, Record, RecordError, Source, json_records
from ..session import SessionBuilder, kept, left_out_of

CONVENTION = "copilot-cli"
_AGENT = "copilot"
_KINDS = ("session.", "user.message", "assistant.", "tool.", "system.message", "abort", "hook.", "subagent.")


def sniff(head: Head) -> bool:
    """Whether the first record is an event of a session."""
    first = head.first
    return "data" in first and "id" in first and as_text(first.get("type")).startswith(_KINDS)


def read(source: Source) -> Iterator[ReadItem]:
    """One batch: the session."""
    events: list[dict[str, JsonValue]] = []
    for record in json_records(source):
        if isinstance(record, RecordError):
            yield record
        elif isinstance(record, Record) and mapping(record.value).get("type"):
            events.append(mapping(record.value))
        else:
            yield source.error(record.where, "An event of a session is an object with a type.")
    start = next((mapping(one.get("data")) for one in events if one.get("type") == "session.start"), {})
    first = digest_of(events[0]) if events else ""
    key = as_text(start.get("sessionId")) or f"{source.name.rpartition('.')[0] or source.name}-{first}"
    session = _Session(SessionBuilder(key, CONVENTION, _AGENT))
    for event in events:
        session.add(as_text(event["type"]), mapping(event.get("data")), event)
    if not session.builder.spans:
        yield source.error("file", "The session has no turns.")
        return
    metadata = kept(start, "copilotVersion", "context", "selectedModel")
    facts = TraceFacts(key, session=key, metadata=metadata or None)
    yield SpanBatch(session.builder.spans, [facts])
    yield from left_out_of(source.file, session.left_out)


class _Session:
    def __init__(self, builder: SessionBuilder) -> None:
        self.builder = builder
        self.left_out: Counter[str] = Counter()
        self._model: str | None = None

    def add(self, kind: str, data: dict[str, JsonValue], event: dict[str, JsonValue]) -> None:
        """The next event."""
        key = as_text(event.get("id")) or digest_of(event)
        moment, text = time_ns(event.get("timestamp")), content_text(data.get("content"))
        self._model = optional_text(data.get("newModel") or data.get("selectedModel")) or self._model
        if kind == "user.message":
            self.builder.spoken(text, key=key, time_ns=moment)
        elif kind == "assistant.message":
            calls = tuple(_call(mapping(one)) for one in sequence(data.get("toolRequests")))
            message = Message("assistant", text, calls, reasoning=optional_text(data.get("reasoningText")))
            span = self.builder.answered(message, key=key, time_ns=moment)
            span.model = optional_text(data.get("model")) or self._model
            if data.get("outputTokens") is not None:
                span.usage = Usage(count(data.get("inputTokens")), count(data.get("outputTokens")))
        elif kind == "tool.execution_complete":
            self._returned(data, key, moment)
        elif kind == "system.message":
            self.builder.said(Message("system", text), key=key, time_ns=moment)
        elif kind == "abort":
            said = Message("system", as_text(data.get("reason")) or "aborted", name="interruption")
            self.builder.said(said, key=key, time_ns=moment)
        elif kind == "session.error":
            span = self.builder.said(
                Message("system", as_text(data.get("message")), name="error"), key=key, time_ns=moment
            )
            span.status, span.error = Status.ERROR, StepError(as_text(data.get("message")))
        elif kind not in ("session.start", "session.model_change", "tool.execution_start"):
            self.left_out[kind] += 1

    def _returned(self, data: dict[str, JsonValue], key: str, moment: int | None) -> None:
        error, result = mapping(data.get("error")), data.get("result")
        text = as_text(error.get("message")) or content_text(mapping(result).get("content") or result)
        if error.get("code") in ("denied", "rejected"):
            text = f"denied by the user: {text}"
        failed = data.get("success") is False
        call = optional_text(data.get("toolCallId"))
        self.builder.returned(Message("tool", text, tool_call_id=call, is_error=failed), key=key, time_ns=moment)


def _call(raw: dict[str, JsonValue]) -> ToolCall:
    return ToolCall(as_text(raw.get("name")), json_or_text(raw.get("arguments")), optional_text(raw.get("toolCallId")))
