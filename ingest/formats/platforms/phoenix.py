"""Phoenix exports: rows of its spans dataframe as JSON or JSON lines, spans of its REST API, and annotations."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal

from ....model.errors import BadInputError
from ....model.score_scale import ScoreScale
from ....model.text.jsontext import as_text
from ....model.traces import Annotation, AnnotatorKind, JsonValue, SpanBatch, TraceFacts
from ..fields import mapping, number, optional_text, sequence, time_ns
from ..head import Head
from ..judgements import annotator_kind, first_of, judgement, present
from ..records import ReadItem, Record, RecordError, Source, json_records
from .phoenix_scopes import restore_scopes, with_metadata

if TYPE_CHECKING:
    from ...otlp.raw import RawEvent, RawSpan

_SOURCE = "phoenix"
_STATUS = {"OK": 1, "ERROR": 2}
_FLATTENED = ("llm.", "retrieval.", "embedding.", "reranker.", "tool.", "message.")
_JUDGING = {"label", "score", "explanation"}
_BETTER: dict[str, Literal["high", "low"]] = {"MAXIMIZE": "high", "MINIMIZE": "low"}
_FLUSH_ROWS = 2_000
_MAX_LEVELS = 16


def sniff(head: Head) -> bool:
    """Whether the first record is a row, a page of spans, or a dataframe written by columns."""
    first = head.first
    rows = sequence(first.get("data"))
    return _is_row(first) or bool(rows and _is_row(mapping(rows[0]))) or _is_columns(first)


def _is_row(value: dict[str, JsonValue]) -> bool:
    is_annotation = bool({"annotator_kind", "optimization_direction"} & value.keys()) and (
        bool({"result", "result.label", "result.score"} & value.keys()) or _is_config(value)
    )
    return (
        "context.span_id" in value
        or ("span_kind" in value and "span_id" in mapping(value.get("context")))
        or is_annotation
    )


def _is_judgement(row: dict[str, JsonValue]) -> bool:
    """Whether a row judges a span or trace: an annotation, or a row of the table that Phoenix's evaluators give."""
    if "start_time" in row or "span_kind" in row:
        return False
    return "annotator_kind" in row or bool(_JUDGING & row.keys() or {"result.label", "result.score"} & row.keys())


def _is_config(row: dict[str, JsonValue]) -> bool:
    """Whether a record declares a score: an annotation configuration."""
    return "name" in row and row.get("type") in ("CATEGORICAL", "CONTINUOUS", "FREEFORM")


def _scale(row: dict[str, JsonValue]) -> ScoreScale:
    ends = [number(mapping(value).get("score")) for value in sequence(row.get("values"))]
    given = [end for end in ends if end is not None]
    low, high = number(row.get("lower_bound")), number(row.get("upper_bound"))
    better = _BETTER.get(as_text(row.get("optimization_direction")).upper())
    return ScoreScale(min(given, default=low), max(given, default=high), better, is_declared=True)


def _is_columns(value: dict[str, JsonValue]) -> bool:
    return isinstance(value.get("context.span_id"), dict)


def read(source: Source) -> Iterator[ReadItem]:
    """Batches of up to a few thousand rows."""
    rows: list[RawSpan] = []
    judged = SpanBatch()
    for record in _records(source):
        if isinstance(record, RecordError):
            yield record
            continue
        for index, row in enumerate(_rows(mapping(record.value))):
            try:
                _add(row, rows, judged)
            except BadInputError as err:
                where = record.where if record.where != "document" else f"row {index}"
                yield source.error(where, str(err))
        if len(rows) + len(judged.facts) + len(judged.span_notes) >= _FLUSH_ROWS:
            yield _batch(rows, judged)
            rows, judged = [], SpanBatch()
    if rows or judged != SpanBatch():
        yield _batch(rows, judged)


def rows_batch(rows: Iterable[dict[str, JsonValue]], place: str) -> tuple[SpanBatch, list[RecordError]]:
    """One batch of spans and annotations as the REST API gives them.

    Args:
        rows: Spans, and annotations whose `context` names their trace.
        place: Where they come from, for errors.
    """
    spans: list[RawSpan] = []
    judged = SpanBatch()
    errors: list[RecordError] = []
    for index, row in enumerate(rows):
        try:
            _add(row, spans, judged)
        except BadInputError as err:
            errors.append(RecordError(place, f"row {index}", str(err)))
    return _batch(spans, judged), errors


def _records(source: Source) -> Iterator[Record | RecordError]:
    """Rows, those of a page apart."""
    for record in json_records(source):
        value = record.value if isinstance(record, Record) else None
        page = value.get("data") if isinstance(value, dict) else None
        if isinstance(page, list):
            yield from (Record(f"data[{index}]", row) for index, row in enumerate(page))
        else:
            yield record


def _batch(rows: list[RawSpan], judged: SpanBatch) -> SpanBatch:
    from ...conventions.registry import to_batch

    restore_scopes(rows)
    batch = to_batch(rows, [])
    batch.facts.extend(judged.facts)
    batch.span_notes.extend(judged.span_notes)
    batch.scales.update(judged.scales)
    return batch


def _rows(value: dict[str, JsonValue]) -> Iterator[dict[str, JsonValue]]:
    """The rows of a record: itself, or those of a dataframe written by columns, whose index is the span's id."""
    if isinstance(value.get("context.span_id"), dict):
        for index in mapping(value["context.span_id"]):
            yield {name: mapping(column).get(index) for name, column in value.items()}
    else:
        yield value


def _add(row: dict[str, JsonValue], spans: list[RawSpan], judged: SpanBatch) -> None:
    if _is_config(row):
        judged.scales[as_text(row["name"])] = _scale(row)
        return
    context = mapping(row.get("context"))
    span_id = optional_text(row.get("context.span_id") or context.get("span_id"))
    trace_id = optional_text(row.get("context.trace_id") or context.get("trace_id"))
    if _is_judgement(row):
        _judge(
            row, trace_id or optional_text(row.get("trace_id")), span_id or optional_text(row.get("span_id")), judged
        )
        return
    if not span_id or not trace_id:
        raise BadInputError("A row needs context.span_id and context.trace_id.")
    spans.append(_span(row, trace_id, span_id, len(spans)))
    notes = [note for item in sequence(row.get("annotations")) for note in _annotations(mapping(item), span_id)]
    if notes:
        judged.facts.append(TraceFacts(trace_id, annotations=tuple(notes)))


def _span(row: dict[str, JsonValue], trace_id: str, span_id: str, index: int) -> RawSpan:
    from ...otlp.raw import RawSpan

    attributes: dict[str, JsonValue] = {}
    for key, value in mapping(row.get("attributes")).items():
        _flatten(key, value, attributes)
    for key, value in row.items():
        if key.startswith("attributes."):
            _flatten(key.removeprefix("attributes."), value, attributes)
    if row.get("span_kind") not in (None, ""):
        attributes["openinference.span.kind"] = as_text(row["span_kind"]).upper()
    attributes = with_metadata(attributes)
    return RawSpan(
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=optional_text(row.get("parent_id")),
        name=as_text(row.get("name")) or "span",
        start_ns=time_ns(row.get("start_time")),
        end_ns=time_ns(row.get("end_time")),
        status_code=_STATUS.get(as_text(row.get("status_code")).upper(), 0),
        status_message=as_text(row.get("status_message")),
        attributes=attributes,
        events=[_event(mapping(event)) for event in sequence(row.get("events"))],
        scope=_SOURCE,
        resource={},
        sequence=index,
    )


def _event(value: dict[str, JsonValue]) -> RawEvent:
    from ...otlp.raw import RawEvent

    attributes: dict[str, JsonValue] = {}
    for key, item in mapping(value.get("attributes")).items():
        if isinstance(item, dict):
            attributes.update({f"{key}.{name}": inner for name, inner in item.items()})
        else:
            attributes[key] = item
    return RawEvent(as_text(value.get("name")), time_ns(value.get("timestamp")) or 0, attributes)


def _flatten(key: str, value: JsonValue, into: dict[str, JsonValue], level: int = 0) -> None:
    """Writes nested values under the dotted keys of OpenInference; cells without a value are left out."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return
    nests = (
        key.startswith(_FLATTENED) or level > 0 or key in ("llm", "input", "output", "openinference", "session", "user")
    )
    if isinstance(value, dict) and nests and level < _MAX_LEVELS and not key.endswith(("metadata", "json_schema")):
        for name, item in value.items():
            _flatten(f"{key}.{name}", item, into, level + 1)
    elif isinstance(value, list) and nests and level < _MAX_LEVELS and any(isinstance(item, dict) for item in value):
        for index, item in enumerate(value):
            _flatten(f"{key}.{index}", item, into, level + 1)
    else:
        into[key] = value


def _judge(row: dict[str, JsonValue], trace_id: str | None, span_id: str | None, judged: SpanBatch) -> None:
    """Adds what a row says of a span or, without one, of its trace. Evaluators name the span alone.

    Raises:
        BadInputError: if it names neither, or says nothing.
    """
    notes = _annotations(row, span_id)
    if trace_id:
        judged.facts.append(TraceFacts(trace_id, annotations=notes))
    elif span_id:
        judged.span_notes.extend(notes)
    else:
        raise BadInputError("The judgement names neither a context.span_id nor a context.trace_id. Add the column.")


def _annotations(row: dict[str, JsonValue], span_id: str | None) -> tuple[Annotation, ...]:
    result = mapping(row.get("result")) or row
    return present(
        judgement(
            first_of(row, "name", "annotation_name", "eval_name", "metadata.eval_name") or "evaluation",
            first_of(result, "score", "result.score"),
            label=first_of(result, "label", "result.label"),
            explanation=first_of(result, "explanation", "result.explanation"),
            kind=annotator_kind(row.get("annotator_kind"), AnnotatorKind.LLM),
            span_id=span_id,
            source=_SOURCE,
        )
    )
