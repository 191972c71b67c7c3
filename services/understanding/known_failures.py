"""The runs that people failed, as later runs are held against them: a failure that is known and comes back.

Only verdicts count that hold now: signature valid, key trusted, not superseded or disputed, and deciding the outcome of
their run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b

from ...analysis.signals.people import known_failure
from ...analysis.signals.surroundings import FailedBefore
from ...model.reviews import Label, Verdict
from ...model.traces import Trace, TraceSummary
from ...store.contract import Store
from ...store.experiments.production import REGRESSION, alike_with_signal, earlier_alike, later_alike
from ...store.findings.signals import look_again
from ...store.reading.summaries import get_summaries, get_trace
from ...store.reviews.reviewers import load_trust
from ...store.reviews.verdict_count import count_verdicts
from ...store.reviews.verdicts import confirmed_verdicts
from ...store.settings.values import get_setting, set_setting

_SEEN = "known_failures"
_MOST_LATER = 1_000
"""Later runs that are looked at again when one verdict changes."""
_MOST_EARLIER = 5
"""Judged runs that one run is held against, newest first."""
_KEPT = 64


class KnownFailures:
    """The confirmed failures of a store, read when first asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._traces: dict[int, Trace] = {}

    @cached_property
    def verdicts(self) -> Mapping[int, Verdict]:
        """What counts now, pass and fail, by trace. Cost: see `confirmed_verdicts`; one query without a verdict."""
        return confirmed_verdicts(self._store) if count_verdicts(self._store).verdicts else {}

    @cached_property
    def failed(self) -> Mapping[int, Verdict]:
        """Those that are failures."""
        return {trace: verdict for trace, verdict in self.verdicts.items() if is_fail(verdict)}

    @cached_property
    def _places(self) -> frozenset[tuple[str, int]]:
        return frozenset((entry.project, entry.step_count) for entry in get_summaries(self._store, list(self.failed)))

    def before(self, summary: TraceSummary) -> tuple[FailedBefore, ...]:
        """The failed runs that this one may repeat: earlier, of the same request, with as many steps.

        None for a run that a person passed, and for one that a regression case left.
        """
        if not self.failed or (summary.project, summary.step_count) not in self._places:
            return ()
        own = self.verdicts.get(summary.id)
        if summary.environment == REGRESSION or (own is not None and not is_fail(own)):
            return ()
        with self._store.read() as con:
            found = earlier_alike(con, summary.id, list(self.failed), _MOST_EARLIER)
        return tuple(self._failed_before(trace_id) for trace_id in found)

    def _failed_before(self, trace_id: int) -> FailedBefore:
        if trace_id not in self._traces:
            if len(self._traces) >= _KEPT:
                self._traces.clear()
            self._traces[trace_id] = get_trace(self._store, trace_id)
        verdict = self.failed[trace_id]
        blamed = verdict.answer.cause_span
        return FailedBefore(self._traces[trace_id], verdict.short_id, verdict.reviewer_name, blamed)


def repeated_by(store: Store, trace_ids: Sequence[int]) -> dict[int, tuple[FailedBefore, ...]]:
    """By run: the failed runs that it repeats without a difference, newest first; runs that repeat none are left out.

    Cost: one alignment for each failed run of the same request with as many steps, five a run at most.
    """
    known = KnownFailures(store)
    found = {}
    for summary in get_summaries(store, trace_ids) if trace_ids else ():
        before = known.before(summary)
        trace = get_trace(store, summary.id) if before else None
        if trace is not None and (same := tuple(entry for entry in before if known_failure.repeats(trace, entry))):
            found[summary.id] = same
    return found


def repeats_by_key(store: Store, keys: Sequence[str]) -> dict[str, list[int]]:
    """By failed run (external id): the later runs that are known to repeat it, newest first.

    Cost: one query; see `repeated_by` for the runs that it finds.
    """
    if not keys:
        return {}
    with store.read() as con:
        runs = alike_with_signal(con, keys, known_failure.DEFINITION.name, _MOST_LATER)
    found: dict[str, list[int]] = {}
    for run, repeated in sorted(repeated_by(store, runs).items(), reverse=True):
        for before in repeated:
            if before.trace.summary.external_id in keys:
                found.setdefault(before.trace.summary.external_id, []).append(run)
    return found


def is_fail(verdict: Verdict) -> bool:
    """Whether a verdict says that its run failed."""
    return (verdict.outcome or verdict.answer.label) is Label.FAIL


def refresh_known_failures(store: Store) -> None:
    """Where verdicts or trusted keys have changed, have the runs looked at again that may repeat what they failed.

    Cost: two queries where nothing has changed; else one signature check a verdict and one query for each that is new
    or counts no more.
    """
    if store.read_only:
        return
    count = count_verdicts(store)
    kept = get_setting(store, _SEEN)
    seen = kept if isinstance(kept, dict) else {}
    if not count.verdicts and not seen:
        return
    state = f"{count.verdicts} {count.newest} {_trusted(store)}"
    if seen.get("state") == state:
        return
    before = seen.get("failed")
    known = {int(trace): str(uid) for trace, uid in before.items()} if isinstance(before, dict) else {}
    now = {trace: verdict.uid for trace, verdict in KnownFailures(store).failed.items()}
    changed = {trace for trace in known.keys() | now.keys() if known.get(trace) != now.get(trace)}
    _look_again(store, changed)
    set_setting(store, _SEEN, {"state": state, "failed": {str(trace): uid for trace, uid in now.items()}})


def _look_again(store: Store, judged: Iterable[int]) -> None:
    with store.read() as con:
        later = {run for trace_id in judged for run in later_alike(con, trace_id, _MOST_LATER)}
    if later:
        with store.write() as con:
            look_again(con, sorted(later))


def _trusted(store: Store) -> str:
    """Equal for equal trust: which keys count, since when not, and for which projects."""
    keys = load_trust(store).keys
    said = [(name, str(key.revoked), sorted(key.projects or ())) for name, key in sorted(keys.items())]
    return blake2b(repr(said).encode(), digest_size=8).hexdigest()
