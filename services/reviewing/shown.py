"""What a reviewer has before them when they sign, and what their answer will decide.

One hash covers all of it. The faces compute it from what they show; signing computes it anew from what the store holds
and refuses where the two differ, so that nobody signs words that were exchanged behind the screen.
"""

from __future__ import annotations

import hashlib
from typing import cast

from ...knowledge.rubrics import rubric_content
from ...model.review_states import overall
from ...model.reviews import Answer, Draft, Label, Proposal, ReviewItem, Rubric
from ...model.text.jsontext import canonical
from ...model.traces import JsonValue
from ...store.reviews.verdicts import proposal_digest
from ...trust.verdicts import answer_json
from .claiming import OpenReview

OUTCOME = "outcome"


def asked_questions(question: str, rubric: Rubric | None) -> tuple[tuple[str, str], ...]:
    """What a reviewer answers, in order: id of the criterion and the words of the question.

    A rubric of one criterion is asked in the words of the item, `question`; several are asked in their own.
    """
    criteria = rubric.criteria if rubric else ()
    if len(criteria) == 1:
        return ((criteria[0].id, question),)
    return tuple((criterion.id, criterion.question) for criterion in criteria) or (("", question),)


def deciding_criteria(item: ReviewItem, rubric: Rubric | None) -> tuple[str, ...]:
    """The criteria that decide how the run ended: those that say so and are asked in their own words."""
    asked = dict(asked_questions(item.question, rubric))
    criteria = rubric.criteria if rubric else ()
    return tuple(entry.id for entry in criteria if entry.decides == OUTCOME and asked[entry.id] == entry.question)


def decides_outcome(item: ReviewItem, rubric: Rubric | None) -> bool:
    """Whether the answer to this item says how the run ended: a person said so, or a criterion of its rubric does."""
    return bool(item.decides or deciding_criteria(item, rubric))


def outcome_of(item: ReviewItem, rubric: Rubric | None, answer: Answer) -> Label | None:
    """How the run ended, by this answer; None where it answers another question."""
    if item.decides:
        return answer.label
    marks = {mark.criterion: mark.label for mark in answer.criteria}
    criteria = deciding_criteria(item, rubric)
    if not criteria:
        return None
    if rubric is not None and len(rubric.criteria) == 1:
        return answer.label
    return overall([marks[name] for name in criteria if name in marks] or [Label.CANT_TELL])


def who_asked(item: ReviewItem) -> str:
    """Who put a question, in words: `an assistant (claude)`, `Ada`, `the rule refunds`."""
    return _who(item.requested_by) or "somebody unnamed"


def _who(actor: str) -> str:
    kind, _, name = actor.partition(":")
    told = {"human": name, "rule": f"the rule {name}", "agent": f"an assistant ({name})"}
    return (told.get(kind) if name else None) or actor


def what_it_decides(item: ReviewItem, rubric: Rubric | None) -> str:
    """One sentence for whoever is about to answer."""
    if item.decides:
        return f"The answer decides whether the run did its job ({_who(item.decides)} said so)."
    if decides_outcome(item, rubric):
        return "The answer decides whether the run did its job."
    return "The answer is kept for this question alone; it does not decide whether the run did its job."


def what_it_replaces(opened: OpenReview) -> str:
    """One sentence on the signed answers that a signature will replace; empty where there is none.

    It does not say what they are: a reviewer answers for themselves first.
    """
    if not opened.replaces:
        return ""
    told = []
    for verdict in opened.replaces:
        elsewhere = "" if verdict.item_id == opened.item.id else f" on R{verdict.item_id}: {verdict.question}"
        told.append(f"{verdict.short_id} of {verdict.reviewer_name}{elsewhere}")
    return f"Your signature replaces {'; '.join(told)}."


def shown_sha256(opened: OpenReview, draft: Draft | None, proposal: Proposal | None) -> str:
    """Hex digest of all that a person is shown of an item: question, why, who asked and what it decides, the form, the
    rubric's text and version, the steps, which signed answers it replaces, the answers so far, and the proposal once it
    is revealed.

    Args:
        opened: The item as it is shown.
        draft: The answers as they are shown; None before the first one.
        proposal: As it is shown; None where there is none.
    """
    item, rubric = opened.item, opened.rubric
    found: dict[str, JsonValue] = {
        "question": item.question,
        "note": item.note,
        "reason": item.reason,
        "replaces": [verdict.uid for verdict in opened.replaces],
        "asked_by": item.requested_by,
        "decides": item.decides,
        "outcome": decides_outcome(item, rubric),
        "focus": list(item.focus),
        "form": [list(entry) for entry in asked_questions(item.question, rubric)],
        "rubric": [item.rubric.id, item.rubric.version, item.rubric.sha256],
        "rubric_text": rubric_content(rubric) if rubric else None,
        "steps": [
            [
                *(seen.project, seen.trace_key, seen.revision, seen.context),
                cast(JsonValue, [list(step) for step in seen.steps.items()]),
            ]
            for seen in opened.seen
        ],
        "answers": [answer_json(draft.first), answer_json(draft.final)] if draft else None,
        "proposal": proposal_digest(proposal) if proposal else None,
    }
    return hashlib.sha256(canonical(found)).hexdigest()
