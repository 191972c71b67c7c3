"""Drafts of lessons, cases and rubrics as texts that a person edits, and their acceptance one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ...knowledge.documents import parse_document
from ...knowledge.folders import KnowledgeKind
from ...knowledge.lessons import dump_lesson, lesson_of
from ...knowledge.rubrics import parse_rubric
from ...model.cases import parse_case
from ...model.clock import utc_now, utc_text
from ...model.errors import BadInputError, UsageError
from ...model.reviews import Lesson, SignatureState
from ...model.text.display import safe_text
from ...store.contract import Store
from ...store.knowledge.index import put_draft
from ...trust.session import ReviewSession
from ...trust.signing import SignatureCheck
from .confirming import CaseTrial, confirm_case, confirm_lesson, confirm_rubric


@dataclass(frozen=True, slots=True)
class DraftText:
    """A lesson, case or rubric version as the text of its file; nothing counts before it is accepted."""

    kind: KnowledgeKind
    name: str
    """Name of its file without the ending."""
    text: str


def without_case(draft: DraftText) -> DraftText:
    """A lesson's draft that names no regression case; other drafts, and a text that cannot be read, as they are."""
    if draft.kind is not KnowledgeKind.LESSON:
        return draft
    try:
        lesson = _lesson_in(draft)
    except BadInputError:
        return draft
    return replace(draft, text=safe_text(dump_lesson(replace(lesson, case=None))))


def _lesson_in(draft: DraftText) -> Lesson:
    unsigned = SignatureCheck(SignatureState.UNSIGNED, "not signed yet")
    return lesson_of(parse_document(draft.kind, draft.name, draft.text), unsigned)


def keep_drafts(store: Store, drafts: Sequence[DraftText], *, now: datetime | None = None) -> None:
    """Keep drafts in the store for later; they are listed as proposed, and count for nothing."""
    moment = utc_text(now or utc_now())
    with store.write() as con:
        for draft in drafts:
            put_draft(con, draft.kind, draft.name, draft.text, now=moment)


def accept_draft(
    store: Store,
    session: ReviewSession,
    draft: DraftText,
    folder: Path,
    why_not: CaseTrial,
    *,
    now: datetime | None = None,
) -> str:
    """Sign a draft as the person has edited it, and write it to the project's knowledge folder.

    Args:
        store: Where.
        session: The unlocked reviewer.
        draft: Its text may have been changed, its kind and name not.
        folder: The project's folder.
        why_not: Tries a case before it is signed.
        now: For tests.

    Returns:
        The path of its file below `folder`.

    Raises:
        BadInputError: if the text is no such file; names the line.
        RefusedError: if the reviewer is not trusted here.
        UsageError: if a text is empty, a case was tried in vain, or something else is confirmed under this name.
    """
    if draft.kind is KnowledgeKind.LESSON:
        lesson = _lesson_in(draft)
        if lesson.id != draft.name:
            raise UsageError(f"The lesson's id {lesson.id!r} was {draft.name!r}; it names the file and stays.")
        confirm_lesson(store, session, lesson, folder, now=now)
        return f".retrospan/lessons/{lesson.id}.md"
    if draft.kind is KnowledgeKind.CASE:
        case = parse_case(draft.text, source=f"{draft.name}.yaml")
        confirm_case(store, session, case, folder, why_not, now=now)
        return f".retrospan/cases/{case.id}.yaml"
    rubric, _, _ = parse_rubric(draft.text, source=f"{draft.name}.yaml")
    confirm_rubric(store, session, rubric, folder, now=now)
    return f".retrospan/rubrics/{rubric.id}.v{rubric.version}.yaml"
