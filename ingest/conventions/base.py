"""What every convention shares: ids, times, status, error, session, user, version, project, tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...store.models import JsonValue, Span, Status, StepError, StepKind
from ..otlp.raw import RawSpan
from .messages import last_text, read_messages
from .parts import type_of
from .table import IDENTITY, Sorted, Table
from .values import number_of, read_json, text_of, texts_of

_RESOURCE = Table({})
_KEPT_OF_RESOURCE = frozenset(
    key for name in ("session", "user", "version", "environment", "project", "task", "tags") for key in IDENTITY[name]
)
_TRACEBACK = "Traceback (most recent call last)"
_REPR = re.compile(r"(?P<type>\w{1,80})\((?P<quote>['\"])(?P<text>.*)(?P=quote),?\)", re.DOTALL)
_STATUS = {0: Status.UNSET, 1: Status.OK, 2: Status.ERROR}
_SESSION_KEYS = ("session_id", "sessionId", "thread_id", "threadId", "conversation_id", "conversationId")


def begin(raw: RawSpan, sorted_attributes: Sorted, *, kind: StepKind, convention: str) -> Span:
    """A span with all that does not depend on the convention; its fields are taken out of `found`."""
    found = sorted_attributes.found
    status, error = _status(raw, found)
    if kind is StepKind.CHAIN:
        sorted_attributes.put_back("kind", "operation", "type")
    if error is None:
        sorted_attributes.put_back("error_type", "error_message")
    elif _TRACEBACK in raw.status_message:
        sorted_attributes.rest["exception.stacktrace"] = raw.status_message
    resource = _resource(raw.resource)
    metadata = read_json(sorted_attributes.rest.get("metadata"))
    if isinstance(metadata, dict):
        sorted_attributes.rest["metadata"] = metadata
    return Span(
        raw.trace_id,
        raw.span_id,
        raw.name,
        kind,
        raw.parent_span_id,
        status,
        error,
        agent=text_of(found.get("agent")) or _agent_of(metadata),
        started_at_ns=raw.start_ns,
        ended_at_ns=raw.end_ns,
        sequence=raw.sequence,
        session=text_of(found.get("session")) or _session_of(metadata) or text_of(resource.get("session")),
        user=text_of(found.get("user")) or text_of(resource.get("user")),
        version=text_of(found.get("version")) or text_of(resource.get("version")),
        environment=text_of(found.get("environment")) or text_of(resource.get("environment")),
        project=_project(found) or _project(resource),
        task=text_of(found.get("task")) or text_of(resource.get("task")),
        tags=texts_of(found["tags"]) if "tags" in found else texts_of(resource.get("tags")),
        convention=convention,
        attributes=sorted_attributes.rest,
    )


def identity_of(span: Span, attributes: Mapping[str, JsonValue], resource: Mapping[str, JsonValue]) -> None:
    """Set who, where and which version on a span made from a log record."""
    said, around = _RESOURCE.sort(attributes).found, _RESOURCE.sort(resource).found
    span.session = text_of(said.get("session")) or text_of(around.get("session"))
    span.user = text_of(said.get("user")) or text_of(around.get("user"))
    span.version = text_of(said.get("version")) or text_of(around.get("version"))
    span.environment = text_of(said.get("environment")) or text_of(around.get("environment"))
    span.project = _project(said) or _project(around)
    span.task = text_of(said.get("task")) or text_of(around.get("task"))


def _project(found: Mapping[str, JsonValue]) -> str | None:
    name = text_of(found.get("project"))
    return None if name is None or name.startswith("unknown_service") else name


def _session_of(metadata: JsonValue) -> str | None:
    """LangGraph and others name the thread in a metadata object only."""
    if not isinstance(metadata, dict):
        return None
    return next((text for key in _SESSION_KEYS if (text := text_of(metadata.get(key)))), None)


def _agent_of(metadata: JsonValue) -> str | None:
    return text_of(metadata.get("lc_agent_name")) if isinstance(metadata, dict) else None


def _resource(resource: dict[str, JsonValue]) -> Mapping[str, JsonValue]:
    return _RESOURCE.sort({key: resource[key] for key in resource.keys() & _KEPT_OF_RESOURCE}).found


def _status(raw: RawSpan, found: Mapping[str, JsonValue]) -> tuple[Status, StepError | None]:
    kind, message = text_of(found.get("error_type")), text_of(found.get("error_message"))
    status = _STATUS.get(raw.status_code, Status.UNSET)
    exception: dict[str, Any] = {}
    if raw.events:
        exception = next((event.attributes for event in reversed(raw.events) if event.name == "exception"), {})
    if kind and status is Status.UNSET:
        status = Status.ERROR
    if status is not Status.ERROR:
        return status, None
    said = raw.status_message
    raised = text_of(exception.get("exception.message"))
    kind = text_of(exception.get("exception.type")) or (None if kind == "_OTHER" else kind)
    if raised and (not said or _TRACEBACK in said):
        said = raised
    if _TRACEBACK in said:
        said, kind = _without_traceback(said, kind)
    return status, StepError(said or message or kind or "no message given", kind)


def _without_traceback(said: str, kind: str | None) -> tuple[str, str | None]:
    """The error before a Python traceback, or at its end: LangChain writes `ValueError('no order')Traceback …`."""
    head = said.partition(_TRACEBACK)[0].strip() or said.strip().rsplit("\n", 1)[-1]
    match = _REPR.fullmatch(head)
    if match is None:
        return head, kind
    return match["text"], match["type"] if kind in (None, "Exception") else kind


def keep_events(span: Span, raw: RawSpan, *used: str) -> None:
    """Keep the span events that no field holds, and an exception's stack trace, among the attributes."""
    kept: list[JsonValue] = []
    for event in raw.events:
        if event.name == "exception":
            if trace := event.attributes.get("exception.stacktrace"):
                span.attributes["exception.stacktrace"] = trace
        elif event.name not in used:
            kept.append({"name": event.name, "time_ns": event.time_ns, "attributes": event.attributes})
    if kept:
        span.attributes["events"] = kept


def is_named_agent(span: Span) -> bool:
    """Whether a chain bears the name of the agent that it says it runs in, as LangChain's agents do."""
    return span.kind is StepKind.CHAIN and span.agent is not None and span.agent == span.name


def fail(span: Span, message: str | None, kind: str | None = None) -> None:
    """Mark a span failed where the failure is told by data only."""
    span.status = Status.ERROR
    if span.error is None:
        span.error = StepError(message or kind or "no message given", kind)


def speak(span: Span) -> None:
    """Give an agent, or the chain at the root, its input and output as a person reads them.

    The last user turn of a conversation, the last assistant turn, the only text of an object. A conversation of several
    turns and a graph's state stay among the attributes, as `inputs` and `outputs`.
    """
    if span.kind is StepKind.AGENT or (span.kind is StepKind.CHAIN and span.parent_span_id is None):
        span.inputs = _spoken(span, "inputs", "user")
        span.outputs = _spoken(span, "outputs", "assistant")


def _spoken(span: Span, name: str, role: str) -> JsonValue:
    value: JsonValue = read_json(getattr(span, name))
    if isinstance(value, dict) and len(value) == 1:
        (only,) = value.values()
        if isinstance(only, str) and only:
            return only
    if not _is_conversation(value):
        return value
    turns = read_messages(value, role)
    text = last_text(turns, role)
    if text is None:
        return value
    if len(turns) > 1 or (isinstance(value, dict) and len(value) > 1 and "messages" in value):
        span.attributes[name] = value
    return text


def _is_conversation(value: JsonValue) -> bool:
    if isinstance(value, dict):
        value = value.get("messages", [value])
    return isinstance(value, list) and any(map(_is_turn, value))


def _is_turn(item: JsonValue) -> bool:
    if isinstance(item, dict):
        return "role" in item or "parts" in item or type_of(item) in ("human", "ai", "constructor")
    return isinstance(item, list) and len(item) == 2 and item[0] in ("user", "human", "assistant", "ai", "system")


def cost_of(value: JsonValue) -> float | None:
    """A cost in dollars, as a number, text, or the total of an object of costs."""
    value = read_json(value)
    if isinstance(value, dict):
        total = number_of(value.get("total") if "total" in value else value.get("total_cost"))
        return total if total is not None else sum(filter(None, map(number_of, value.values()))) or None
    return number_of(value)
