"""What a reviewer sees of a trace, as hashes computed from the recorded content itself.

The digests that ingest keeps in columns serve to recognise a span; a signature must not rest on them, since whoever
can change a body in the file can leave its digest as it was. Hashes cover spans as recorded, not the steps derived
from them, so that a better derivation in a later version does not undo what people signed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from ...model.reading.assembly import Place, reading_order
from ...model.reviews import SeenTrace
from ...model.text.jsontext import canonical
from ...model.traces import Message, Span
from ...trust.verdicts import CurrentTrace
from ..caches import Slot
from ..contract import Connection, Store
from ..erasure.records import redacted_spans
from ..traces.revisions import load_order, trace_rows
from ..traces.spans import load_spans

_CACHED_TRACES = 2_000
_SEEN: Slot[dict[int, tuple[object, tuple[tuple[str, str], CurrentTrace]]]] = Slot("seen", dict)
"""By trace: the store's change mark when it was read, and what was read."""


def current_trace(store: Store, trace_id: int) -> tuple[tuple[str, str], CurrentTrace] | None:
    """(project, trace key) and content hashes of a trace as the store holds it now; None where it is gone.

    Cost: reads the whole trace, unless nothing was written since the last time.
    """
    with store.read() as con:
        rows = trace_rows(con, [trace_id])
        if not rows:
            return None
        state = store.change_mark()
        cache = store.caches.get(_SEEN)
        known = cache.get(trace_id)
        if known is None or known[0] != state:
            if len(cache) > _CACHED_TRACES:
                cache.clear()
            known = cache[trace_id] = (state, _read(con, rows[0]))
        return known[1]


def seen_trace(store: Store, trace_id: int) -> SeenTrace | None:
    """A trace as a manifest cites it; None where it is gone."""
    found = current_trace(store, trace_id)
    if found is None:
        return None
    (project, trace_key), now = found
    return SeenTrace(trace_key, project, now.revision, now.steps)


def _read(con: Connection, row: Any) -> tuple[tuple[str, str], CurrentTrace]:
    spans = load_spans(con, row["id"], row["trace_key"])
    order = load_order(row) if row["reading"] and not row["dirty"] else reading_order(spans)
    memo: dict[int, str] = {}
    hashes = {span.span_id: _span_hash(span, memo) for span in spans}
    steps = {place.span_id: _step_hash(place, hashes) for place in order.places}
    redacted = redacted_spans(con, row["id"])
    erased = {place.span_id for place in order.places if not redacted.isdisjoint((place.span_id, *place.absorbed))}
    now = CurrentTrace(row["revision"] + bool(row["dirty"]), steps, frozenset(erased))
    return (row["project"], row["trace_key"]), now


def _step_hash(place: Place, hashes: Mapping[str, str]) -> str:
    """The hash of a step: its span's, or one over those that are shown as one."""
    own = hashes.get(place.span_id, "")
    return _sha256([own, *(hashes.get(other, "") for other in place.absorbed)]) if place.absorbed else own


def _span_hash(span: Span, memo: dict[int, str]) -> str:
    """SHA-256 of what a span says and did, and where it stands; token counts and raw attributes are left out."""
    return _sha256(
        {
            "span": span.span_id,
            "parent": span.parent_span_id,
            "started_at_ns": span.started_at_ns,
            "sequence": span.sequence,
            "kind": span.kind.value,
            "name": span.name,
            "agent": span.agent,
            "tool": span.tool,
            "model": span.model,
            "status": span.status.value,
            "error": None if span.error is None else [span.error.type, span.error.message],
            "inputs": span.inputs,
            "outputs": span.outputs,
            "input_messages": [_message_hash(message, memo) for message in span.input_messages],
            "output_messages": [_message_hash(message, memo) for message in span.output_messages],
            "documents": [[entry.id, entry.content, entry.score, entry.metadata] for entry in span.documents],
            "finish_reason": span.finish_reason,
            "tool_call_id": span.tool_call_id,
        }
    )


def _message_hash(message: Message, memo: dict[int, str]) -> str:
    # The spans keep every message alive while this runs, so an id names one message.
    known = memo.get(id(message))
    if known is None:
        known = memo[id(message)] = _sha256(_message_parts(message))
    return known


def _message_parts(message: Message) -> dict[str, object]:
    return {
        "role": message.role,
        "content": message.content,
        "tool_calls": [[call.name, call.arguments, call.id] for call in message.tool_calls],
        "tool_call_id": message.tool_call_id,
        "name": message.name,
        "reasoning": message.reasoning,
        "is_error": message.is_error,
    }


def _sha256(value: object) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()
