"""The drafts that a fail verdict offers, as texts that a person edits, and their acceptance one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ..store import yamltext
from ..store.cases import dump_case, parse_case
from ..store.connection import Store
from ..store.display import safe_text
from ..store.errors import UsageError
from ..store.knowledge.documents import parse_document
from ..store.knowledge.folders import KnowledgeKind
from ..store.knowledge.index import put_draft
from ..store.knowledge.lessons import dump_lesson, lesson_of
from ..store.knowledge.rubrics import parse_rubric, rubric_content, rubric_of
from ..store.review_models import SignatureState, Verdict
from ..store.reviews_verdicts import subject_ids
from ..store.trust.clock import utc_now, utc_text
from ..store.trust.session import ReviewSession
from ..store.trust.signing import SignatureCheck
from .reviewing_confirm import confirm_case, confirm_lesson, confirm_rubric
from .reviewing_prefill import prefill
from .understanding import explain_trace


@dataclass(frozen=True, slots=True)
class DraftText:
    """A lesson, case or rubric version as the text of its file; nothing counts before it is accepted."""

    kind: KnowledgeKind
    name: str
    """Name of its file without the ending."""
    text: str


def drafts_of(store: Store, verdict: Verdict) -> list[DraftText]:
    """What a verdict offers: the lesson first, then, where they make sense, the case and the next rubric version.

    Raises:
        UsageError: if the verdict's trace is not in this store any more.
    """
    trace_ids = subject_ids(store, verdict)
    if not trace_ids:
        raise UsageError(f"The trace of {verdict.short_id} is not in this store any more; nothing can be drafted.")
    explained = explain_trace(store, trace_ids[0])
    draft = prefill(
        verdict,
        explained.trace,
        report=explained.report,
        signals=explained.signals,
        rubric=rubric_of(store, verdict.rubric),
    )
    found = [DraftText(KnowledgeKind.LESSON, draft.lesson.id, dump_lesson(draft.lesson))]
    if draft.case is not None:
        found.append(DraftText(KnowledgeKind.CASE, draft.case.id, dump_case(draft.case)))
    if draft.rubric is not None:
        name = f"{draft.rubric.id}.v{draft.rubric.version}"
        found.append(DraftText(KnowledgeKind.RUBRIC, name, yamltext.dump(rubric_content(draft.rubric))))
    return [replace(entry, text=safe_text(entry.text)) for entry in found]


def keep_drafts(store: Store, drafts: Sequence[DraftText], *, now: datetime | None = None) -> None:
    """Keep drafts in the store for later; they are listed as proposed, and count for nothing."""
    moment = utc_text(now or utc_now())
    with store.write() as con:
        for draft in drafts:
            put_draft(con, draft.kind, draft.name, draft.text, now=moment)


def accept_draft(
    store: Store, session: ReviewSession, draft: DraftText, folder: Path, *, now: datetime | None = None
) -> str:
    """Sign a draft as the person has edited it, and write it to the project's knowledge folder.

    Args:
        store: Where.
        session: The unlocked reviewer.
        draft: Its text may have been changed, its kind and name not.
        folder: The project's folder.
        now: For tests.

    Returns:
        The path of its file below `folder`.

    Raises:
        BadInputError: if the text is no such file; names the line.
        RefusedError: if the reviewer is not trusted here.
        UsageError: if a text is empty, or something else is confirmed under this name.
    """
    if draft.kind is KnowledgeKind.LESSON:
        unsigned = SignatureCheck(SignatureState.UNSIGNED, "not signed yet")
        lesson = lesson_of(parse_document(draft.kind, draft.name, draft.text), unsigned)
        if lesson.id != draft.name:
            raise UsageError(f"The lesson's id {lesson.id!r} was {draft.name!r}; it names the file and stays.")
        confirm_lesson(store, session, lesson, folder, now=now)
        return f".retrospan/lessons/{lesson.id}.md"
    if draft.kind is KnowledgeKind.CASE:
        case = parse_case(draft.text, source=f"{draft.name}.yaml")
        confirm_case(store, session, case, folder, now=now)
        return f".retrospan/cases/{case.id}.yaml"
    rubric, _, _ = parse_rubric(draft.text, source=f"{draft.name}.yaml")
    confirm_rubric(store, session, rubric, folder, now=now)
    return f".retrospan/rubrics/{rubric.id}.v{rubric.version}.yaml"
