"""GenAI log records as partial spans and annotations, joined to spans that came earlier or come later."""

from __future__ import annotations

from collections.abc import Iterable

from ...model.reading.merge import EVENTS
from ...model.text.jsontext import as_text
from ...model.traces import Annotation, JsonValue, Span, Status, StepError, StepKind
from ..otlp.raw import RawLog, RawSpan
from . import genai
from .base import identity_of
from .events import DETAILS, EVENT_NAMES, Conversation
from .judgements import judgement_of
from .values import read_json, text_of

EVALUATION = "gen_ai.evaluation.result"
_MESSAGES = frozenset(EVENT_NAMES)


def event_name(record: RawLog) -> str:
    """The name of an event, which has moved from an attribute and the body to a field of its own."""
    if record.event_name:
        return record.event_name
    name = text_of(record.attributes.get("event.name"))
    return name or (record.body if isinstance(record.body, str) and len(record.body) < 128 else "")


def read_details(record: RawLog, notes: list[Annotation]) -> Span:
    """A whole call told by one record, as a partial span."""
    operation = text_of(record.attributes.get("gen_ai.operation.name")) or "chat"
    model = text_of(record.attributes.get("gen_ai.request.model")) or ""
    raw = RawSpan(
        record.trace_id,
        record.span_id,
        None,
        f"{operation} {model}".strip(),
        record.time_ns,
        None,
        0,
        "",
        {"gen_ai.operation.name": operation, **record.attributes},
        [],
        record.scope,
        record.resource,
        record.sequence,
    )
    return genai.read(raw, notes)


def read_turns(records: Iterable[RawLog]) -> Span:
    """Turns of one call told one by one, all pointing at the same span, as a partial span."""
    said = Conversation()
    listed = list(records)
    for record in listed:
        body: JsonValue = read_json(record.body)
        values = body if isinstance(body, dict) else {"content": body}
        said.add(event_name(record), {**record.attributes, **values})
    last = listed[-1]
    span = Span(
        last.trace_id,
        last.span_id,
        "chat",
        StepKind.LLM,
        started_at_ns=listed[0].time_ns,
        sequence=listed[0].sequence,
        input_messages=tuple(said.inputs),
        output_messages=tuple(said.outputs),
        finish_reason=said.finish_reason,
        provider=text_of(last.attributes.get("gen_ai.provider.name") or last.attributes.get("gen_ai.system")),
        convention=EVENTS,
    )
    identity_of(span, last.attributes, last.resource)
    return span


def is_turn(record: RawLog) -> bool:
    """Whether a record holds one turn of a conversation with a model."""
    return event_name(record) in _MESSAGES


def is_details(record: RawLog) -> bool:
    """Whether a record holds a whole call."""
    return event_name(record) == DETAILS


def is_exception(record: RawLog) -> bool:
    """Whether a record tells that a GenAI operation failed."""
    name = event_name(record)
    return name.startswith("gen_ai.") and name.endswith(".exception")


def read_exception(record: RawLog) -> Span:
    """A failure told by a record, as a partial span."""
    values = record.attributes
    kind = text_of(values.get("exception.type") or values.get("error.type"))
    message = text_of(values.get("exception.message")) or kind or as_text(record.body) or "no message given"
    span = Span(
        record.trace_id,
        record.span_id,
        event_name(record).removesuffix(".exception"),
        status=Status.ERROR,
        error=StepError(message, kind),
        started_at_ns=record.time_ns,
        sequence=record.sequence,
        convention=EVENTS,
    )
    identity_of(span, values, record.resource)
    return span


def read_evaluation(record: RawLog) -> Annotation | None:
    """A judgement told by a record; its parent is the span judged."""
    if not text_of(record.attributes.get("gen_ai.evaluation.name")):
        return None
    return judgement_of(EVALUATION, record.attributes, record.span_id or None, record.scope)
