"""The causes that people signed: which step a run that failed went wrong at, of which class, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...analysis.case_file.model import ConfirmedCause
from ...model.findings import CauseClass
from ...model.reviews import Label, Verdict
from ...model.traces import Trace, TraceSummary
from ...store.contract import Store
from ...store.reading.summaries import get_summaries, get_trace
from ...store.reviews.completions import completions_of
from ...store.reviews.verdicts import confirmed_verdicts

_MOST = 3


def confirmed_causes(store: Store, project: str) -> dict[int, ConfirmedCause]:
    """By trace, the step that a valid verdict, or the engineer's signed part of it, names as the cause."""
    standing = {t: v for t, v in confirmed_verdicts(store, deciding=False).items() if v.answer.label is Label.FAIL}
    return dict(_causes(store, standing, project))


def causes_of_alike(store: Store, trace: TraceSummary, alike: Sequence[int]) -> tuple[ConfirmedCause, ...]:
    """At most three signed causes of runs that are alike: siblings, or runs of one failure mode; newest first."""
    standing = {
        t: v
        for t, v in confirmed_verdicts(store, deciding=False).items()
        if v.answer.label is Label.FAIL and t != trace.id
    }
    modes = set(trace.modes)
    near = {s.id for s in get_summaries(store, list(standing)) if s.id in alike or modes & set(s.modes)}
    found = dict(_causes(store, {t: v for t, v in standing.items() if t in near}, trace.project))
    return tuple(found[trace_id] for trace_id in sorted(found, reverse=True)[:_MOST])


def _causes(store: Store, standing: dict[int, Verdict], project: str) -> Iterator[tuple[int, ConfirmedCause]]:
    completions = completions_of(store, list(standing.values()))
    for trace_id, verdict in standing.items():
        later = [c for c in completions.get(verdict.uid, []) if c.confirmed and c.cause_span]
        span, cause = (later[-1].cause_span, later[-1].cause) if later else _own(verdict)
        trace = get_trace(store, trace_id) if span else None
        if trace is not None and trace.summary.project == project:
            yield from ((trace_id, found) for found in _found(trace, span, cause, verdict.answer.reason))


def _own(verdict: Verdict) -> tuple[str | None, CauseClass | None]:
    return verdict.answer.cause_span, verdict.answer.cause


def _found(trace: Trace, span: str | None, cause: CauseClass | None, reason: str) -> Iterator[ConfirmedCause]:
    for step in trace.steps:
        if step.span_id == span:
            asked = next((call.name for message in step.output_messages for call in message.tool_calls), None)
            yield ConfirmedCause(trace.summary.short_id, step.index, cause, step.tool or asked, reason)
            return
