"""Failure modes as a face shows them: size, share, trend, a typical run and unlike ones, and a random look beside."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ...analysis.modes.clustering import spread_of, typical_of
from ...analysis.modes.features import Features, Floats, unpack_features
from ...analysis.statistics import Interval, difference_of_shares, fisher_p, wilson
from ...model.traces import TraceSummary
from ...store.contract import Store
from ...store.findings.mode_features import load_features
from ...store.findings.modes import (
    Member,
    ModeEvent,
    ModeRow,
    get_mode_row,
    list_events,
    list_members,
    list_mode_rows,
    runs_between,
    runs_by_project,
    unplaced,
)
from ...store.findings.observations import Observation, list_observations
from ...store.reading.summaries import get_summaries
from ...store.traces.revisions import step_numbers
from ..finding.listing import list_traces
from .gathering import background_of
from .names import computed_names

WINDOW_DAYS = 7
_DAY_NS = 86_400 * 10**9
_COMPARED = 300
"""Newest members among which the typical and the unlike ones are chosen."""
_UNLIKE = 3
_RANDOM = 3
_SCOPE = 100_000
NameSource = Literal["person", "proposed", "words"]


@dataclass(frozen=True, slots=True)
class Trend:
    """How common a mode is in the newest window of the data against the window before."""

    days: int
    until_ns: int
    """End of the newest window: the time of the newest run."""
    now: tuple[int, int]
    """Runs of the mode, and all runs."""
    before: tuple[int, int]
    change: Interval
    p: float
    """Exact; chance of as large a difference where nothing changed."""


@dataclass(frozen=True, slots=True)
class ModeView:
    """One mode in a list."""

    row: ModeRow
    name: str
    """Holds words of runs, unless a person gave it."""
    named_by: NameSource
    size: int
    """Runs in scope."""
    share: Interval
    """Of the runs in scope."""
    of: int
    trend: Trend | None
    """None where the data is shorter than two windows."""
    typical: str
    """Step or trace id of the run most like all others."""

    @property
    def short_id(self) -> str:
        return self.row.short_id


@dataclass(frozen=True, slots=True)
class ModesPage:
    """What is failing, and a look beside it."""

    modes: tuple[ModeView, ...]
    total: int
    """Modes in scope, shown or not."""
    runs: int
    """Runs in scope that were placed."""
    waiting: int
    """Runs in scope that were not looked at yet."""
    in_none: int
    """Placed runs that are in no mode."""
    random: tuple[str, ...]
    """Some of those, drawn at random: rare failures hide there."""


@dataclass(frozen=True, slots=True)
class ModeDetail:
    """One mode with its runs and its life."""

    view: ModeView
    typical: TraceSummary
    unlike: tuple[TraceSummary, ...]
    """Members least like the typical one and each other."""
    places: Mapping[int, str]
    """Step or trace id to look at, by trace."""
    events: tuple[ModeEvent, ...]
    observations: tuple[Observation, ...]


def list_modes(store: Store, query: str = "", *, limit: int = 20) -> ModesPage:
    """The modes of the runs that a search line finds, largest first, good ones last.

    Args:
        store: Where; call `update_modes` first to have the newest runs in it.
        query: Narrows the runs that are counted.
        limit: Modes shown.

    Raises:
        QueryError: if the query cannot be read.
    """
    scope = (
        None if not query.strip() else {t.id for t in list_traces(store, query, limit=_SCOPE, by_meaning=False).traces}
    )
    placed, waiting = runs_by_project(store, scope)
    rows = [row for row in list_mode_rows(store) if row.project in placed]
    members = {row.id: _in_scope(list_members(store, row.id), scope) for row in rows}
    kept = sorted(
        (row for row in rows if members[row.id]), key=lambda row: (not row.failure, -len(members[row.id]), row.id)
    )
    names = computed_names(store, kept[:limit])
    views = [_view(store, row, members[row.id], placed[row.project], names) for row in kept[:limit]]
    free = unplaced(store, scope)
    drawn = random.Random(f"{store.id} {len(free)} {sum(placed.values())}").sample(free, min(_RANDOM, len(free)))
    return ModesPage(
        tuple(views), len(kept), sum(placed.values()), waiting, len(free), tuple(f"T{i}" for i in sorted(drawn))
    )


def _in_scope(members: list[Member], scope: set[int] | None) -> list[Member]:
    return members if scope is None else [member for member in members if member.trace_id in scope]


def show_mode(store: Store, mode: str | int) -> ModeDetail:
    """One mode: its typical run, unlike ones, events and observations.

    Raises:
        UnknownIdError: if there is no such mode.
    """
    row = get_mode_row(store, mode)
    members = list_members(store, row.id)
    placed, _ = runs_by_project(store, None)
    view = _view(store, row, members, placed.get(row.project, len(members)), computed_names(store, [row]))
    compared = members[:_COMPARED]
    vectors, rarity = _vectors(store, row.project, compared)
    typical = typical_of(vectors, rarity)
    chosen = [typical, *spread_of(vectors, rarity, [typical], _UNLIKE)]
    summaries = get_summaries(store, [compared[i].trace_id for i in chosen])
    return ModeDetail(
        view,
        summaries[0],
        tuple(summaries[1:]),
        {compared[i].trace_id: _place(store, compared[i]) for i in chosen},
        tuple(list_events(store, row.id)),
        tuple(list_observations(store, mode_id=row.id, limit=20)),
    )


def mode_name(row: ModeRow, computed: Mapping[int, str]) -> tuple[str, NameSource]:
    """The name a mode goes by, and who gave it: a person's, else an assistant's, else its distinctive words."""
    if row.name:
        return row.name, "person"
    if row.proposed_name:
        return row.proposed_name, "proposed"
    return computed.get(row.id) or row.computed_name or row.short_id, "words"


def _view(store: Store, row: ModeRow, members: Sequence[Member], runs: int, computed: Mapping[int, str]) -> ModeView:
    name, named_by = mode_name(row, computed)
    compared = members[:_COMPARED]
    vectors, rarity = _vectors(store, row.project, compared)
    return ModeView(
        row=row,
        name=name,
        named_by=named_by,
        size=len(members),
        share=wilson(len(members), max(runs, len(members))),
        of=max(runs, len(members)),
        trend=_trend(store, row.project, members),
        typical=_place(store, compared[typical_of(vectors, rarity)]),
    )


def _vectors(store: Store, project: str, members: Sequence[Member]) -> tuple[list[Features], Floats]:
    with store.read() as con:
        packed = load_features(con, [member.trace_id for member in members])
        rarity = background_of(con, project).rarity()
    return [unpack_features(packed.get(member.trace_id, b"")) for member in members], rarity


def _place(store: Store, member: Member) -> str:
    step = step_numbers(store, member.trace_id).get(member.span_id or "")
    return f"T{member.trace_id}" if step is None else f"T{member.trace_id}.{step}"


def _trend(store: Store, project: str, members: Sequence[Member]) -> Trend | None:
    """Windows end at the newest run of the project, so that old data has a trend too."""
    window = WINDOW_DAYS * _DAY_NS
    spanned = runs_between(store, project, window)
    if spanned is None:
        return None
    until, now_n, before_n = spanned
    now = sum(until - window < member.at_ns <= until for member in members)
    before = sum(until - 2 * window < member.at_ns <= until - window for member in members)
    counts = (before, before_n, now, now_n)
    return Trend(WINDOW_DAYS, until, (now, now_n), (before, before_n), difference_of_shares(*counts), fisher_p(*counts))
