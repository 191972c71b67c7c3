"""opencode and its forks: an exported session, the messages of its server, or the events of `run --format json`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePath

from ....model.errors import BadInputError
from ....model.text.jsontext import as_text
from ....model.traces import JsonValue, Message, Span, SpanBatch, Status, StepError, ToolCall, TraceFacts, Usage
from ..chat import media_type
from ..fields import count, digest_of, mapping, number, optional_text, sequence, time_ns
from ..head import Head
from ..records import ReadItem, Record, RecordError, Source, json_records
from ..session import SessionBuilder, left_out_of, set_failed

CONVENTION = "opencode"
_AGENT = "opencode"
_EVENTS = frozenset({"text", "tool_use", "step_start", "step_finish", "reasoning"})
_BOOKKEEPING = frozenset({"step-start", "step-finish", "snapshot", "patch", "agent", "retry", "compaction"})
_DONE = ("completed", "error")


def sniff(head: Head) -> bool:
    """Whether the beginning is an exported session, a list of its messages, or events of a run."""
    held = head.first.get("messages") if isinstance(head.first.get("info"), dict) else None
    listed = held if isinstance(held, list) else list(head.records)
    first = mapping(listed[0] if listed else None)
    return _is_message(first) or _is_event(first)


def _is_message(value: dict[str, JsonValue]) -> bool:
    return mapping(value.get("info")).get("role") in ("user", "assistant") and isinstance(value.get("parts"), list)


def _is_event(value: dict[str, JsonValue]) -> bool:
    return as_text(value.get("type")) in _EVENTS and "sessionID" in value and "messageID" in mapping(value.get("part"))


def read(source: Source) -> Iterator[ReadItem]:
    """A batch a session: each document of an export, or all lines of a file of messages or events."""
    loose: dict[str, dict[str, JsonValue]] = {}
    for record in json_records(source):
        value = mapping(record.value) if isinstance(record, Record) else {}
        if isinstance(record, RecordError):
            yield record
        elif isinstance(value.get("messages"), list):
            yield from _session(source, mapping(value.get("info")), sequence(value["messages"]), record.where)
        elif _is_message(value):
            loose[as_text(mapping(value["info"]).get("id")) or record.where] = value
        elif _is_event(value):
            _collect(loose, value)
        else:
            yield source.error(record.where, "Neither a session, nor a message with info and parts, nor an event.")
    if loose:
        yield from _session(source, {}, list(loose.values()), "file")


def _collect(messages: dict[str, dict[str, JsonValue]], event: dict[str, JsonValue]) -> None:
    """Puts the part of an event into its message; only what the model says and does is in these events."""
    part = mapping(event["part"])
    key = as_text(part["messageID"])
    info: JsonValue = {"id": key, "sessionID": event["sessionID"], "role": "assistant"}
    message = messages.setdefault(key, {"info": info, "parts": []})
    sequence(message["parts"]).append({"time": {"start": event.get("timestamp")}, **part})


def _session(source: Source, info: dict[str, JsonValue], raw: list[JsonValue], where: str) -> Iterator[ReadItem]:
    messages = [mapping(message) for message in raw]
    try:
        source.limits.check_steps(sum(len(sequence(message.get("parts"))) for message in messages), where=where)
    except BadInputError as err:
        yield source.error(err.where or where, str(err))
        return
    first = mapping(messages[0].get("info")) if messages else {}
    identity = optional_text(info.get("id")) or optional_text(first.get("sessionID"))
    key = identity or f"{PurePath(source.name).stem}-{digest_of(raw)}"
    session = _Session(SessionBuilder(key, CONVENTION, _AGENT))
    for index, message in enumerate(messages):
        session.add(message, as_text(mapping(message.get("info")).get("id")) or str(index))
    if not session.builder.spans:
        yield source.error(where, "The session has no turns.")
        return
    about = {name: info[name] for name in ("title", "parentID", "agent") if info.get(name)}
    facts = TraceFacts(key, session=key, version=optional_text(info.get("version")), metadata=about or None)
    yield SpanBatch(session.builder.spans, [facts])
    yield from left_out_of(source.file, session.left_out)


@dataclass(slots=True)
class _Session:
    """The steps so far."""

    builder: SessionBuilder
    left_out: Counter[str] = field(default_factory=Counter)

    def add(self, message: dict[str, JsonValue], key: str) -> None:
        """The next message: a person's, or one of the model with one or several steps."""
        info = mapping(message.get("info"))
        parts = [mapping(part) for part in sequence(message.get("parts"))]
        if info.get("role") == "user":
            self._asked(parts, key, time_ns(mapping(info.get("time")).get("created")))
            return
        steps = list(_steps(parts))
        spans = [self._answer(step, info, f"{key}.{place}") for place, step in enumerate(steps)]
        if len(steps) == 1 and not _has_usage(steps[0]):
            spans[0].usage, spans[0].cost_usd = _usage(info.get("tokens")), number(info.get("cost"))
        if (failed := mapping(info.get("error"))) and spans:
            text = as_text(mapping(failed.get("data")).get("message")) or as_text(failed.get("name"))
            spans[-1].status, spans[-1].error = Status.ERROR, StepError(text, optional_text(failed.get("name")))

    def _asked(self, parts: list[dict[str, JsonValue]], key: str, moment: int | None) -> None:
        words: list[str] = []
        for part in parts:
            kind = as_text(part.get("type"))
            if kind == "text" and part.get("synthetic"):
                self.builder.told(as_text(part.get("text")), "harness")
            elif kind == "text" and not part.get("ignored"):
                words.append(as_text(part.get("text")))
            elif kind == "file":
                words.append(_file(part))
            elif kind == "subtask":
                words.append(as_text(part.get("prompt")))
            elif kind not in _BOOKKEEPING:
                self.left_out[f"parts/{kind}"] += 1
        if text := "\n".join(filter(None, words)):
            self.builder.spoken(text, key=key, time_ns=moment)

    def _answer(self, parts: list[dict[str, JsonValue]], info: dict[str, JsonValue], key: str) -> Span:
        texts: list[str] = []
        thoughts: list[str] = []
        tools = [part for part in parts if part.get("type") == "tool"]
        for part in parts:
            kind = as_text(part.get("type"))
            if kind in ("text", "reasoning"):
                (texts if kind == "text" else thoughts).append(as_text(part.get("text")))
            elif kind == "file":
                texts.append(_file(part))
            elif kind != "tool" and kind not in _BOOKKEEPING:
                self.left_out[f"parts/{kind}"] += 1
        calls = tuple(_call(part) for part in tools)
        message = Message("assistant", "\n".join(filter(None, texts)), calls,
                          reasoning="\n".join(filter(None, thoughts)) or None)  # fmt: skip
        span = self.builder.answered(message, key=key, time_ns=_ended(parts, tools, info))
        span.model, span.agent = optional_text(info.get("modelID")), optional_text(info.get("agent")) or _AGENT
        end = next((part for part in reversed(parts) if part.get("type") == "step-finish"), {})
        span.finish_reason = optional_text(end.get("reason") or info.get("finish"))
        span.usage, span.cost_usd = _usage(end.get("tokens")), number(end.get("cost"))
        for place, part in enumerate(tools):
            self._returned(part, f"{key}.{place}")
        return span

    def _returned(self, part: dict[str, JsonValue], key: str) -> None:
        state, call = mapping(part.get("state")), _call(part)
        times = mapping(state.get("time"))
        failed = state.get("status") == "error"
        text = as_text(state.get("error") if failed else state.get("output"))
        message = Message("tool", text, tool_call_id=call.id, name=call.name)
        span = self.builder.returned(message, key=key, time_ns=time_ns(times.get("end")))
        span.started_at_ns = time_ns(times.get("start")) or span.started_at_ns
        if failed:
            self.builder.turns[-1] = set_failed(span, Message("tool", text, tool_call_id=call.id, is_error=True))
        elif state.get("status") not in _DONE:
            span.attributes["state"] = as_text(state.get("status")) or "unknown"


def _steps(parts: Iterable[dict[str, JsonValue]]) -> Iterator[list[dict[str, JsonValue]]]:
    """The model calls in a message, each from where a step starts to where the next one does."""
    step: list[dict[str, JsonValue]] = []
    for part in parts:
        if part.get("type") == "step-start" and step:
            yield step
            step = []
        step.append(part)
    yield step


def _has_usage(parts: list[dict[str, JsonValue]]) -> bool:
    return any(part.get("type") == "step-finish" and part.get("tokens") for part in parts)


def _call(part: dict[str, JsonValue]) -> ToolCall:
    identity = optional_text(part.get("callID")) or optional_text(part.get("id"))
    return ToolCall(as_text(part.get("tool")), mapping(part.get("state")).get("input"), identity)


def _file(part: dict[str, JsonValue]) -> str:
    name = as_text(part.get("filename") or part.get("mime")) or media_type(part)
    return f"[file {name}]"


def _ended(
    parts: list[dict[str, JsonValue]], tools: list[dict[str, JsonValue]], info: dict[str, JsonValue]
) -> int | None:
    """When the answer was there: before its first tool started, else when its last part or the message ended."""
    started = [mapping(mapping(tool.get("state")).get("time")).get("start") for tool in tools]
    moments = [moment for value in started if (moment := time_ns(value)) is not None]
    if moments:
        return min(moments)
    ends = [mapping(part.get("time")) for part in parts]
    known = [moment for end in ends if (moment := time_ns(end.get("end") or end.get("start"))) is not None]
    return time_ns(mapping(info.get("time")).get("completed")) or max(known, default=None)


def _usage(value: JsonValue) -> Usage | None:
    """Tokens of one model call; those of the cache and of thinking stand beside the others and are part of them."""
    raw = mapping(value)
    if not raw:
        return None
    cache = mapping(raw.get("cache"))
    read_, written = count(cache.get("read")), count(cache.get("write"))
    output = count(raw.get("output")) + count(raw.get("reasoning"))
    return Usage(count(raw.get("input")) + read_ + written, output, read_, written)
