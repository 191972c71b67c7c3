"""What a reviewer sees of a trace, as hashes computed from the content itself.

The digests that ingest keeps in columns serve to recognise a span; a signature must not rest on them, since whoever
can change a body in the file can leave its digest as it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict

from ..assembly import build_steps, reading_order
from ..connection import Store
from ..jsontext import canonical
from ..models import Message, Step
from ..review_models import SeenTrace
from ..revisions import load_order, trace_rows
from ..spans import load_spans
from .verdicts import CurrentTrace


def step_hashes(steps: Sequence[Step]) -> dict[str, str]:
    """SHA-256 of what a reader sees of each step, by span id in reading order.

    Covered: place in the tree, kind, names, status, error, inputs, outputs, messages, documents, model, finish reason.
    Left out: times, token counts and raw attributes, which are no part of what was said and done.

    Cost: one pass over the content; a message that several steps share is hashed once.
    """
    memo: dict[int, str] = {}
    return {step.span_id: _step_hash(step, steps, memo) for step in steps}


def current_trace(store: Store, trace_id: int) -> tuple[tuple[str, str], CurrentTrace] | None:
    """(project, trace key) and content hashes of a trace as the store holds it now; None where it is gone.

    Cost: reads the whole trace, unless nothing was written since the last time.
    """
    with store.read() as con:
        rows = trace_rows(con, [trace_id])
        if not rows:
            return None
        row = rows[0]
        state = (con.execute("PRAGMA data_version").fetchone()[0], con.total_changes, id(con))
        cache = store.caches.setdefault("seen", {})
        assert isinstance(cache, dict)
        known = cache.get(trace_id)
        if known is None or known[0] != state:
            spans = load_spans(con, trace_id, row["trace_key"])
            order = load_order(row) if row["reading"] and not row["dirty"] else reading_order(spans)
            # Ingest's digests play no part here, so none are computed.
            hashes = step_hashes(build_steps(spans, order, lambda _: b""))
            revision = row["revision"] + bool(row["dirty"])
            known = (state, ((row["project"], row["trace_key"]), CurrentTrace(revision, hashes)))
            if len(cache) > _CACHED_TRACES:
                cache.clear()
            cache[trace_id] = known
        found: tuple[tuple[str, str], CurrentTrace] = known[1]
        return found


def seen_trace(store: Store, trace_id: int) -> SeenTrace | None:
    """A trace as a manifest cites it; None where it is gone."""
    found = current_trace(store, trace_id)
    if found is None:
        return None
    (project, trace_key), now = found
    return SeenTrace(trace_key, project, now.revision, now.steps)


_CACHED_TRACES = 2_000


def _step_hash(step: Step, steps: Sequence[Step], memo: dict[int, str]) -> str:
    return _sha256(
        {
            "span": step.span_id,
            "parent": None if step.parent is None else steps[step.parent].span_id,
            "kind": step.kind.value,
            "name": step.name,
            "agent": step.agent,
            "tool": step.tool,
            "model": step.model,
            "status": step.status.value,
            "error": None if step.error is None else [step.error.type, step.error.message],
            "inputs": step.inputs,
            "outputs": step.outputs,
            "input_messages": [_message_hash(message, memo) for message in step.input_messages],
            "output_messages": [_message_hash(message, memo) for message in step.output_messages],
            "documents": [asdict(document) for document in step.documents],
            "finish_reason": step.finish_reason,
            "tool_call_id": step.tool_call_id,
        }
    )


def _message_hash(message: Message, memo: dict[int, str]) -> str:
    # The steps keep every message alive while this runs, so an id names one message.
    known = memo.get(id(message))
    if known is None:
        known = memo[id(message)] = _sha256(asdict(message))
    return known


def _sha256(value: object) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()
