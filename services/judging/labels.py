"""What people signed on runs, with what chance each run came to be asked about, and what a judge answered there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...model.clock import utc_now, utc_text
from ...model.reviews import Label, ReviewItem, Verdict
from ...store.contract import Store
from ...store.jobs.judgements import Judgements
from ...store.reviews import queues
from ...store.reviews.items import list_items
from ...store.reviews.verdicts import list_verdicts

TELLING = (Label.PASS, Label.FAIL)
_MANY = 1_000_000


@dataclass(frozen=True, slots=True)
class PeopleLabel:
    """A run on which people agree."""

    trace_id: int
    trace_key: str
    label: Label
    """What they said before they saw any proposal."""
    chances: Mapping[str, float] = field(default_factory=dict)
    """By queue, with which it drew the run, also where another had asked before; empty where it was picked by hand."""
    reason: str = ""
    verdict: str = ""
    """Uid of the last."""
    verdicts: int = 1
    """How many people gave."""

    @property
    def test(self) -> bool:
        """In the half that is kept for the last look."""
        return in_test_half(self.trace_key)


@dataclass(frozen=True, slots=True)
class LabelledRun:
    """A run that people and the judge answered."""

    people: PeopleLabel
    judge: Label
    """`cant_tell` where the judge leaves the run to people, and still tells a chance."""
    score: float
    """Chance of a fail as the judge tells it; 0 or 1 of one that only answers."""

    @property
    def trace_id(self) -> int:
        return self.people.trace_id

    @property
    def human(self) -> Label:
        return self.people.label

    @property
    def test(self) -> bool:
        return self.people.test

    @property
    def answered(self) -> bool:
        """Whether the judge passed or failed it."""
        return self.judge in TELLING

    @property
    def differs(self) -> bool:
        return self.answered and self.judge is not self.human


def people_labels(store: Store, rubric: str, version: int, criterion: str) -> list[PeopleLabel]:
    """The runs with verdicts on this criterion of this rubric version, on which people do not differ.

    A verdict counts that is signed, trusted, about the run as it is and not superseded.

    Cost: checks every verdict.
    """
    verdicts = [verdict for verdict in list_verdicts(store) if verdict.confirmed and not verdict.demo]
    replaced = {uid for verdict in verdicts for uid in verdict.supersedes}
    with store.read() as con:
        items = {item.id: item for item in list_items(con, now=utc_text(utc_now()), states=(), limit=_MANY)}
        drawn = {draw.queue: queues.sample_of(con, draw.queue) for draw in queues.list_draws(con)}
    by_trace: dict[int, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.uid in replaced or verdict.trace_id is None:
            continue
        if (verdict.rubric.id, verdict.rubric.version) == (rubric, version):
            by_trace.setdefault(verdict.trace_id, []).append(verdict)
    return [
        label
        for trace_id, found in sorted(by_trace.items())
        if (label := _label(criterion, trace_id, found, items, drawn))
    ]


def labelled_runs(store: Store, judge: Judgements) -> list[LabelledRun]:
    """The runs with a verdict on the judge's criterion and rubric version, and an answer of the judge.

    Cost: checks every verdict.
    """
    return beside_judge(labels_for(store, judge), judge)


def labels_for(store: Store, judge: Judgements) -> list[PeopleLabel]:
    """What people say on the judge's criterion and rubric version. Cost: checks every verdict."""
    params = judge.params
    return people_labels(store, str(params["rubric"]), int(str(params["version"])), str(params["criterion"]))


def beside_judge(labels: Sequence[PeopleLabel], judge: Judgements) -> list[LabelledRun]:
    """Those of the labelled runs that the judge answered, with its answer."""
    return [
        LabelledRun(label, Label(judge.labels[label.trace_id] or Label.CANT_TELL), score)
        for label in labels
        if (score := judge.score(label.trace_id)) is not None
    ]


def in_test_half(trace_key: str) -> bool:
    """Whether a run is in the half that is looked at once: by the digest of its key, alike in every store."""
    return bool(hashlib.sha256(trace_key.encode()).digest()[0] & 1)


def _label(
    criterion: str,
    trace_id: int,
    verdicts: Sequence[Verdict],
    items: Mapping[int, ReviewItem],
    drawn: Mapping[str, Mapping[int, tuple[str, float]]],
) -> PeopleLabel | None:
    labels = {label for verdict in verdicts if (label := _answer(verdict, criterion)) in TELLING}
    if len(labels) != 1:
        return None
    asked = [items[v.item_id] for v in verdicts if v.item_id is not None and v.item_id in items]
    chances = {item.queue: item.inclusion_probability for item in asked if item.inclusion_probability is not None}
    chances |= {queue: sample[item.id][1] for queue, sample in drawn.items() for item in asked if item.id in sample}
    last = verdicts[-1]
    return PeopleLabel(
        trace_id,
        last.subjects[0].trace_key,
        labels.pop(),
        chances,
        last.answer.reason,
        last.uid,
        len(verdicts),
    )


def _answer(verdict: Verdict, criterion: str) -> Label:
    """To the criterion; to the whole question where the reviewer was asked no criterion apart."""
    given = {entry.criterion: entry.label for entry in verdict.first_answer.criteria}
    return given.get(criterion, Label.CANT_TELL if given else verdict.first_answer.label)
