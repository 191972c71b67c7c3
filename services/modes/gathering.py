"""Keep failure modes up with what was analysed: each failing run joins a mode or opens one, once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ...analysis.modes.clustering import Centre, Clustering, Joined
from ...analysis.modes.features import (
    Background,
    Features,
    features_of,
    pack_total,
    unpack_background,
    unpack_features,
    unpack_total,
)
from ...analysis.modes.symptoms import Symptom, symptom_of
from ...analysis.reading import read
from ...analysis.signals.people import known_failure
from ...model.clock import utc_now, utc_text
from ...model.findings import Signal
from ...store.contract import Connection, Store
from ...store.findings.mode_facts import life_of_mode
from ...store.findings.mode_features import (
    CentreRow,
    FeatureRow,
    load_background,
    load_centres,
    load_features,
    placed_states,
    save_background,
    save_centres,
    save_features,
    traces_to_place,
)
from ...store.findings.modes import ModeStatus, drop_clustered, insert_mode, modes_of, put_member, set_status
from ...store.findings.signals import load_signals
from ...store.reading.summaries import traces_in_turn
from ...store.reviews.outcomes import verdict_labels
from ...store.traces.revisions import trace_rows
from ..understanding.known_failures import repeated_by
from .suspected_steps import suspicion

_BATCH = 40
"""Runs placed in one transaction; receivers get their turn in between."""
CLUSTERING = "rule:clustering"
"""Who opens modes that nobody observed."""


@dataclass(frozen=True, slots=True)
class _Run:
    """A run ready to be placed."""

    trace_id: int
    project: str
    revision: int
    rules: str
    state: str
    at_ns: int
    features: Features
    symptom: Symptom | None
    span_id: str | None
    repeats: tuple[int, ...] = ()
    """The runs that people failed and that it repeats without a difference."""


def update_modes(
    store: Store,
    limit: int = 1_000_000,
    trace_ids: Sequence[int] | None = None,
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> int:
    """Place runs that were analysed, or whose outcome changed, since they were last placed.

    A run that failed (or that nobody called a success and that shows a failure signal) joins the mode that has its
    clearest signal and error, else the most alike mode with that signal, else it opens one. Without a signal, what its
    first suspect did takes the place of signal and error. A run keeps its mode when
    it is looked at again and still fails; it leaves when it turns out to have gone well. A run that repeats one which a
    person failed joins the mode of that one. A run later than its mode's fix makes the mode regressed.

    Args:
        store: Where.
        limit: At most so many runs, oldest first, so that a background worker can take turns.
        trace_ids: Only these.
        on_progress: Called with how many are done and how many there are.

    Returns:
        How many runs were placed; none in a read-only store.

    Cost: one reading of each run (a few ms), a report of suspects for failures without a signal, and one product with
    the centres of its project.
    """
    if store.read_only:
        return 0
    verdicts = verdict_labels(store)
    waiting = _waiting(store, limit, trace_ids, verdicts)
    for start in range(0, len(waiting), _BATCH):
        runs = _prepare(store, waiting[start : start + _BATCH], verdicts)
        by_project: dict[str, list[_Run]] = defaultdict(list)
        for run in runs:
            by_project[run.project].append(run)
        with store.write() as con:
            for project, group in by_project.items():
                _place(con, project, group)
        if on_progress:
            on_progress(min(start + _BATCH, len(waiting)), len(waiting))
    return len(waiting)


def _waiting(store: Store, limit: int, trace_ids: Sequence[int] | None, verdicts: dict[int, str]) -> list[int]:
    waiting = set(traces_to_place(store, limit, trace_ids))
    placed = placed_states(store, sorted(verdicts), judged=trace_ids is None)
    wanted = None if trace_ids is None else set(trace_ids)
    for trace_id, state in placed.items():
        if state.partition(":")[2] != verdicts.get(trace_id, "") and (wanted is None or trace_id in wanted):
            waiting.add(trace_id)
    return sorted(waiting)[:limit]


def _prepare(store: Store, trace_ids: Sequence[int], verdicts: dict[int, str]) -> list[_Run]:
    signals = load_signals(store, trace_ids)
    repeating = repeated_by(store, [run for run, found in signals.items() if any(map(_is_known, found))])
    with store.read() as con:
        rows = {row["id"]: row for row in trace_rows(con, trace_ids)}
    runs = []
    for trace in traces_in_turn(store, list(rows)):
        reading, summary = read(trace), trace.summary
        trace_id, row = summary.id, rows[summary.id]
        symptom = symptom_of(reading, signals[trace_id], summary.outcome)
        if symptom and not symptom.clearest:
            symptom = symptom.suspected(suspicion(store, reading.trace, signals[trace_id]))
        step = symptom.step if symptom else None
        runs.append(
            _Run(
                trace_id,
                summary.project,
                row["revision"],
                row["analysed_with"] or "",
                f"{row['outcome']}:{verdicts.get(trace_id, '')}",
                row["started_at"] or row["arrived_at"],
                features_of(reading, signals[trace_id]),
                symptom,
                None if step is None else reading.trace.steps[step].span_id,
                tuple(before.trace.summary.id for before in repeating.get(trace_id, ())),
            )
        )
    return sorted(runs, key=lambda run: run.trace_id)


def _is_known(signal: Signal) -> bool:
    return signal.signal == known_failure.DEFINITION.name


def _place(con: Connection, project: str, runs: Sequence[_Run]) -> None:
    background = background_of(con, project)
    before = load_features(con, [run.trace_id for run in runs])
    for run in runs:
        if run.trace_id in before:
            background.remove(unpack_features(before[run.trace_id]))
        background.add(run.features)
    save_background(con, project, background.runs, background.pack())
    save_features(
        con,
        [FeatureRow(r.trace_id, project, r.revision, r.rules, r.state, r.features.pack()) for r in runs],
    )
    known = [Centre(c.mode_id, unpack_total(c.centre), set(c.signatures), c.family) for c in load_centres(con, project)]
    clustering = Clustering(known, background.rarity())
    kept = {centre.mode: centre for centre in known}
    touched = {_place_one(con, clustering, run, kept) for run in runs} - {None}
    rows = [(kept[mode], clustering.centre(mode)) for mode in touched if mode is not None]
    save_centres(con, [CentreRow(c.mode, c.family, frozenset(c.signatures), pack_total(total)) for c, total in rows])


def _place_one(con: Connection, clustering: Clustering, run: _Run, kept: dict[int, Centre]) -> int | None:
    """Place one run; returns the mode whose centre changed."""
    now = utc_text(utc_now())
    if run.symptom is None:
        drop_clustered(con, [run.trace_id])
        return None
    present = [mode for mode in modes_of(con, [run.trace_id]).get(run.trace_id, []) if mode in kept]
    for old in present:
        put_member(con, old, run.trace_id, span_id=run.span_id, known=run.symptom.known, likeness=1.0, at=now)
    if present:
        return None
    signature = run.symptom.signature
    family = run.symptom.family
    joined = _with_what_it_repeats(con, run, kept) or clustering.find(run.features, signature, family)
    mode = joined.mode
    if mode is None:
        mode = insert_mode(con, run.project, at=now, by=CLUSTERING)
        clustering.open(mode, run.features, {signature} if signature else set(), family)
        kept[mode] = Centre(mode, clustering.centre(mode), set(), family)
    else:
        clustering.join(mode, run.features, signature)
        _reopen(con, mode, run, now)
    if signature:
        kept[mode].signatures.add(signature)
    put_member(
        con,
        mode,
        run.trace_id,
        span_id=run.span_id,
        known=run.symptom.known,
        likeness=joined.likeness if joined.mode is not None else 1.0,
        at=now,
    )
    return mode


def _with_what_it_repeats(con: Connection, run: _Run, kept: Mapping[int, Centre]) -> Joined | None:
    """The mode of a failed run that this one repeats, whatever else it looks like."""
    own = modes_of(con, list(run.repeats)) if run.repeats else {}
    modes = [mode for failed in run.repeats for mode in own.get(failed, ()) if mode in kept]
    return Joined(modes[0], 1.0) if modes else None


def _reopen(con: Connection, mode: int, run: _Run, now: str) -> None:
    """A run later than the fix brings a fixed mode back."""
    status, fixed_at = life_of_mode(con, mode)
    if status is ModeStatus.FIXED and fixed_at is not None and run.at_ns > fixed_at:
        set_status(con, mode, ModeStatus.REGRESSED, at=now, by=CLUSTERING, note=f"T{run.trace_id}")


def background_of(con: Connection, project: str) -> Background:
    """In how many runs of a project each feature occurs."""
    kept = load_background(con, project)
    return Background() if kept is None else unpack_background(*kept)
