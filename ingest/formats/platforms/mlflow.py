"""MLflow traces: `Trace.to_json` of MLflow 3 and of 2, the data frame of `search_traces`, and its REST API."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from ....model.errors import BadInputError
from ....model.text.jsontext import as_text, parse_if_json
from ....model.traces import Annotation, JsonValue, SpanBatch, TraceFacts
from ..fields import mapping, optional_text, sequence, time_ns
from ..head import Head
from ..judgements import annotator_kind, first_of, judgement, present
from ..records import ReadItem, Record, Source, each_record, paged_records

if TYPE_CHECKING:
    from ...otlp.raw import RawEvent, RawSpan

_SOURCE = "mlflow"
_STATUS = {"STATUS_CODE_OK": 1, "OK": 1, "STATUS_CODE_ERROR": 2, "ERROR": 2}
_COLUMNS = {"trace_id", "request_id", "trace_metadata", "request_metadata", "tags", "assessments"}


def sniff(head: Head) -> bool:
    """Whether the first record is a trace, a row or page of them, or the spans of one."""
    page = sequence(head.first.get("traces"))
    info, spans = _parts(mapping(page[0]) if page else head.first)
    first = as_text(mapping(sequence(spans)[0]).get("attributes")) if sequence(spans) else ""
    if "mlflow.spanType" in first or "mlflow.traceRequestId" in first:
        return True
    return bool({"trace_id", "request_id"} & info.keys()) and (spans is not None or "trace_metadata" in info)


def read(source: Source) -> Iterator[ReadItem]:
    """One batch per trace."""
    return each_record(source, lambda record: _batch(record, source), partial(paged_records, names=("traces",)))


def _parts(value: dict[str, JsonValue]) -> tuple[dict[str, JsonValue], JsonValue]:
    """What is said of a trace, and its spans (None where there are none), of any of the shapes."""
    trace = value.get("trace")
    whole = mapping(parse_if_json(trace) if isinstance(trace, str) else trace) or value
    info = mapping(whole.get("info") or whole.get("trace_info"))
    spans = mapping(whole.get("data")).get("spans") if "data" in whole else whole.get("spans")
    if not info and _COLUMNS & whole.keys():
        info = {name: item for name, item in whole.items() if name != "spans"}
    return info, spans if isinstance(spans, list) else None


def _batch(record: Record, source: Source) -> SpanBatch:
    from ...conventions.registry import to_batch

    info, raw_spans = _parts(mapping(record.value))
    if not isinstance(raw_spans, list):
        raise BadInputError(
            "The trace comes without its spans ('data.spans' or 'spans'). Export it with them: "
            "mlflow.search_traces(include_spans=True), or the API's traces/get."
        )
    source.limits.check_steps(len(raw_spans), where=record.where)
    key = as_text(first_of(info, "trace_id", "request_id"))
    spans = [_span(mapping(span), index, key, source) for index, span in enumerate(raw_spans)]
    trace_key = spans[0].trace_id if spans else key
    if not trace_key:
        raise BadInputError("Field 'info.trace_id' is missing.")
    batch = to_batch(spans, [])
    batch.facts.append(_facts(info, trace_key))
    return batch


def _span(value: dict[str, JsonValue], index: int, key: str, source: Source) -> RawSpan:
    from ...otlp.raw import RawSpan

    context = mapping(value.get("context"))
    status = value.get("status")
    code = mapping(status).get("code") if isinstance(status, dict) else first_of(value, "status_code", "status")
    span_id = hex_id(first_of(value, "span_id") or context.get("span_id"))
    if not span_id:
        raise BadInputError("Field 'span_id' is missing.", where=f"spans[{index}]")
    return RawSpan(
        trace_id=hex_id(first_of(value, "trace_id") or context.get("trace_id")) or key,
        span_id=span_id,
        parent_span_id=hex_id(first_of(value, "parent_span_id", "parent_id")) or None,
        name=as_text(value.get("name")) or "span",
        start_ns=time_ns(first_of(value, "start_time_unix_nano", "start_time")),
        end_ns=time_ns(first_of(value, "end_time_unix_nano", "end_time")),
        status_code=_STATUS.get(as_text(code), 0),
        status_message=as_text(mapping(status).get("message") or value.get("status_message")),
        attributes=_attributes(value.get("attributes"), source),
        events=[_event(mapping(event), source) for event in sequence(value.get("events"))],
        scope="mlflow",
        resource={},
        sequence=index,
    )


def _attributes(value: JsonValue, source: Source) -> dict[str, JsonValue]:
    """Attributes as an object or, from the API, as OTLP's list of pairs."""
    from ...otlp.json_form import attributes_of
    from ...otlp.raw import Bounds

    return attributes_of(value, Bounds(source.limits)) if isinstance(value, list) else dict(mapping(value))


def _event(value: dict[str, JsonValue], source: Source) -> RawEvent:
    from ...otlp.raw import RawEvent

    moment = time_ns(first_of(value, "time_unix_nano", "timestamp"))
    return RawEvent(as_text(value.get("name")), moment or 0, _attributes(value.get("attributes"), source))


def hex_id(value: JsonValue) -> str:
    """A span or trace id in hex; MLflow 3 writes base64, MLflow 2 hex with `0x`."""
    text = as_text(value).removeprefix("0x")
    if text.endswith("=") or len(text) in (12, 24):
        try:
            raw = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return text
        if len(raw) in (8, 16):
            return raw.hex()
    return text


def _facts(info: dict[str, JsonValue], trace_key: str) -> TraceFacts:
    metadata = mapping(info.get("trace_metadata") or info.get("request_metadata"))
    tags = _tags(info.get("tags"))
    own = {name: item for name, item in tags.items() if not name.startswith("mlflow.")}
    assessments = [mapping(item) for item in sequence(info.get("assessments"))]
    return TraceFacts(
        trace_key,
        session=optional_text(metadata.get("mlflow.trace.session")),
        user=optional_text(metadata.get("mlflow.trace.user")),
        version=optional_text(first_of(metadata, "mlflow.modelId", "mlflow.source.git.commit")),
        tags=tuple(f"{name}:{as_text(item)}" for name, item in own.items()),
        metadata={name: item for name, item in metadata.items() if not name.startswith("mlflow.trace")} or None,
        annotations=present(*(_assessment(item) for item in assessments)),
    )


def _tags(value: JsonValue) -> dict[str, JsonValue]:
    """Tags as an object or, from older servers, as a list of `{key, value}`."""
    pairs = [mapping(pair) for pair in sequence(value)]
    return mapping(value) or {as_text(pair.get("key")): pair.get("value") for pair in pairs}


def _assessment(value: dict[str, JsonValue]) -> Annotation | None:
    judged = mapping(value.get("feedback") or value.get("expectation"))
    source = mapping(value.get("source"))
    span_id = hex_id(value.get("span_id"))
    return judgement(
        first_of(value, "assessment_name", "name"),
        judged.get("value"),
        explanation=value.get("rationale"),
        kind=annotator_kind(source.get("source_type")),
        span_id=span_id or None,
        source=_SOURCE,
        is_expectation="expectation" in value and not value.get("feedback"),
    )
