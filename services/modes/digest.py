"""What is new, grown or back since the last digest: made for cron, quiet where nothing happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ...analysis.signals.people import known_failure
from ...analysis.signals.surroundings import FailedBefore
from ...analysis.statistics import fisher_p
from ...model.clock import utc_now, utc_text
from ...model.traces import TraceSummary
from ...store.contract import Store
from ...store.findings.digests import DigestState, ModeThen, last_digest, save_digest
from ...store.findings.modes import ModeStatus
from ..finding.listing import list_traces
from ..understanding.known_failures import repeated_by
from .catching_up import Backlog, catch_up
from .views import ModesPage, ModeView, list_modes

_CHANCE = 0.05
_ALL = 10_000
_LEAST_NEW = 2
"""Runs that make a new mode worth a line of its own; a run that is known to have failed suffices alone."""


@dataclass(frozen=True, slots=True)
class Change:
    """A mode that changed, and by how many runs."""

    mode: ModeView
    before: int
    p: float
    """Exact; chance of as large a rise in its share where nothing changed. 1 for new ones."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """A run that goes as one went which a person failed."""

    trace: TraceSummary
    before: FailedBefore
    """The failed run, with verdict and reviewer."""


@dataclass(frozen=True, slots=True)
class Digest:
    """What happened since."""

    since: str | None
    """When the last digest was given; None for the first."""
    runs: int
    """Runs looked at since."""
    new: tuple[Change, ...]
    grown: tuple[Change, ...]
    back: tuple[Change, ...]
    """Were fixed, and came back."""
    single: int
    """New modes of one run that nobody called a failure."""
    page: ModesPage
    left: Backlog = field(default_factory=Backlog)
    """Runs that there was no time for."""
    repeats: tuple[Repeat, ...] = ()
    """Runs that repeat a failure which a person had confirmed, newest first."""

    @property
    def eventful(self) -> bool:
        return bool(self.new or self.grown or self.back or self.repeats)


def make_digest(
    store: Store, query: str = "", *, since: str | None = None, keep: bool = True, seconds: float = 3_600.0
) -> Digest:
    """Analyse what waits, then compare the modes with the last digest of the same query.

    Args:
        store: Where.
        query: Narrows the runs, for example `project:shop`.
        since: Compare with the runs before this moment (`7d`, `2026-11-20`) instead of the last digest.
        keep: Note the state for the next digest; not with `since`.
        seconds: How long to analyse; what is left comes into the next digest.

    Raises:
        QueryError: if the query or the moment cannot be read.
    """
    left = catch_up(store, seconds=seconds)
    page = list_modes(store, query, limit=_ALL)
    repeating = _repeating(store, query)
    former = _state_before(store, query, since) if since else last_digest(store, query)
    if keep and not since and not store.read_only:
        now = {view.row.id: ModeThen(view.size, view.row.status) for view in page.modes}
        told = tuple(trace.id for trace in repeating)
        save_digest(store, DigestState(utc_text(utc_now()), query, page.runs, now, told))
    known = set(former.repeats) if former else set()
    repeats = _repeats(store, [trace for trace in repeating if trace.id not in known])
    return replace(_compare(page, former), left=left, repeats=repeats)


def _repeating(store: Store, query: str) -> Sequence[TraceSummary]:
    line = f"{query} signal:{known_failure.DEFINITION.name}".strip()
    return list_traces(store, line, limit=_ALL, by_meaning=False).traces


def _repeats(store: Store, traces: Sequence[TraceSummary]) -> tuple[Repeat, ...]:
    before = repeated_by(store, [trace.id for trace in traces])
    return tuple(Repeat(trace, before[trace.id][0]) for trace in traces if trace.id in before)


def _state_before(store: Store, query: str, since: str) -> DigestState:
    """The modes as they would have been listed before a moment; their status is not known for then."""
    then = list_modes(store, f"{query} until:{since}".strip(), limit=_ALL)
    modes = {view.row.id: ModeThen(view.size, ModeStatus.NEW) for view in then.modes}
    repeats = tuple(trace.id for trace in _repeating(store, f"{query} until:{since}".strip()))
    return DigestState(since, query, then.runs, modes, repeats)


def _compare(page: ModesPage, former: DigestState | None) -> Digest:
    known = former.modes if former else {}
    runs_before = former.runs if former else 0
    runs = max(page.runs - runs_before, 0)
    new, grown, back, single = [], [], [], 0
    for view in page.modes:
        then = known.get(view.row.id)
        if then is None:
            if view.size >= _LEAST_NEW or view.row.known or not view.row.failure:
                new.append(Change(view, 0, 1.0))
            else:
                single += 1
            continue
        added = max(view.size - then.size, 0)
        p = fisher_p(min(then.size, runs_before), runs_before, min(added, runs), runs)
        change = Change(view, then.size, p)
        if view.row.status is ModeStatus.REGRESSED and then.status is not ModeStatus.REGRESSED and added:
            back.append(change)
        elif view.row.failure and added and p < _CHANCE and added * runs_before > then.size * runs:
            grown.append(change)
    since = former.at if former else None
    return Digest(since, runs, tuple(new), tuple(grown), tuple(back), single, page)
