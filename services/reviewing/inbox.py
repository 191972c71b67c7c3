"""The engineers' inbox: signed fails that nothing has come of yet, wherever they were signed."""

from __future__ import annotations

from dataclasses import dataclass

from ...model.reviews import Label, LessonStatus, Verdict
from ...store.contract import Store
from ...store.knowledge.lookup import list_lessons
from ...store.reading.summaries import get_summaries
from ...store.reviews.completions import completions_of
from ...store.reviews.reviewers import load_trust
from ...store.reviews.rubrics import list_rubrics
from ...store.reviews.verdicts import list_verdicts


@dataclass(frozen=True, slots=True)
class ToComplete:
    """One signed fail that waits for an engineer."""

    verdict: Verdict
    asked: str
    """What the person had asked the application: the first words of the run; empty where it is not here any more."""
    failed: str
    """What it failed: the question of the first failed criterion, else of the review."""

    @property
    def says(self) -> str:
        """The reviewer's words: why, else what was expected."""
        return self.verdict.answer.reason or self.verdict.answer.expected


def to_complete(store: Store) -> list[ToComplete]:
    """Fails that count and have neither an engineer's part nor a confirmed lesson, newest first.

    Cost: one check of every signature in the store.
    """
    trust = load_trust(store)
    verdicts = [verdict for verdict in list_verdicts(store, trust=trust) if verdict.confirmed]
    replaced = {uid for verdict in verdicts for uid in verdict.supersedes}
    fails = [v for v in verdicts if v.answer.label is Label.FAIL and v.uid not in replaced]
    if not fails:
        return []
    completed = {uid for uid, parts in completions_of(store, fails, trust).items() if any(p.confirmed for p in parts)}
    taught = {
        lesson.origin.verdict for lesson in list_lessons(store, trust) if lesson.status is not LessonStatus.PROPOSED
    }
    waiting = [verdict for verdict in fails if verdict.uid not in completed | taught]
    ids = sorted({verdict.trace_id for verdict in waiting if verdict.trace_id is not None})
    asked = {summary.id: summary.input for summary in get_summaries(store, ids)}
    questions = {
        (rubric.ref, criterion.id): criterion.question
        for rubric in list_rubrics(store)
        for criterion in rubric.criteria
    }

    def failed(verdict: Verdict) -> str:
        first = next((entry.criterion for entry in verdict.answer.criteria if entry.label is Label.FAIL), "")
        return questions.get((verdict.rubric, first), verdict.question)

    found = [ToComplete(v, asked.get(v.trace_id, "") if v.trace_id is not None else "", failed(v)) for v in waiting]
    return sorted(found, key=lambda entry: (entry.verdict.signed_at, entry.verdict.id or 0), reverse=True)
