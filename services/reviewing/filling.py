"""Fill review queues from their rules: each run has one chance in each queue, and the chance is kept.

A filling looks at the runs that came since the last one, so that no run is drawn from twice and the chance that
`analysis.sampling` states is the whole chance. A question that was asked about a run before is not asked again; its
answer counts for both queues, each with its own chance.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from ...analysis.sampling import Drawn, Mix, Part, draw_mix
from ...knowledge.queues import QueueRule, QueueRules
from ...model.clock import due_after, time_span, utc_now, utc_text
from ...model.query import parse_query
from ...model.reviews import ReviewItem, Rubric
from ...store.contract import Connection, Store
from ...store.findings.modes import modes_of
from ...store.reading.trace_ids import project_of
from ...store.reviews import queues
from ...store.reviews.items import insert_item
from ...store.reviews.outcomes import verdict_labels
from ...store.reviews.rubrics import find_rubric
from ...store.search.lines import explain_empty, only_matching
from ...store.traces.revisions import refresh
from ..understanding.analysing import analyse

_Signals = Mapping[int, Sequence[tuple[str, float, bool]]]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Filled:
    """What filling one queue did."""

    queue: str
    population: int
    """Runs or sessions that had their chance."""
    queued: tuple[int, ...]
    """Ids of the new items."""
    shared: int = 0
    """Drawn, and asked before: the answer counts here too."""
    parts: Mapping[str, int] | None = None
    """How many each part of the mix drew."""
    why_empty: tuple[str, ...] = ()
    """Where nothing was drawn: why, and what would change it."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """A trace or session that may be drawn; its id is that of its first trace."""

    id: int
    traces: tuple[int, ...]
    session: str | None = None
    project: str = ""


def fill_queue(
    store: Store,
    rules: QueueRules,
    name: str,
    *,
    seed: str | None = None,
    dry_run: bool = False,
    now: datetime | None = None,
    on_progress: Progress | None = None,
) -> Filled:
    """Draw from the runs that came since the last filling, up to what is left of the day's budget.

    Args:
        store: Where.
        rules: From `load_queues`.
        name: The queue.
        seed: Of the draw, so that it can be done again; made up and kept where left out.
        dry_run: Only say what would be drawn.
        now: For tests.
        on_progress: Called while missing signals are found, with how many are done and how many there are.

    Raises:
        UsageError: if there is no such queue.
        UnknownIdError: if its rubric has no confirmed version.

    Cost: analyses the runs that are not analysed yet; else one query per 900 runs.
    """
    rule, moment = rules.find(name), now or utc_now()
    rubric = find_rubric(store, rule.rubric)
    if not store.read_only:
        refresh(store)
    today = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    with store.read() as con:
        after = queues.reached(con, name)
        upto = queues.settled_upto(con, _arrived_before(rule, moment))
        budget = rule.budget - queues.drawn_since(con, name, utc_text(today))
    if budget <= 0:
        told = f"today's budget of {rule.budget} is used up; the runs that came since wait for tomorrow's"
        return Filled(name, 0, (), why_empty=(told,))
    units = _population(store, rule, after, upto, on_progress)
    signals = _signals(store, units)
    if rule.signals:
        units = [unit for unit in units if _wanted(rule, unit, signals)]
    if not units:
        return _nothing(store, rule, name, after, upto, moment, dry_run)
    seed = seed or secrets.token_hex(8)
    rng = Random(seed)
    drawn = draw_mix(
        [unit.id for unit in units],
        budget,
        rng,
        scores={unit.id: _score(rule, unit, signals) for unit in units},
        strata=_strata(store, units, signals),
        mix=Mix(rule.mix.ranked, rule.mix.diverse, rule.mix.random),
    )
    parts = {part.value: sum(entry.part is part for entry in drawn) for part in Part}
    if dry_run:
        return Filled(name, len(units), (), parts=parts)
    draw = queues.Draw(name, utc_text(moment), len(units), len(drawn), upto)
    filling = _Filling(store, rules, rule, rubric, moment, {unit.id: unit for unit in units}, signals, rng)
    queued, shared = filling.keep(draw, drawn, after=after, seed=seed)
    return Filled(name, len(units), tuple(queued), shared, parts)


@dataclass(frozen=True, slots=True)
class _Filling:
    """All that turning drawn units into items needs."""

    store: Store
    rules: QueueRules
    rule: QueueRule
    rubric: Rubric
    moment: datetime
    units: Mapping[int, _Unit]
    signals: _Signals
    rng: Random

    def keep(self, draw: queues.Draw, drawn: Sequence[Drawn], *, after: int, seed: str) -> tuple[list[int], int]:
        """Store the draw with its items, in one transaction."""
        queued, shared = list[int](), 0
        with self.store.write() as con:
            if queues.reached(con, self.rule.name) != after:
                # Another process has filled the queue meanwhile; its draw stands.
                return [], 0
            rule = self.rule.model_dump(mode="json")
            draw_id = queues.insert_draw(con, draw, after=after, seed=seed, rule=rule)
            for entry in drawn:
                item = self._item(con, entry)
                known = queues.asked_already(con, item)
                item_id = known or insert_item(con, item)
                queues.insert_sample(
                    con, draw_id, self.rule.name, item_id, entry.part.value, min(entry.probability, 1.0)
                )
                shared += known is not None
                if known is None:
                    queued.append(item_id)
        return queued, shared

    def _item(self, con: Connection, drawn: Drawn) -> ReviewItem:
        unit, rule = self.units[drawn.unit], self.rule
        item = ReviewItem(
            id=0,
            project=unit.project,
            question=rule.question,
            rubric=self.rubric.ref,
            session=unit.session,
            reason=self._reason(drawn, unit),
            requested_by=f"rule:{rule.name}",
            decides=f"rule:{rule.name}" if rule.decides else "",
            priority=rule.priority,
            inclusion_probability=min(drawn.probability, 1.0),
            overlap=rule.overlap if self.rng.random() < rule.overlap_share else 1,
            created_at=utc_text(self.moment),
            queue=rule.name,
            due_at=None if rule.due is None else due_after(self.moment, rule.due),
            assigned=self._meant_for(con, unit),
        )
        if unit.session is None:
            project, focus = project_of(self.store, unit.id) or "", queues.focus_spans(con, unit.id)
            item = replace(item, trace_id=unit.id, project=project, focus=focus)
        return item

    def _reason(self, drawn: Drawn, unit: _Unit) -> str:
        if drawn.part is not Part.RANKED:
            return "drawn at random"
        names = dict.fromkeys(name for trace in unit.traces for name, _, bad in self.signals.get(trace, ()) if bad)
        return f"a check noticed: {', '.join(list(names)[:3])}"

    def _meant_for(self, con: Connection, unit: _Unit) -> tuple[str, ...]:
        if not self.rule.route:
            return ()
        tags = {tag for found in queues.tags_by_trace(con, unit.traces).values() for tag in found}
        tags |= {name for trace in unit.traces for name, _, _ in self.signals.get(trace, ())}
        for route in self.rule.route:
            if route.tag is None or route.tag.lower() in tags:
                return self.rules.people(route.to)
        return ()


def _arrived_before(rule: QueueRule, moment: datetime) -> int:
    wait = time_span(rule.settle) if rule.settle else timedelta(0)
    return int((moment - wait).timestamp() * 1e9)


def _population(store: Store, rule: QueueRule, after: int, upto: int, on_progress: Progress | None) -> list[_Unit]:
    """What may be drawn: runs of the window that fit the rule, or the sessions that begin with such a run."""
    query = parse_query(rule.where)
    with store.read() as con:
        if rule.subject == "session":
            units = [_Unit(s.first, s.traces, s.session, s.project) for s in queues.new_sessions(con, after, upto)]
        else:
            units = [_Unit(trace_id, (trace_id,)) for trace_id in queues.new_traces(con, after, upto)]
    every = [trace for unit in units for trace in unit.traces]
    if not store.read_only:
        analyse(store, every, on_progress=on_progress)
    fitting = set(every)
    if query.terms or query.filters:
        judged = any(part.field in ("verdict", "outcome") for part in query.filters)
        fitting = only_matching(store, query, every, verdict_labels(store) if judged else None)
    if rule.modes:
        with store.read() as con:
            modes = modes_of(con, every)
        fitting &= {trace for trace, found in modes.items() if set(found) & set(rule.modes)}
    return [unit for unit in units if any(trace in fitting for trace in unit.traces)]


def _signals(store: Store, units: Sequence[_Unit]) -> _Signals:
    with store.read() as con:
        return queues.signals_by_trace(con, [trace for unit in units for trace in unit.traces])


def _wanted(rule: QueueRule, unit: _Unit, signals: _Signals) -> bool:
    return any(name in rule.signals for trace in unit.traces for name, _, _ in signals.get(trace, ()))


def _score(rule: QueueRule, unit: _Unit, signals: _Signals) -> float:
    """The sum of the strengths of unlike failure signals, or of those that the rule names."""
    strongest: dict[str, float] = {}
    for trace in unit.traces:
        for name, strength, failure in signals.get(trace, ()):
            if name in rule.signals if rule.signals else failure:
                strongest[name] = max(strength, strongest.get(name, 0.0))
    return sum(strongest.values())


def _strata(store: Store, units: Sequence[_Unit], signals: _Signals) -> dict[int, str]:
    """By unit, its failure mode, else its strongest signal."""
    with store.read() as con:
        modes = modes_of(con, [trace for unit in units for trace in unit.traces])
    found = {}
    for unit in units:
        mode = next((f"M{modes[trace][0]}" for trace in unit.traces if trace in modes), None)
        signal = next((signals[trace][0][0] for trace in unit.traces if signals.get(trace)), "")
        found[unit.id] = mode or signal
    return found


def _nothing(
    store: Store, rule: QueueRule, name: str, after: int, upto: int, moment: datetime, dry_run: bool
) -> Filled:
    """Say why there is nothing to draw. The window is used up all the same: its runs have been looked at."""
    with store.read() as con:
        looked_at = len(queues.new_traces(con, after, upto))
    if looked_at and not dry_run:
        draw = queues.Draw(name, utc_text(moment), 0, 0, upto)
        with store.write() as con:
            queues.insert_draw(con, draw, after=after, seed="", rule=rule.model_dump(mode="json"))
    if not looked_at:
        newest = f"T{after}" if after else "none yet"
        wait = f" (runs settle for {rule.settle} first)" if rule.settle else ""
        lines = [f"no new run has come since the last filling{wait}; the newest that had its chance: {newest}"]
    else:
        parts = [f"where {rule.where!r}"] if rule.where else []
        parts += [f"signals {', '.join(rule.signals)}"] if rule.signals else []
        parts += [f"modes {', '.join(f'M{mode}' for mode in rule.modes)}"] if rule.modes else []
        subject = "sessions begin" if rule.subject == "session" and not parts else "fit " + " and ".join(parts)
        lines = [f"{looked_at} new runs were looked at, none {subject}"]
        lines += explain_empty(store, parse_query(rule.where)) if rule.where else []
    return Filled(name, 0, (), why_empty=tuple(lines))
