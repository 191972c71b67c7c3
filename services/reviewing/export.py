"""Verdicts for other programs: one flat record each, with what its signature is worth now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal

from ...model.clock import utc_now, utc_text
from ...model.reviews import ReviewItem, Verdict
from ...model.text.csvtext import csv_text
from ...model.traces import JsonValue
from ...store.audit.access import AccessKind, record_access
from ...store.contract import Store
from ...store.reviews import queues
from ...store.reviews.items import list_items
from ...store.reviews.verdicts import list_verdicts
from .completing import with_completions

ExportFormat = Literal["jsonl", "csv"]
FIELDS = (
    "verdict",
    "uid",
    "signature",
    "signature_reason",
    "trace",
    "project",
    "session",
    "item",
    "queue",
    "question",
    "asked_by",
    "rubric",
    "rubric_version",
    "label",
    "outcome",
    "first_label",
    "severity",
    "expected",
    "reason",
    "criteria",
    "cause",
    "cause_span",
    "saw_proposal",
    "switched",
    "reviewer",
    "reviewer_key",
    "signed_at",
    "inclusion_probability",
    "part",
    "supersedes",
)
_MANY = 1_000_000


def export_verdicts(
    store: Store, *, project: str | None = None, only_valid: bool = False, actor: str = "cli"
) -> list[dict[str, JsonValue]]:
    """Every verdict as a flat record, oldest first; the export is noted in the access log.

    Args:
        store: Where.
        project: Only on traces of this project.
        only_valid: Leave out what does not count.
        actor: Who exports.
    """
    verdicts = [
        verdict
        for verdict in list_verdicts(store)
        if (project is None or any(seen.project == project for seen in verdict.seen))
        and (verdict.confirmed or not only_valid)
    ]
    with store.read() as con:
        items = {item.id: item for item in list_items(con, now=utc_text(utc_now()), states=(), limit=_MANY)}
        names = {item.queue for item in items.values()} - {""}
        parts = {number: part for name in names for number, (part, _) in queues.sample_of(con, name).items()}
    records = [
        _record(verdict, items.get(verdict.item_id or 0), parts.get(verdict.item_id or 0))
        for verdict in with_completions(store, verdicts)
    ]
    record_access(store, AccessKind.EXPORT, f"{len(records)} verdicts", actor=actor, detail=project or "")
    return records


def render_export(records: Sequence[dict[str, JsonValue]], form: ExportFormat) -> str:
    """The records as a text: one JSON object a line, or CSV whose cells no spreadsheet runs."""
    if form == "jsonl":
        return "".join(json.dumps(record, ensure_ascii=True) + "\n" for record in records)
    rows = [[_flat(record[name]) for name in FIELDS] for record in records]
    return csv_text(FIELDS, rows)


def _flat(value: JsonValue) -> object:
    return json.dumps(value, ensure_ascii=True) if isinstance(value, (list, dict)) else value


def _record(verdict: Verdict, item: ReviewItem | None, part: str | None) -> dict[str, JsonValue]:
    answer = verdict.answer
    return {
        "verdict": verdict.short_id,
        "uid": verdict.uid,
        "signature": verdict.state.value,
        "signature_reason": verdict.state_reason,
        "trace": ", ".join(seen.trace_key for seen in verdict.seen),
        "project": verdict.seen[0].project,
        "session": item.session if item else None,
        "item": item.short_id if item else None,
        "queue": item.queue if item else None,
        "question": verdict.question,
        "asked_by": verdict.asked_by or (item.requested_by if item else None),
        "rubric": verdict.rubric.id,
        "rubric_version": verdict.rubric.version,
        "label": answer.label.value,
        "outcome": verdict.outcome.value if verdict.outcome else None,
        "first_label": verdict.first_answer.label.value,
        "severity": answer.severity.value if answer.severity else None,
        "expected": answer.expected,
        "reason": answer.reason,
        "criteria": {entry.criterion: entry.label.value for entry in answer.criteria},
        "cause": answer.cause.value if answer.cause else None,
        "cause_span": answer.cause_span,
        "saw_proposal": verdict.proposal is not None,
        "switched": verdict.switched,
        "reviewer": verdict.reviewer_name,
        "reviewer_key": verdict.reviewer,
        "signed_at": verdict.signed_at,
        "inclusion_probability": item.inclusion_probability if item else None,
        "part": part,
        "supersedes": list(verdict.supersedes),
    }
