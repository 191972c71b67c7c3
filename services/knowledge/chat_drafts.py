"""What a person makes of an answer in a conversation: a question to experts, or a lesson draft to edit."""

from __future__ import annotations

from collections.abc import Sequence

from ...knowledge.plaintext import plain_line
from ...model.reviews import Lesson, LessonOrigin, ReviewItem
from ...model.traces import Trace
from ...store.contract import Store
from ..reviewing.asking import request_review
from ..reviewing.sentences import Claim
from .proposing import LessonDraft, ProposedLesson, propose_lesson

_TITLE = 120


def review_from_answer(store: Store, trace_id: int, question: str, claims: Sequence[Claim], *, by: str) -> ReviewItem:
    """Put a question about a run to people, with the steps that an answer cites to look at first.

    Raises:
        UsageError: if the question is empty or too long.
    """
    focus = list(dict.fromkeys(support.span_id for claim in claims for support in claim.supports))
    return request_review(store, trace_id, question, by=by, focus=focus, reason="came up in a conversation")


def lesson_from_answer(
    store: Store, trace: Trace, question: str, words: str, claims: Sequence[Claim], *, by: str
) -> ProposedLesson:
    """Keep what an answer says as a lesson draft; why and what to do are for a person to write.

    Raises:
        UsageError: if a text is empty or too long.
    """
    spans = tuple(dict.fromkeys(support.span_id for claim in claims for support in claim.supports))
    lesson = Lesson(
        id="",
        title=plain_line(question)[:_TITLE],
        what_happened=words,
        why="Not settled yet: name the cause.",
        what_to_do="To be written: what should be done instead?",
        origin=LessonOrigin(None, trace.summary.external_id, trace.summary.project, spans),
    )
    return propose_lesson(store, LessonDraft(lesson), by=by)
