"""Braintrust log and experiment rows: a span a row, with scores, as the API, `bt sql` and the web page export them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ....model.text.jsontext import as_text
from ....model.traces import Annotation, AnnotatorKind, JsonValue, Span, SpanBatch, StepKind, TraceFacts
from ..fields import mapping, number, optional_text, required_text, sequence, tags_of, time_ns, unpacked
from ..head import Head
from ..judgements import first_of, judgement, present
from ..records import DATASET_ITEMS, LeftOut, ReadItem, Record, Source, each_record, paged_records
from .platform_span import KINDS, PlatformSpan, error_of, platform_span

CONVENTION = "braintrust"
_PAGES = ("events", "rows", "data", "objects")
_SCALE = (0.0, 1.0)
"""Braintrust takes no score outside of it."""


def sniff(head: Head) -> bool:
    """Whether the first record is a row of a log, an experiment or a data set."""
    page = next((rows for name in _PAGES if (rows := sequence(head.first.get(name)))), [])
    return _is_row(mapping(page[0]) if page else head.first)


def _is_row(value: dict[str, JsonValue]) -> bool:
    is_span = {"span_id", "root_span_id"} <= value.keys() and bool(
        {"span_attributes", "span_parents", "_xact_id", "scores", "metrics"} & value.keys()
    )
    return is_span or ("_xact_id" in value and "dataset_id" in value)


def read(source: Source) -> Iterator[ReadItem]:
    """One batch per row."""
    return each_record(source, lambda record: _row(record, source), partial(paged_records, names=_PAGES))


def _row(record: Record, source: Source) -> SpanBatch | LeftOut:
    value = unpacked(mapping(record.value))
    if "dataset_id" in value and "span_attributes" not in value:
        return source.left_out("data set items", 1, DATASET_ITEMS)
    span = _span(value)
    is_root = span.parent_span_id is None
    metadata = mapping(value.get("metadata"))
    scores = mapping(value.get("scores"))
    expected = value.get("expected")
    notes = present(
        *(_score(name, score, None if is_root else span.span_id) for name, score in scores.items()),
        judgement("expected", None, label=as_text(expected), source=CONVENTION, is_expectation=True)
        if is_root and expected not in (None, "")
        else None,
    )
    if not (is_root or notes):
        return SpanBatch([span])
    return SpanBatch(
        [span],
        [
            TraceFacts(
                span.trace_key,
                session=span.session if is_root else None,
                user=span.user if is_root else None,
                tags=span.tags if is_root else (),
                metadata=(metadata or None) if is_root else None,
                annotations=notes,
            )
        ],
    )


def _span(value: dict[str, JsonValue]) -> Span:
    about, metadata, metrics = (mapping(value.get(name)) for name in ("span_attributes", "metadata", "metrics"))
    parents = sequence(value.get("span_parents"))
    kind = KINDS.get(as_text(about.get("type")).lower(), StepKind.CHAIN)
    error, error_type = error_of(value.get("error"))
    return platform_span(
        PlatformSpan(
            required_text(value, "root_span_id"),
            required_text(value, "span_id"),
            as_text(about.get("name")) or "span",
            kind,
            parent=optional_text(parents[0]) if parents else None,
            started_at_ns=time_ns(first_of(metrics, "start") or value.get("created")),
            ended_at_ns=time_ns(metrics.get("end")),
            input=value.get("input"),
            output=value.get("output"),
            model=optional_text(first_of(metadata, "model", "model_name")),
            provider=optional_text(metadata.get("provider")),
            usage=_usage(metrics),
            cost_usd=number(first_of(metrics, "estimated_cost", "cost")),
            error=error,
            error_type=error_type,
            tools=metadata.get("tools"),
            session=optional_text(first_of(metadata, "session_id", "thread_id", "conversation_id")),
            user=optional_text(metadata.get("user_id")),
            tags=tags_of(sequence(value.get("tags"))),
            attributes={name: item for name, item in metadata.items() if name not in ("model", "tools")},
        ),
        CONVENTION,
    )


def _usage(metrics: dict[str, JsonValue]) -> JsonValue:
    names = {
        "prompt_tokens": "prompt_tokens",
        "completion_tokens": "completion_tokens",
        "prompt_cached_tokens": "cached_tokens",
        "prompt_cache_creation_tokens": "cache_creation_tokens",
        "completion_reasoning_tokens": "reasoning_tokens",
    }
    return {ours: metrics[theirs] for theirs, ours in names.items() if metrics.get(theirs) is not None} or None


def _score(name: str, value: JsonValue, span_id: str | None) -> Annotation | None:
    return judgement(name, value, kind=AnnotatorKind.CODE, span_id=span_id, source=CONVENTION, ends=_SCALE)
