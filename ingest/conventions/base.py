"""What every convention shares: ids, times, status, error, session, user, version, project, tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ...model.reading.field_names import IDENTITY
from ...model.traces import JsonValue, Span, Status, StepError, StepKind
from ..otlp.raw import RawSpan
from .attributes import Sorted, Table
from .messages import last_text, read_messages, source_of
from .parts import type_of
from .values import number_of, read_arguments, read_json, text_of, texts_of


class _Run(NamedTuple):
    """What one set of attributes says of the run as a whole."""

    session: str | None = None
    user: str | None = None
    version: str | None = None
    environment: str | None = None
    project: str | None = None
    service: str | None = None
    task: str | None = None
    tags: tuple[str, ...] = ()


class _LatestResource:
    """The spans of a request share few resources, one after the other: each is read once."""

    def __init__(self) -> None:
        self._known: tuple[dict[str, JsonValue], _Run] = ({}, _NOTHING_SAID)

    def run(self, resource: dict[str, JsonValue]) -> _Run:
        """What a resource says; a resource is not changed after it was decoded."""
        known, run = self._known
        if known is not resource:
            kept = {key: resource[key] for key in resource.keys() & _KEPT_OF_RESOURCE}
            run = _said(_RESOURCE.sort(kept).found)
            self._known = (resource, run)
        return run


_RESOURCE = Table({})
_RUN_FIELDS = frozenset(_Run._fields)
_KEPT_OF_RESOURCE = frozenset(key for name in _Run._fields for key in IDENTITY[name])
_NOTHING_SAID = _Run()
_latest_resource = _LatestResource()
_ANY_PROJECT = "default"
"""What LangSmith and Phoenix call the project of those who named none; the service's name says more."""
_TRACEBACK = "Traceback (most recent call last)"
_REPR = re.compile(r"(?P<type>\w{1,80})\((?P<quote>['\"])(?P<text>.*)(?P=quote),?\)", re.DOTALL)
_ASKING = frozenset(
    ("ApprovalRequired", "CallDeferred", "GraphInterrupt", "NodeInterrupt", "GraphBubbleUp", "HumanInputRequired")
) | {"ToolApprovalRequired", "ApprovalPending", "RequireApproval", "SuspendError", "WorkflowSuspended"}
_ASKING_HEAD = re.compile(r"\w{6,40}(?=[(:])")
_STATUS = {0: Status.UNSET, 1: Status.OK, 2: Status.ERROR}
_USER_KEYS = ("user_id", "userId")
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
    around = _latest_resource.run(raw.resource)
    said = _NOTHING_SAID if _RUN_FIELDS.isdisjoint(found) else _said(found)
    named = said.project or around.project
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
        session=said.session or _named(metadata, _SESSION_KEYS) or around.session,
        user=said.user or _named(metadata, _USER_KEYS) or around.user,
        version=said.version or around.version,
        environment=said.environment or around.environment,
        project=named or said.service or around.service,
        project_by_service=named is None,
        task=said.task or around.task,
        tags=said.tags if "tags" in found else around.tags,
        convention=convention,
        attributes=sorted_attributes.rest,
    )


_NOT_KEPT = ("telemetry.", "service.", "process.", "host.", "os.", "container.", "k8s.", "cloud.", "device.", "faas.",
             "webengine.", "deployment.environment")  # fmt: skip
"""Of a resource: what tells of machines and programs."""


class _LatestPlace:
    """What a resource and a scope say for themselves, worked out once for the spans that share them."""

    def __init__(self) -> None:
        self._known: tuple[object, object, dict[str, JsonValue]] = (None, None, {})

    def said(self, raw: RawSpan) -> dict[str, JsonValue]:
        resource, scope, said = self._known
        if resource is not raw.resource or scope is not raw.scope_attributes:
            said = {
                f"resource.{key}": value
                for key, value in raw.resource.items()
                if key not in _KEPT_OF_RESOURCE and not key.startswith(_NOT_KEPT)
            }
            said |= {f"scope.{key}": value for key, value in raw.scope_attributes.items()}
            self._known = (raw.resource, raw.scope_attributes, said)
        return said


_latest_place = _LatestPlace()


def keep_place(span: Span, raw: RawSpan) -> None:
    """Keep what the resource and the scope say for themselves among the attributes, as `resource.…` and `scope.…`."""
    if said := _latest_place.said(raw):
        span.attributes |= said


def identity_of(span: Span, attributes: Mapping[str, JsonValue], resource: Mapping[str, JsonValue]) -> None:
    """Set who, where and which version on a span made from a log record."""
    said, around = _said(_RESOURCE.sort(attributes).found), _said(_RESOURCE.sort(resource).found)
    span.session = said.session or around.session
    span.user = said.user or around.user
    span.version = said.version or around.version
    span.environment = said.environment or around.environment
    named = said.project or around.project
    span.project, span.project_by_service = named or said.service or around.service, named is None
    span.task = said.task or around.task


def _said(found: Mapping[str, JsonValue]) -> _Run:
    return _Run(
        _unscrubbed(found.get("session")),
        _unscrubbed(found.get("user")),
        text_of(found.get("version")),
        text_of(found.get("environment")),
        _project(found, "project"),
        _project(found, "service"),
        text_of(found.get("task")),
        texts_of(found["tags"]) if "tags" in found else (),
    )


def _unscrubbed(value: JsonValue) -> str | None:
    """An id; None where Logfire took it for a secret, since one placeholder would join all sessions."""
    text = text_of(value)
    return None if text is not None and text.startswith("[Scrubbed due to ") else text


def _project(found: Mapping[str, JsonValue], key: str) -> str | None:
    name = text_of(found.get(key))
    return None if name is None or name.startswith("unknown_service") or name == _ANY_PROJECT else name


def _named(metadata: JsonValue, keys: tuple[str, ...]) -> str | None:
    """LangGraph and others name thread and user in a metadata object only."""
    if not isinstance(metadata, dict):
        return None
    return next((text for key in keys if (text := text_of(metadata.get(key)))), None)


def _agent_of(metadata: JsonValue) -> str | None:
    return text_of(metadata.get("lc_agent_name")) if isinstance(metadata, dict) else None


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
    if asking := _asking(raw, exception, kind):
        return Status.UNSET, StepError(
            raw.status_message or text_of(exception.get("exception.message")) or asking, asking
        )
    said = raw.status_message
    raised = text_of(exception.get("exception.message"))
    kind = text_of(exception.get("exception.type")) or (None if kind == "_OTHER" else kind)
    if raised and (not said or _TRACEBACK in said):
        said = raised
    elif kind:
        said = _without_type(said, kind, raised)
    if _TRACEBACK in said:
        said, kind = _without_traceback(said, kind)
    elif said.startswith("{"):
        said = error_in_object(said)
    return status, StepError(said or message or kind or "no message given", kind)


def _asking(raw: RawSpan, exception: Mapping[str, JsonValue], kind: str | None) -> str | None:
    """The exception by which a framework stops to ask a person; it is no failure."""
    named = text_of(exception.get("exception.type")) or kind or _ASKING_HEAD.match(raw.status_message)
    name = (named if isinstance(named, str) else named[0] if named else "").rsplit(".", 1)[-1]
    return name if name in _ASKING else None


def _without_type(said: str, kind: str, raised: str | None) -> str:
    """The message alone where a recorder wrote `ValueError: no slot` or `ValueError('no slot')`."""
    short = kind.rsplit(".", 1)[-1]
    for name in (kind, short):
        if said.startswith(f"{name}: ") and len(said) > len(name) + 2:
            return said[len(name) + 2 :]
    if said.startswith(f"{short}("):
        match = _REPR.fullmatch(said)
        return raised or (match["text"] if match else said)
    return said


def error_in_object(said: str) -> str:
    """OpenAI Agents' errors are `{"message": …, "data": {"error": …}}`, which recorders write as text."""
    value = read_arguments(said)
    if not isinstance(value, dict) or value.keys() != {"message", "data"} or not text_of(value["message"]):
        return said
    data = value["data"]
    why = text_of(data.get("error")) if isinstance(data, dict) else None
    return ": ".join(filter(None, (text_of(value["message"]), why)))


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
            _keep_exception(span, event.attributes)
        elif event.name not in used:
            kept.append({"name": event.name, "time_ns": event.time_ns, "attributes": event.attributes})
    if kept:
        span.attributes["events"] = kept


def _keep_exception(span: Span, values: Mapping[str, JsonValue]) -> None:
    """Keep the stack trace, and type and message where the span's error does not tell them."""
    told = f"{span.error.type} {span.error.message}" if span.error else ""
    for name in ("exception.type", "exception.message"):
        if (text := text_of(values.get(name))) and text not in told:
            span.attributes.setdefault(name, text)
    if trace := values.get("exception.stacktrace"):
        span.attributes["exception.stacktrace"] = trace


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
    only = _only(value)
    if isinstance(only, str) and only:
        return only
    if not _is_conversation(value) and _is_conversation(only):
        span.attributes[name], value = value, only
    if not _is_conversation(value):
        return value
    turns = read_messages(value, role)
    text = last_text(turns, role)
    if text is None:
        return value
    if len(turns) > 1 or (isinstance(value, dict) and len(value) > 1 and "messages" in value):
        span.attributes.setdefault(name, value)
    return text


def _only(value: JsonValue) -> JsonValue:
    """What an object of one field holds, however deep: `{"input_args": {"question": "Why?"}}`."""
    while isinstance(value, dict) and len(value) == 1:
        (value,) = value.values()
    return value


def _is_conversation(value: JsonValue) -> bool:
    if isinstance(value, dict):
        value = value.get("messages", [value])
    return isinstance(value, list) and any(map(_is_turn, value))


def _is_turn(item: JsonValue) -> bool:
    if isinstance(item, dict):
        return (
            "role" in item
            or "parts" in item
            or source_of(item) is not None
            or type_of(item) in ("human", "ai", "constructor")
        )
    return isinstance(item, list) and len(item) == 2 and item[0] in ("user", "human", "assistant", "ai", "system")


def cost_of(value: JsonValue) -> float | None:
    """A cost in dollars, as a number, text, or the total of an object of costs."""
    value = read_json(value)
    if isinstance(value, dict):
        total = number_of(value.get("total") if "total" in value else value.get("total_cost"))
        return total if total is not None else sum(filter(None, map(number_of, value.values()))) or None
    return number_of(value)
