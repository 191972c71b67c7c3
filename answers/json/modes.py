"""Failure modes and digests as the JSON that scripts rely on."""

from __future__ import annotations

from typing import Any

from ...model.traces import TraceSummary
from ...services.modes.digest import Change, Digest, Repeat
from ...services.modes.sampling import Sample
from ...services.modes.views import ModeDetail, ModesPage, ModeView, Trend
from .values import iso_time


def modes_json(page: ModesPage) -> dict[str, Any]:
    """`retrospan mode list --json`."""
    return {
        "modes": [mode_json(view) for view in page.modes],
        "total": page.total,
        "runs": page.runs,
        "waiting": page.waiting,
        "in_no_mode": page.in_none,
        "random_in_no_mode": list(page.random),
    }


def mode_json(view: ModeView) -> dict[str, Any]:
    """One mode."""
    row = view.row
    return {
        "id": view.short_id,
        "project": row.project,
        "name": view.name,
        "named_by": view.named_by,
        "proposed_name": row.proposed_name,
        "status": row.status.value,
        "status_signed": False,
        "failure": row.failure,
        "runs": view.size,
        "known_failures": row.known,
        "of": view.of,
        "share": {"value": view.share.value, "low": view.share.low, "high": view.share.high},
        "trend": None if view.trend is None else _trend_json(view.trend),
        "typical": view.typical,
        "first_at": iso_time(row.first_ns),
        "last_at": iso_time(row.last_ns),
        "opened_at": row.opened_at,
    }


def _trend_json(trend: Trend) -> dict[str, Any]:
    return {
        "days": trend.days,
        "until": iso_time(trend.until_ns),
        "now": {"runs": trend.now[0], "of": trend.now[1]},
        "before": {"runs": trend.before[0], "of": trend.before[1]},
        "change": {"value": trend.change.value, "low": trend.change.low, "high": trend.change.high},
        "p": trend.p,
    }


def detail_json(detail: ModeDetail) -> dict[str, Any]:
    """`retrospan mode show --json`."""
    return {
        **mode_json(detail.view),
        "typical_run": _run_json(detail, detail.typical),
        "unlike_runs": [_run_json(detail, summary) for summary in detail.unlike],
        "events": [{"at": e.at, "kind": e.kind, "by": e.by, "note": e.note} for e in detail.events],
        "observations": [
            {
                "id": o.short_id,
                "trace": f"T{o.trace_id}",
                "label": o.label,
                "quote": o.quote,
                "note": o.note,
                "good": o.good,
                "by": o.observed_by,
                "at": o.created_at,
            }
            for o in detail.observations
        ],
    }


def _run_json(detail: ModeDetail, summary: TraceSummary) -> dict[str, Any]:
    return {
        "id": summary.short_id,
        "external_id": summary.external_id,
        "step": detail.places[summary.id],
        "input": summary.input,
        "output": summary.output,
        "signals": list(summary.signals),
    }


def digest_json(digest: Digest) -> dict[str, Any]:
    """`retrospan digest --json`."""
    return {
        "since": digest.since,
        "runs": digest.runs,
        "runs_left_for_next": digest.left.runs,
        "new": [_change_json(change) for change in digest.new],
        "grown": [_change_json(change) for change in digest.grown],
        "back": [_change_json(change) for change in digest.back],
        "repeats": [_repeat_json(repeat) for repeat in digest.repeats],
        "single": digest.single,
        "modes": digest.page.total,
        "in_no_mode": digest.page.in_none,
        "random_in_no_mode": list(digest.page.random),
    }


def _repeat_json(repeat: Repeat) -> dict[str, Any]:
    before = repeat.before
    return {
        "id": repeat.trace.short_id,
        "external_id": repeat.trace.external_id,
        "repeats": before.run,
        "verdict": before.verdict,
        "reviewer": before.reviewer,
    }


def _change_json(change: Change) -> dict[str, Any]:
    return {**mode_json(change.mode), "runs_before": change.before, "rise_p": change.p}


def sample_json(sample: Sample) -> dict[str, Any]:
    """`retrospan mode sample --json`."""
    return {
        "of": sample.of,
        "runs": [
            {
                "id": pick.trace.short_id,
                "external_id": pick.trace.external_id,
                "why": pick.why,
                "modes": [f"M{number}" for number in pick.modes],
                "input": pick.trace.input,
                "output": pick.trace.output,
            }
            for pick in sample.picks
        ],
    }
