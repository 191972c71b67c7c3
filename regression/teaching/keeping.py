"""What a fail teaches, kept: as drafts to edit, or signed at once as the engineer's part and up to three files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ...knowledge.folders import KnowledgeKind
from ...knowledge.lessons import dump_lesson
from ...knowledge.rubrics import rubric_content
from ...model.cases import Case, dump_case, parse_case
from ...model.errors import UsageError
from ...model.reviews import Verdict
from ...model.text import yamltext
from ...model.text.display import safe_text
from ...services.knowledge.drafts import DraftText, accept_draft
from ...services.reviewing.completing import complete_verdict
from ...store.contract import Store
from ...trust.session import ReviewSession
from .facts import FailFacts, load_facts
from .form import TeachingForm, case_of_form, lesson_of_form, rubric_of_form, suggest, try_form


@dataclass(frozen=True, slots=True)
class Taught:
    """What came of a fail."""

    paths: tuple[str, ...]
    """Below the project's folder, in the order in which they were written."""
    case: Case | None
    lesson: str
    """Its id."""


def drafts_of(store: Store, verdict: Verdict) -> list[DraftText]:
    """What a verdict offers as it stands, see `drafts_of_form`."""
    facts = load_facts(store, verdict)
    return drafts_of_form(facts, suggest(facts))


def case_drafts(store: Store, verdicts: Sequence[Verdict]) -> list[DraftText]:
    """The regression cases that the verdicts suggest, made by code from their runs."""
    found = [draft for verdict in verdicts for draft in drafts_of(store, verdict) if draft.kind is KnowledgeKind.CASE]
    return list({draft.name: draft for draft in found}.values())


def drafts_of_form(facts: FailFacts, form: TeachingForm) -> list[DraftText]:
    """The files that a form makes: where it makes sense a case, the lesson that it guards, the next rubric version.

    The case comes first, since a lesson names its case only once that is confirmed.
    """
    case = case_of_form(facts, form)
    lesson, rubric = lesson_of_form(facts, form, case), rubric_of_form(facts, form)
    found = []
    if case is not None:
        linked = case.model_copy(update={"provenance": case.provenance.model_copy(update={"lesson": lesson.id})})
        found.append(DraftText(KnowledgeKind.CASE, case.id, dump_case(linked)))
    found.append(DraftText(KnowledgeKind.LESSON, lesson.id, dump_lesson(lesson)))
    if rubric is not None:
        name = f"{rubric.id}.v{rubric.version}"
        found.append(DraftText(KnowledgeKind.RUBRIC, name, yamltext.dump(rubric_content(rubric))))
    return [replace(entry, text=safe_text(entry.text)) for entry in found]


def accept_form(
    store: Store,
    session: ReviewSession,
    facts: FailFacts,
    form: TeachingForm,
    folder: Path,
    *,
    now: datetime | None = None,
) -> Taught:
    """Sign what a form says: case, lesson and rubric as files, then cause and step beside the expert's answer.

    A case has to fail on the recorded run, or nothing is signed.

    Args:
        store: Where.
        session: The engineer, unlocked.
        facts: What the fail brings.
        form: As the engineer left it.
        folder: The project's folder.
        now: For tests.

    Raises:
        UsageError: if the title is empty, or the case does not tell the failed run from a right one.
        RefusedError: if the engineer is not trusted here.
    """
    if not form.title.strip():
        raise UsageError("The lesson has no title yet. Say in a few words what to do.")
    drafts = drafts_of_form(facts, form)
    case = next((parse_case(d.text, source=d.name) for d in drafts if d.kind is KnowledgeKind.CASE), None)

    def why_not(_: Store, case: Case) -> str:
        return try_form(facts, case, form.step).why_not

    # The case comes first, so that nothing is written where it is refused.
    paths = tuple(accept_draft(store, session, draft, folder, why_not, now=now) for draft in drafts)
    lesson = next(draft.name for draft in drafts if draft.kind is KnowledgeKind.LESSON)
    complete_verdict(
        store,
        session,
        facts.verdict.uid,
        cause=form.cause,
        step=form.step or None,
        lesson=lesson,
        case=case.id if case else None,
        now=now,
    )
    return Taught(paths, case, lesson)
