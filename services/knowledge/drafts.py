"""The drafts that a fail verdict offers, as texts that a person edits, and their acceptance one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ...knowledge.documents import parse_document
from ...knowledge.folders import KnowledgeKind
from ...knowledge.lessons import dump_lesson, lesson_of
from ...knowledge.rubrics import parse_rubric, rubric_content
from ...model.cases import dump_case, parse_case
from ...model.clock import utc_now, utc_text
from ...model.errors import BadInputError, UsageError
from ...model.reviews import Lesson, SignatureState, Verdict
from ...model.text import yamltext
from ...model.text.display import safe_text
from ...store.contract import Store
from ...store.knowledge.index import put_draft
from ...store.reading.conversations import whole_before
from ...store.reviews.rubrics import rubric_of
from ...store.reviews.verdicts import subject_ids
from ...trust.session import ReviewSession
from ...trust.signing import SignatureCheck
from ..reviewing.completing import with_completions
from ..understanding.explaining import Explanation, explain_trace
from .confirming import confirm_case, confirm_lesson, confirm_rubric
from .prefill import prefill


@dataclass(frozen=True, slots=True)
class DraftText:
    """A lesson, case or rubric version as the text of its file; nothing counts before it is accepted."""

    kind: KnowledgeKind
    name: str
    """Name of its file without the ending."""
    text: str


def drafts_of(store: Store, verdict: Verdict) -> list[DraftText]:
    """What a verdict offers: where it makes sense a case, the lesson that it guards, and the next rubric version.

    The case comes first, since a lesson names its case only once that is confirmed. Of a session, the run that is at
    fault is drafted from: the one whose step was marked, else the one with the strongest suspect.

    Raises:
        UsageError: if the verdict's trace is not in this store any more.
    """
    trace_ids = subject_ids(store, verdict)
    if not trace_ids:
        raise UsageError(f"The trace of {verdict.short_id} is not in this store any more; nothing can be drafted.")
    verdict = with_completions(store, [verdict])[0]
    explained = _at_fault(store, verdict, trace_ids)
    draft = prefill(
        verdict,
        explained.trace,
        report=explained.report,
        signals=explained.signals,
        rubric=rubric_of(store, verdict.rubric),
        earlier=whole_before(store, explained.trace.summary.id),
    )
    found = [] if draft.case is None else [DraftText(KnowledgeKind.CASE, draft.case.id, dump_case(draft.case))]
    found.append(DraftText(KnowledgeKind.LESSON, draft.lesson.id, dump_lesson(draft.lesson)))
    if draft.rubric is not None:
        name = f"{draft.rubric.id}.v{draft.rubric.version}"
        found.append(DraftText(KnowledgeKind.RUBRIC, name, yamltext.dump(rubric_content(draft.rubric))))
    return [replace(entry, text=safe_text(entry.text)) for entry in found]


def _at_fault(store: Store, verdict: Verdict, trace_ids: Sequence[int]) -> Explanation:
    explained = [explain_trace(store, trace_id) for trace_id in trace_ids]
    marked = verdict.answer.cause_span
    for entry in explained:
        if marked is not None and any(step.span_id == marked for step in entry.trace.steps):
            return entry
    # Of equal ones the last: a session goes wrong where it ends more often than where it begins.
    return max(reversed(explained), key=_strongest)


def _strongest(explained: Explanation) -> tuple[bool, float, int]:
    report = explained.report
    best = report.suspects[0].score if report.suspects else 0.0
    return report.enough_evidence, best, sum(signal.failure for signal in explained.signals)


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
        lesson = _lesson_in(draft)
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
