"""Raw OTLP records as a batch in normal form: each span by its own convention, log records joined to their spans."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from ...model.reading.doubles import BY_SHAPE
from ...model.traces import Annotation, Span, SpanBatch, TraceFacts
from ..otlp.raw import RawLog, RawSpan
from . import genai, logs
from .base import keep_place
from .events import EVENT_NAMES
from .judgements import judgements_in
from .machinery import is_machinery
from .products import (
    claude_code,
    claude_code_logs,
    codex,
    generic,
    langfuse,
    langsmith,
    logfire_openai_agents,
    mlflow,
    openinference,
    openllmetry,
    vercel,
)
from .products.dialects import read_with
from .products.frameworks import dialect_of

_GENAI_KEYS = ("gen_ai.", "mcp.method.", "pydantic_ai.", "all_messages_events", "gcp.vertex.agent.", "llm.request.type")
_Reader = Callable[[RawSpan, list[Annotation]], Span]
_BY_KEY: tuple[tuple[str, _Reader], ...] = (
    ("openinference.span.kind", openinference.read),
    ("langfuse.observation.type", langfuse.read),
    ("mlflow.spanType", mlflow.read),
    ("langsmith.span.kind", langsmith.read),
    ("traceloop.span.kind", openllmetry.read),
    ("crewai.crew.id", openllmetry.read),
    ("ai.operationId", vercel.read),
)
"""The key that tells the convention of a span; the first that is there decides."""


def to_batch(raw_spans: Iterable[RawSpan], raw_logs: Iterable[RawLog] = ()) -> SpanBatch:
    """Spans and facts ready to be committed.

    The convention is told per span, since one trace mixes several. A log record that holds content of a span becomes
    a partial span with the same trace key and span id; `store.merge` joins the two in whatever order they come.

    Args:
        raw_spans: Spans of one request or file.
        raw_logs: Log records of one request or file.

    Cost: about 50 µs a span on real captures.
    """
    batch = SpanBatch()
    notes: defaultdict[str, list[Annotation]] = defaultdict(list)
    left_out: dict[str, RawSpan] = {}
    for raw in raw_spans:
        if is_machinery(raw):
            left_out[raw.span_id] = raw
        else:
            span = to_span(raw, notes[raw.trace_id])
            if raw.parent_span_id is None or raw.entered:
                keep_place(span, raw)
            if raw.events:
                notes[raw.trace_id].extend(judgements_in(raw))
            batch.spans.append(span)
            if span.convention == BY_SHAPE:
                batch.by_shape[raw.scope or "an unnamed scope"] += 1
    if left_out:
        _lift(batch.spans, left_out)
    _add_logs(raw_logs, batch, notes)
    batch.facts.extend(TraceFacts(key, annotations=tuple(found)) for key, found in notes.items() if found)
    return batch


def _lift(spans: Iterable[Span], left_out: Mapping[str, RawSpan]) -> None:
    """Hang spans below the nearest parent that was kept; AutoGen's agents run in messages on its bus."""
    for span in spans:
        for _ in left_out:
            above = left_out.get(span.parent_span_id or "")
            if above is None or above.parent_span_id is None:
                break
            span.parent_span_id = above.parent_span_id


def to_span(raw: RawSpan, notes: list[Annotation]) -> Span:
    """One span in normal form; judgements on it are added to `notes`."""
    attributes = raw.attributes
    if raw.scope == logfire_openai_agents.SCOPE:
        return logfire_openai_agents.read(raw, notes)
    for key, read in _BY_KEY:
        if key in attributes:
            return read(raw, notes)
    if (dialect := dialect_of(raw)) is not None:
        return read_with(dialect, raw, notes)
    if "gen_ai.operation.name" in attributes:
        return genai.read(raw, notes)
    if "span.type" in attributes and "claude_code" in raw.scope:
        return claude_code.read(raw, notes)
    if any(key.startswith(_GENAI_KEYS) for key in attributes) or any(event.name in EVENT_NAMES for event in raw.events):
        return genai.read(raw, notes)
    if openllmetry.is_vector_query(raw):
        return openllmetry.read_vector_query(raw, notes)
    if openinference.is_without_kind(raw):
        return openinference.read(raw, notes)
    return generic.read(raw, notes)


def _add_logs(records: Iterable[RawLog], batch: SpanBatch, notes: defaultdict[str, list[Annotation]]) -> None:
    turns: defaultdict[tuple[str, str], list[RawLog]] = defaultdict(list)
    claude: list[RawLog] = []
    coding: list[RawLog] = []
    for record in records:
        if claude_code_logs.is_event(record):
            claude.append(record)
        elif codex.is_event(record):
            coding.append(record)
        elif record.trace_id and logs.event_name(record) == logs.EVALUATION:
            if note := logs.read_evaluation(record):
                notes[record.trace_id].append(note)
        elif not record.span_id:
            continue
        elif logs.is_details(record):
            batch.spans.append(logs.read_details(record, notes[record.trace_id]))
        elif logs.is_turn(record):
            turns[record.trace_id, record.span_id].append(record)
        elif logs.is_exception(record):
            batch.spans.append(logs.read_exception(record))
    batch.spans.extend(map(logs.read_turns, turns.values()))
    batch.spans.extend(claude_code_logs.read(claude))
    batch.spans.extend(codex.read(coding))
