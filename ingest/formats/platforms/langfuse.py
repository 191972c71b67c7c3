"""Langfuse exports: traces with their observations and scores, or observations and scores on their own.

Field names are those of the API (`traceId`); blob storage exports spell them `trace_id`. "Download trace as JSON" of
the web page gives `{trace, observations}` until version 3, `{observations, scores}` since; there values are JSON texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from ....model.errors import BadInputError
from ....model.score_scale import ScoreScale
from ....model.text.jsontext import as_text, parse_if_json
from ....model.traces import Annotation, JsonValue, Span, SpanBatch, StepKind, TraceFacts
from ..fields import (
    mapping,
    number,
    optional_text,
    required_text,
    sequence,
    shortened,
    span_id_of,
    tags_of,
    time_ns,
    unpacked,
)
from ..head import Head
from ..judgements import annotator_kind, first_of, judgement, present
from ..records import DATASET_ITEMS, LeftOut, ReadItem, Record, Source, each_record, paged_records
from .langfuse_tree import mended_batch

if TYPE_CHECKING:
    from ...otlp.raw import RawSpan

_SOURCE = "langfuse"
_PAGES = ("data", "traces")
"""A page of the API, and a session as the web page downloads it."""
_SNAKE = re.compile(r"_([a-z])")
_OBSERVATION_TYPES = {
    "SPAN", "GENERATION", "EVENT", "AGENT", "TOOL", "CHAIN", "RETRIEVER", "EVALUATOR", "EMBEDDING", "GUARDRAIL",
}  # fmt: skip
_DOWNLOADED = {"observations", "scores", "htmlPath", "bookmarked", "projectId"}
_TRACE_KEYS = {"observations", "scores", "userId", "sessionId", "htmlPath", "bookmarked"}


def sniff(head: Head) -> bool:
    """Whether the first record is a trace, an observation, a score or a page of them."""
    first = (*head.records[:1], *(item for name in _PAGES for item in sequence(head.first.get(name))[:1]))
    if _is_download(head.first):
        return True
    shapes = [(_shape(value), value) for value in (_spelled(mapping(record)) for record in first)]
    # A CSV of reviews may also have traceId, name and value; a score says where it came from.
    return any(shape and (shape != "score" or not head.columns or "source" in value) for shape, value in shapes)


def _is_download(value: dict[str, JsonValue]) -> bool:
    """Whether a record is a trace as the web page downloads it."""
    trace = mapping(value.get("trace"))
    if "id" in value or not (_DOWNLOADED & trace.keys() or "observations" in value):
        return False
    first = mapping(next(iter(sequence(value.get("observations"))), None))
    if "info" in trace or not ("id" in trace or first):
        return False  # the former is MLflow's
    return not first or ("traceId" in first and bool({"startTime", "type"} & first.keys()))


def _spelled(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """The record with the API's names for its fields."""
    if "traceId" in value or not ("trace_id" in value or {"project_id", "bookmarked"} <= value.keys()):
        return value
    spelled = {_SNAKE.sub(lambda match: match[1].upper(), name): item for name, item in value.items()}
    if "spanId" in spelled:  # the table of events, which holds traces and observations in one
        spelled.setdefault("id", spelled["spanId"])
        spelled.setdefault("parentObservationId", spelled.get("parentSpanId"))
    return spelled


def _shape(value: dict[str, JsonValue]) -> str:
    if _is_download(value):
        return "download"
    if "datasetId" in value and "expectedOutput" in value:
        return "item"
    if "traceId" not in value and "dataType" in value and {"minValue", "maxValue", "categories"} & value.keys():
        return "config"
    if "subject" in value and "dataType" in value and "value" in value:
        return "score"
    if "traceId" in value and as_text(value.get("type")).upper() in _OBSERVATION_TYPES:
        return "observation"
    if "traceId" in value and "name" in value and ("value" in value or "stringValue" in value):
        return "score"
    if "id" in value and "spans" not in value and "messages" not in value and _TRACE_KEYS & value.keys():
        return "trace"
    return ""


def read(source: Source) -> Iterator[ReadItem]:
    """One batch per record."""
    return each_record(source, lambda record: _batch(record, source), partial(paged_records, names=_PAGES))


def _batch(record: Record, source: Source) -> SpanBatch | LeftOut:
    value = _spelled(mapping(record.value))
    shape = _shape(value)
    if shape == "item":
        return source.left_out("data set items", 1, DATASET_ITEMS)
    if shape == "config":
        return SpanBatch(scales=_scale(value))
    if shape == "score":
        return SpanBatch([], [TraceFacts(_judged_trace(value), annotations=present(_score(value)))])
    if shape == "observation":
        return mended_batch([_observation(value, required_text(value, "traceId"), 0)], {})
    if shape not in ("trace", "download"):
        raise BadInputError("No trace (id, observations), observation (traceId, type) or score (traceId, value).")
    return _trace(value if shape == "trace" else _downloaded(value), source, record.where)


def _trace(value: dict[str, JsonValue], source: Source, where: str) -> SpanBatch:
    trace_key = required_text(value, "id")
    observations = sequence(value.get("observations"))
    source.limits.check_steps(len(observations), where=where)
    raw = [_observation(_spelled(mapping(item)), trace_key, index) for index, item in enumerate(observations)]
    batch = mended_batch(raw, value)
    if not observations:
        batch.spans.append(_whole_run(value, trace_key))
    batch.facts.append(_trace_facts(value, trace_key))
    return batch


def _downloaded(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """A download in the shape of the API's trace: the observations beside the trace are the ones with content."""
    observations = [_decoded(mapping(item)) for item in sequence(value.get("observations"))]
    first = observations[0] if observations else {}
    trace = unpacked(_decoded(mapping(value.get("trace"))))
    scores = sequence(trace.get("scores")) or sequence(value.get("scores"))
    return {
        "id": first.get("traceId"),
        "name": first.get("traceName"),
        "sessionId": first.get("sessionId"),
        "userId": first.get("userId"),
        "environment": first.get("environment"),
        **{name: item for name, item in trace.items() if item is not None},
        "observations": list(observations),
        "scores": scores,
    }


def _decoded(observation: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """An observation with its JSON texts read, also those that were encoded twice."""
    from ...conventions.values import read_any_json, read_json

    read: dict[str, JsonValue] = dict(observation)
    for name in ("input", "output"):
        value = observation.get(name)
        if isinstance(value, str) and value[:1] in ('"', "[", "{"):
            read[name] = read_json(read_any_json(value))
    return read


def _observation(value: dict[str, JsonValue], trace_key: str, index: int) -> RawSpan:
    from ...otlp.raw import RawSpan

    attributes: dict[str, JsonValue] = {
        "langfuse.observation.type": as_text(value.get("type")).lower() or "span",
        "langfuse.observation.input": value.get("input"),
        "langfuse.observation.output": value.get("output"),
        "langfuse.observation.model.name": first_of(value, "model", "providedModelName"),
        "langfuse.observation.model.parameters": value.get("modelParameters"),
        "langfuse.observation.usage_details": first_of(value, "usageDetails", "usage") or _old_usage(value),
        "langfuse.observation.cost_details": first_of(value, "costDetails"),
        "langfuse.observation.level": value.get("level"),
        "langfuse.observation.status_message": value.get("statusMessage"),
        "langfuse.observation.prompt.name": value.get("promptName"),
        "langfuse.observation.metadata": value.get("metadata"),
        "langfuse.environment": value.get("environment"),
        "langfuse.version": first_of(value, "version", "release"),
        "session.id": value.get("sessionId"),
        "user.id": value.get("userId"),
        "langfuse.trace.name": value.get("traceName"),
        "langfuse.trace.tags": value.get("tags"),
    }
    for name in ("metadata", "usage_details", "cost_details"):
        key = f"langfuse.observation.{name}"
        attributes[key] = _parsed(attributes[key])
    return RawSpan(
        trace_id=trace_key,
        span_id=required_text(value, "id", where=f"observations[{index}]"),
        parent_span_id=optional_text(value.get("parentObservationId")),
        name=as_text(value.get("name")) or as_text(value.get("type")).lower() or "span",
        start_ns=time_ns(value.get("startTime")),
        end_ns=time_ns(value.get("endTime")),
        status_code=2 if value.get("level") == "ERROR" else 0,
        status_message=as_text(value.get("statusMessage")),
        attributes={key: item for key, item in attributes.items() if item not in (None, "", [], {})},
        events=[],
        scope="langfuse-sdk",
        resource={},
        sequence=index,
    )


def _parsed(value: JsonValue) -> JsonValue:
    return parse_if_json(value) if isinstance(value, str) else value


def _old_usage(value: dict[str, JsonValue]) -> JsonValue:
    """The counts of version 2, beside the other fields."""
    counts = {"input": value.get("promptTokens"), "output": value.get("completionTokens")}
    return {name: item for name, item in counts.items() if item} or None


def _whole_run(value: dict[str, JsonValue], trace_key: str) -> Span:
    """The one step of a trace that was exported without observations."""
    return Span(
        trace_key,
        span_id_of(trace_key, "run"),
        as_text(value.get("name")) or "run",
        StepKind.AGENT,
        started_at_ns=time_ns(value.get("timestamp")),
        inputs=value.get("input"),
        outputs=value.get("output"),
        convention=_SOURCE,
    )


def _trace_facts(value: dict[str, JsonValue], trace_key: str) -> TraceFacts:
    metadata = dict(mapping(_parsed(value.get("metadata"))))
    if value.get("name"):
        metadata.setdefault("name", value["name"])
    scores = [_spelled(mapping(score)) for score in sequence(value.get("scores"))]
    return TraceFacts(
        trace_key,
        version=optional_text(first_of(value, "version", "release")),
        session=optional_text(value.get("sessionId")),
        user=optional_text(value.get("userId")),
        environment=optional_text(value.get("environment")),
        tags=tags_of(sequence(value.get("tags"))),
        metadata=metadata or None,
        annotations=present(*(_score(score) for score in scores)),
    )


def _judged_trace(value: dict[str, JsonValue]) -> str:
    """The trace of a score, which newer ones name in `subject`.

    Raises:
        BadInputError: if it is on a session or a dataset run.
    """
    subject = mapping(value.get("subject"))
    trace_id = subject.get("id") if subject.get("kind") == "trace" else subject.get("traceId")
    found = optional_text(value.get("traceId") or trace_id)
    if found is None:
        kind = as_text(subject.get("kind")) or ("session" if value.get("sessionId") else "dataset run")
        raise BadInputError(
            f"The score is on a {shortened(kind, 20)}, not on a trace or an observation. Put it on the traces that "
            "it judges, or say what is known of them with `retrospan mark`."
        )
    return found


def _score(value: dict[str, JsonValue]) -> Annotation | None:
    subject = mapping(value.get("subject"))
    on_span = subject.get("id") if subject.get("kind") == "observation" else None
    config = mapping(value.get("config"))
    is_correction = as_text(value.get("dataType")).upper() == "CORRECTION"
    score, label = value.get("value"), value.get("stringValue")
    if value.get("dataType") == "BOOLEAN" and not label and score in (0, 1):
        label = "true" if score else "false"
    return judgement(
        value.get("name"),
        None if is_correction else score,
        label=label,
        explanation=first_of(value, "comment", "longStringValue"),
        kind=annotator_kind(value.get("source")),
        span_id=first_of(value, "observationId") or on_span,
        source=_SOURCE,
        ends=(config.get("minValue"), config.get("maxValue")),
        is_expectation=is_correction,
    )


def _scale(value: dict[str, JsonValue]) -> dict[str, ScoreScale]:
    """What a score config declares."""
    given = [number(mapping(item).get("value")) for item in sequence(value.get("categories"))]
    ends = [end for end in given if end is not None]
    low, high = min(ends, default=number(value.get("minValue"))), max(ends, default=number(value.get("maxValue")))
    if low is None or high is None:
        return {}
    return {required_text(value, "name"): ScoreScale(low, high, is_declared=True)}
