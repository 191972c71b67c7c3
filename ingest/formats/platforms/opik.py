"""Opik traces and spans (Comet): the REST API, `opik export`, and frames written as JSON lines."""

from __future__ import annotations

from collections.abc import Iterator

from ....model.errors import BadInputError
from ....model.text.jsontext import as_text
from ....model.traces import Annotation, JsonValue, Span, SpanBatch, StepKind, TraceFacts
from ..fields import mapping, number, optional_text, required_text, sequence, span_id_of, tags_of, time_ns, unpacked
from ..head import Head
from ..judgements import annotator_kind, judgement, present
from ..records import DATASET_ITEMS, LeftOut, ReadItem, Record, Source, each_record, paged_records
from .platform_span import KINDS, PlatformSpan, error_of, platform_span

CONVENTION = "opik"
_PAGES = ("content", "traces", "spans")
_OURS = {"feedback_scores", "span_feedback_scores", "error_info", "total_estimated_cost", "llm_span_count", "usage"}
_SOURCES = {"ui": "human", "sdk": "code", "online_scoring": "llm"}


def sniff(head: Head) -> bool:
    """Whether the first record is a trace, a span, a page of them, or a trace with its spans."""
    page = next((rows for name in _PAGES if (rows := sequence(head.first.get(name)))), [])
    return any(_shape(mapping(value)) for value in (head.first, *page[:1]))


def _shape(value: dict[str, JsonValue]) -> str:
    trace = mapping(value.get("trace"))
    if isinstance(value.get("spans"), list) and _shape(trace) == "trace":
        return "whole"
    if "dataset_item_id" in value or ("data" in value and value.get("source") in ("sdk", "manual") and "id" in value):
        return "item"
    if "id" not in value or "start_time" not in value or "run_type" in value or "context" in value:
        return ""
    if "trace_id" in value and ("type" in value or "parent_span_id" in value) and (_OURS | {"type"}) & value.keys():
        return "span" if as_text(value.get("type")) in ("", "llm", "tool", "general", "guardrail") else ""
    if "trace_id" not in value and "observations" not in value and "project_id" in value and _OURS & value.keys():
        return "trace"
    return "trace" if "feedback_scores" in value and "trace_id" not in value else ""


def read(source: Source) -> Iterator[ReadItem]:
    """One batch per record: a trace with its spans, a trace alone, or a span."""
    return each_record(source, lambda record: _batch(record, source), lambda file: paged_records(file, _PAGES[:1]))


def _batch(record: Record, source: Source) -> SpanBatch | LeftOut:
    value = unpacked(mapping(record.value))
    shape = _shape(value)
    if shape == "item":
        return source.left_out("data set items", 1, DATASET_ITEMS)
    if shape == "whole":
        spans = [mapping(item) for item in sequence(value["spans"])]
        source.limits.check_steps(len(spans) + 1, where=record.where)
        return _whole([mapping(value["trace"])], spans)
    if any(isinstance(value.get(name), list) for name in _PAGES[1:]):
        return _whole(*([mapping(item) for item in sequence(value.get(name))] for name in _PAGES[1:]))
    if shape == "":
        raise BadInputError("No trace (id, start_time, feedback_scores) and no span (id, trace_id, type).")
    return _whole([value], []) if shape == "trace" else _whole([], [value])


def _whole(traces: list[dict[str, JsonValue]], spans: list[dict[str, JsonValue]]) -> SpanBatch:
    batch = SpanBatch()
    roots: dict[str, str] = {}
    for trace in traces:
        root = _root(trace)
        roots[root.trace_key] = root.span_id
        batch.spans.append(root)
        batch.facts.append(_facts(trace, root.trace_key))
    for value in spans:
        trace_key = required_text(value, "trace_id")
        span = _span(value, trace_key, roots.get(trace_key) or _root_id(trace_key), len(batch.spans))
        batch.spans.append(span)
        if notes := _scores(value, span.span_id):
            batch.facts.append(TraceFacts(trace_key, annotations=notes))
    return batch


def _root_id(trace_key: str) -> str:
    return span_id_of(trace_key, "trace")


def _root(value: dict[str, JsonValue]) -> Span:
    """The trace itself, which Opik keeps as the frame around its spans."""
    trace_key = required_text(value, "id")
    error, error_type = error_of(value.get("error_info"))
    said = PlatformSpan(
        trace_key,
        _root_id(trace_key),
        as_text(value.get("name")) or "trace",
        StepKind.AGENT,
        started_at_ns=time_ns(value.get("start_time")),
        ended_at_ns=time_ns(value.get("end_time")),
        input=value.get("input"),
        output=value.get("output"),
        error=error,
        error_type=error_type,
    )
    return platform_span(said, CONVENTION)


def _span(value: dict[str, JsonValue], trace_key: str, root_id: str, index: int) -> Span:
    error, error_type = error_of(value.get("error_info"))
    said = PlatformSpan(
        trace_key,
        required_text(value, "id"),
        as_text(value.get("name")) or "span",
        KINDS.get(as_text(value.get("type")).lower(), StepKind.CHAIN),
        parent=optional_text(value.get("parent_span_id")) or root_id,
        started_at_ns=time_ns(value.get("start_time")),
        ended_at_ns=time_ns(value.get("end_time")),
        input=value.get("input"),
        output=value.get("output"),
        model=optional_text(value.get("model")),
        provider=optional_text(value.get("provider")),
        usage=value.get("usage"),
        cost_usd=number(value.get("total_estimated_cost")),
        error=error,
        error_type=error_type,
        tags=tags_of(sequence(value.get("tags"))),
        attributes=mapping(value.get("metadata")),
    )
    return platform_span(said, CONVENTION, index)


def _facts(value: dict[str, JsonValue], trace_key: str) -> TraceFacts:
    return TraceFacts(
        trace_key,
        project=optional_text(value.get("project_name")),
        session=optional_text(value.get("thread_id")),
        tags=tags_of(sequence(value.get("tags"))),
        metadata=mapping(value.get("metadata")) or None,
        annotations=_scores(value, None),
    )


def _scores(value: dict[str, JsonValue], span_id: str | None) -> tuple[Annotation, ...]:
    return present(
        *(
            judgement(
                score.get("name"),
                score.get("value"),
                label=score.get("category_name"),
                explanation=score.get("reason"),
                kind=annotator_kind(_SOURCES.get(as_text(score.get("source")).lower(), "")),
                span_id=span_id,
                source=CONVENTION,
            )
            for score in map(mapping, sequence(value.get("feedback_scores")))
        )
    )
