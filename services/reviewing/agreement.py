"""What people's answers say of each other and of the agent: agreement per criterion, switches, time.

Agreement rests on first answers, which were given blind to the proposal and to other people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...analysis.agreement import MIN_DOUBLES, Agreement, agreement
from ...analysis.statistics import Interval, median, wilson
from ...model.clock import utc_now, utc_text
from ...model.reviews import Proposal, ReviewItem, Verdict
from ...store.contract import Store
from ...store.reviews import queues
from ...store.reviews.items import list_items
from ...store.reviews.verdicts import all_proposals, list_verdicts, proposal_digest
from .claiming import COUNTING

OVERALL = "overall"
"""The answer to the question as a whole, beside those to the criteria."""
SEEDED = "seeded:"
"""Who proposes begins so where a proposal was made wrong on purpose, to see whether people follow it."""
_USUAL_MINUTES = 1.0
_MANY = 1_000_000


@dataclass(frozen=True, slots=True)
class CriterionAgreement:
    """How far people agree on one criterion of one rubric."""

    rubric: str
    criterion: str
    agreement: Agreement
    missing_reviews: int
    """Further reviews that would make enough doubles; 0 where there are enough."""
    missing_minutes: float

    @property
    def in_words(self) -> str:
        """The result in plain words, without statistics."""
        found = self.agreement
        if not found.enough:
            return (
                f"Too early to say how far people agree: {found.doubles} items have two answers, {MIN_DOUBLES} are "
                f"needed. About {self.missing_reviews} more reviews would do, some {self.missing_minutes:.0f} minutes."
            )
        share = f"Two people gave the same answer in {found.raw.value:.0%} of {found.doubles} items"
        if found.coefficient is None:
            return f"{share}; everybody always says the same, so this tells nothing of hard items."
        return f"{share}, {_STRENGTH[_strength(found.coefficient)]}"


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """All that is known of how people judge."""

    criteria: tuple[CriterionAgreement, ...]
    switched: Interval
    """Of those who first answered otherwise than the proposal, the share who then took its answer."""
    could_switch: int
    away: int
    """How many left the proposal's answer after they had seen it."""
    resisted: Interval | None
    """Share of right final answers where the proposal was wrong on purpose; None where there were none."""
    seeded: int
    minutes_an_item: float | None
    """Median active time."""
    timed: int


def agreement_report(
    store: Store, *, rubric: str | None = None, queue: str | None = None, seed: int = 0
) -> AgreementReport:
    """Agreement per rubric and criterion, from signed verdicts of trusted reviewers.

    Args:
        store: Where.
        rubric: Only of this rubric.
        queue: Only of this queue.
        seed: Of the bootstrap.

    Cost: reads every verdict; see `confirmed_verdicts`.
    """
    with store.read() as con:
        items = {
            item.id: item
            for item in list_items(con, now=utc_text(utc_now()), states=(), queue=queue, limit=_MANY)
            if rubric is None or item.rubric.id == rubric
        }
        times = [spent.amount / 60_000 for spent in queues.active_times(con) if queue in (None, spent.queue)]
        shown = {proposal_digest(entry): entry for entry in all_proposals(con)}
    verdicts = [verdict for verdict in list_verdicts(store) if verdict.item_id in items and verdict.state in COUNTING]
    raters = _without_adjudicators(verdicts)
    minutes = median(times) or _USUAL_MINUTES
    criteria = tuple(
        _criterion(name, criterion, ratings, minutes, seed)
        for (name, criterion), ratings in sorted(_ratings(raters, items).items())
    )
    could, switched, away = _switches(verdicts, shown)
    traps = [(verdict, entry) for verdict, entry in _with_proposal(verdicts, shown) if _is_seeded(entry)]
    held = sum(verdict.answer.label is not entry.label for verdict, entry in traps)
    return AgreementReport(
        criteria,
        wilson(switched, could),
        could,
        away,
        wilson(held, len(traps)) if traps else None,
        len(traps),
        median(times),
        len(times),
    )


_STRENGTH = (
    "hardly more than chance would give: the criterion reads differently to different people, so sharpen it first.",
    "somewhat more than chance would give: look at the items where they differ, and sharpen the criterion.",
    "well beyond chance.",
)


def _strength(coefficient: Interval) -> int:
    """0 to 2, by the lower end, so that few items promise little."""
    return (coefficient.low >= 0.2) + (coefficient.low >= 0.6)


def _without_adjudicators(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """An adjudicator has seen the dispute; only those who answered blind are raters."""
    former = {verdict.uid: verdict.item_id for verdict in verdicts}
    return [
        verdict for verdict in verdicts if not any(former.get(uid) == verdict.item_id for uid in verdict.supersedes)
    ]


def _ratings(
    verdicts: Sequence[Verdict], items: Mapping[int, ReviewItem]
) -> dict[tuple[str, str], list[dict[str, str]]]:
    """By rubric and criterion, for each item the label by reviewer."""
    found: dict[tuple[str, str], dict[int, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for verdict in verdicts:
        assert verdict.item_id is not None
        name, answer = items[verdict.item_id].rubric.id, verdict.first_answer
        labels = {OVERALL: answer.label} | {entry.criterion: entry.label for entry in answer.criteria}
        for criterion, label in labels.items():
            found[name, criterion][verdict.item_id][verdict.reviewer] = label.value
    return {key: list(by_item.values()) for key, by_item in found.items()}


def _criterion(
    rubric: str, criterion: str, ratings: Sequence[Mapping[str, str]], minutes: float, seed: int
) -> CriterionAgreement:
    found = agreement(ratings, seed=seed)
    lacking = max(0, MIN_DOUBLES - found.doubles)
    # A second answer to an item that has one costs one review; a double from nothing costs two.
    single = len(ratings) - found.doubles
    reviews = min(lacking, single) + 2 * max(0, lacking - single)
    return CriterionAgreement(rubric, criterion, found, reviews, round(reviews * minutes, 1))


def _with_proposal(verdicts: Sequence[Verdict], shown: Mapping[str, Proposal]) -> list[tuple[Verdict, Proposal]]:
    return [
        (verdict, shown[verdict.proposal]) for verdict in verdicts if verdict.proposal and verdict.proposal in shown
    ]


def _switches(verdicts: Sequence[Verdict], shown: Mapping[str, Proposal]) -> tuple[int, int, int]:
    """How many differed from the proposal at first, how many then took its answer, how many left it."""
    could = switched = away = 0
    for verdict, entry in _with_proposal(verdicts, shown):
        if verdict.first_answer.label is not entry.label:
            could += 1
            switched += verdict.answer.label is entry.label
        else:
            away += verdict.answer.label is not entry.label
    return could, switched, away


def _is_seeded(proposal: Proposal) -> bool:
    return proposal.proposed_by.startswith(SEEDED)
