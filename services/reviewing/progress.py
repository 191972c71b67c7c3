"""How queues and people get on, why a queue is empty, and what waits for whom."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ...analysis.statistics import median
from ...knowledge.queues import QueueRules
from ...model.clock import utc_now, utc_text
from ...model.query import Query
from ...model.reviews import ItemState, ReviewerStatus, ReviewItem
from ...store.contract import Connection, Store
from ...store.reading.trace_ids import newest_trace_id
from ...store.reviews import queues
from ...store.reviews.items import list_items
from ...store.reviews.questions import ReviewQuestion, open_questions
from ...store.reviews.reviewers import load_roster
from ...store.search.lines import count_traces
from .deciding_questions import as_signed

BY_HAND = ""
"""The queue of what people and assistants asked without a rule."""
_USUAL_MINUTES = 1.0
"""An item, until some have been timed."""
_MANY = 100_000
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class QueueProgress:
    """Where the items of one queue stand."""

    name: str
    states: Mapping[ItemState, int]
    claimed: int
    minutes_an_item: float | None
    """Median active time of signed items; None until there are some."""
    filled_at: str | None = None
    """When a rule last filled it."""
    why_empty: tuple[str, ...] = ()
    """Where nothing is open: why, and what would fill it."""

    @property
    def total(self) -> int:
        return sum(self.states.values())

    @property
    def open(self) -> int:
        return self.states.get(ItemState.OPEN, 0)


@dataclass(frozen=True, slots=True)
class ReviewerProgress:
    """What one person has done."""

    name: str
    fingerprint: str
    answered: int
    skipped: int
    by_queue: Mapping[str, int]
    minutes_an_item: float | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for one person, or for anybody."""

    name: str
    """Empty: whoever comes first."""
    items: tuple[ReviewItem, ...]
    questions: tuple[ReviewQuestion, ...]
    """Questions that this person has to answer."""
    overdue: int
    minutes: float
    """About how long it takes."""


@dataclass(frozen=True, slots=True)
class Digest:
    """What waits for whom, at one moment."""

    at: str
    waiting: tuple[Waiting, ...]
    disputed: tuple[ReviewItem, ...]
    decided_week: int
    """Items decided in the last seven days."""

    @property
    def nothing(self) -> bool:
        return not self.waiting and not self.disputed


def queue_progress(store: Store, rules: QueueRules, *, now: datetime | None = None) -> list[QueueProgress]:
    """Every queue: those of the rules, those that hold items, and what was asked by hand."""
    moment = utc_text(now or utc_now())
    with store.read() as con:
        states, claimed = queues.queue_states(con), queues.claimed_by_queue(con, moment)
        filled = {draw.queue: draw for draw in queues.list_draws(con)}
        times = _minutes(con, by_queue=True)
    found = []
    for name in dict.fromkeys([*(rule.name for rule in rules.queues), *sorted(states)]):
        here = states.get(name, {})
        draw = filled.get(name)
        progress = QueueProgress(name, here, claimed.get(name, 0), times.get(name), draw.drawn_at if draw else None)
        why = () if progress.open else tuple(_why_empty(store, rules, progress, draw))
        found.append(replace(progress, why_empty=why))
    return found


def reviewer_progress(store: Store) -> list[ReviewerProgress]:
    """Everybody who may sign or has, by name."""
    roster = load_roster(store)
    with store.read() as con:
        answers, skips = queues.answers_by_reviewer(con), queues.skips_by_reviewer(con)
        times = _minutes(con, by_queue=False)
    answered, skipped = defaultdict[str, Counter[str]](Counter), Counter[str]()
    for done in answers:
        answered[done.reviewer][done.queue] += done.amount
    for left in skips:
        skipped[left.reviewer] += left.amount
    names = {entry.fingerprint: entry.name for entry in roster.reviewers}
    trusted = {
        entry.fingerprint
        for entry in roster.reviewers
        if entry.status not in (ReviewerStatus.UNTRUSTED, ReviewerStatus.REVOKED)
    }
    people = [
        ReviewerProgress(
            names.get(who, who), who, answered[who].total(), skipped[who], dict(answered[who]), times.get(who)
        )
        for who in trusted | answered.keys() | skipped.keys()
    ]
    return sorted(people, key=lambda entry: (entry.name.lower(), entry.fingerprint))


def review_digest(store: Store, *, now: datetime | None = None) -> Digest:
    """What waits for whom: items routed to people, items for anybody, questions back, disputes."""
    clock = now or utc_now()
    moment = utc_text(clock)
    with store.read() as con:
        items = list_items(con, now=moment, states=(ItemState.OPEN,), limit=_MANY)
        disputed = list_items(con, now=moment, states=(ItemState.DISPUTED,), limit=_MANY)
        asked = {item.id: item for item in list_items(con, now=moment, states=(ItemState.NEEDS_ANSWER,), limit=_MANY)}
        questions = open_questions(con)
        times = [spent.amount / 60_000 for spent in queues.active_times(con)]
        week = utc_text(clock.replace(microsecond=0) - _WEEK)
        decided = queues.decided_since(con, week)
    minutes = median(times) or _USUAL_MINUTES
    mine: dict[str, list[ReviewItem]] = defaultdict(list)
    for item in items:
        late = item.due_at is not None and item.due_at <= moment
        for name in item.assigned if item.assigned and not late else (BY_HAND,):
            mine[name].append(item)
    theirs: dict[str, list[ReviewQuestion]] = defaultdict(list)
    for question in questions:
        if question.item_id in asked:
            for name in _who_answers(question, asked[question.item_id]):
                theirs[name].append(question)
    waiting = [
        Waiting(
            name,
            tuple(mine[name]),
            tuple(theirs[name]),
            overdue=sum(_late(due, moment) for due in _dates(mine[name], theirs[name])),
            minutes=round(len(mine[name]) * minutes, 1),
        )
        for name in sorted({*mine, *theirs}, key=lambda entry: (entry == BY_HAND, entry.lower()))
    ]
    return Digest(moment, tuple(waiting), tuple(as_signed(store, disputed)), decided)


def _who_answers(question: ReviewQuestion, item: ReviewItem) -> tuple[str, ...]:
    if question.waits_for == "asker":
        return (item.requested_by.removeprefix("human:"),)
    return item.assigned or (BY_HAND,)


def _dates(items: Sequence[ReviewItem], questions: Sequence[ReviewQuestion]) -> list[str | None]:
    return [*(item.due_at for item in items), *(question.due_at for question in questions)]


def _late(due_at: str | None, now: str) -> bool:
    return due_at is not None and due_at <= now


def _minutes(con: Connection, *, by_queue: bool) -> dict[str, float]:
    """Median active minutes of a signed item, by queue or by reviewer."""
    found: dict[str, list[float]] = defaultdict(list)
    for spent in queues.active_times(con):
        found[spent.queue if by_queue else spent.reviewer].append(spent.amount / 60_000)
    return {name: middle for name, values in found.items() if (middle := median(values)) is not None}


def _why_empty(store: Store, rules: QueueRules, progress: QueueProgress, draw: queues.Draw | None) -> list[str]:
    states, name = progress.states, progress.name
    lines = []
    if states.get(ItemState.NEEDS_ANSWER):
        lines.append(f"{states[ItemState.NEEDS_ANSWER]} wait for an answer to a question: `retrospan review digest`")
    if states.get(ItemState.DISPUTED):
        lines.append(f"{states[ItemState.DISPUTED]} are disputed and wait for somebody who did not rate them")
    if states.get(ItemState.DECIDED):
        lines.append(f"{states[ItemState.DECIDED]} are decided")
    total = count_traces(store, Query(""))
    if not total:
        return [*lines, "the store has no runs: `retrospan import PATH`, or point an exporter at `retrospan serve`"]
    if name == BY_HAND:
        return [*lines, "nobody has asked anything: `retrospan queue fill`, or an assistant's request_review"]
    if name not in {rule.name for rule in rules.queues}:
        return [*lines, "no rule of this name fills it any more"]
    if draw is None:
        return [*lines, f"it was never filled; {total} runs are there: `retrospan queue fill {name}`"]
    if newest_trace_id(store) > draw.upto_trace:
        return [*lines, f"runs have come since {draw.drawn_at}: `retrospan queue fill {name}`"]
    return [*lines, f"no run has come since it was filled on {draw.drawn_at}; widen its rule, or bring runs in"]
