"""From verdict to knowledge: propose lessons, cases and rubric versions as drafts, and confirm them by a signature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ...knowledge.folders import KnowledgeKind, knowledge_root, write_knowledge
from ...knowledge.lessons import clean_lesson, dump_lesson, unfit
from ...knowledge.plaintext import plain_line
from ...knowledge.rubrics import clean_rubric, rubric_content
from ...model.cases import Case, CaseStatus, dump_case, parse_case
from ...model.clock import utc_now, utc_text
from ...model.errors import RefusedError, UsageError
from ...model.reviews import Lesson, LessonStatus, Rubric
from ...model.text import yamltext
from ...model.text.bounds import bounded
from ...store.contract import Store
from ...store.knowledge.index import index_knowledge, list_documents, put_draft
from ...store.knowledge.lookup import known_lessons, list_lessons
from ...trust.config import load_trust_file
from ...trust.files import slug
from ...trust.projects import allowed_project_files


@dataclass(frozen=True, slots=True)
class LessonDraft:
    """What came of a failure, ready for a person to edit: the lesson, and where it makes sense a case and a rubric."""

    lesson: Lesson
    case: Case | None = None
    rubric: Rubric | None = None
    """A new version with what the failure taught."""


@dataclass(frozen=True, slots=True)
class ProposedLesson:
    """The drafts as they were kept."""

    lesson: Lesson
    case: str | None
    rubric: str | None
    paths: tuple[Path, ...]
    """The draft files; empty where the drafts are kept in the store."""
    like: tuple[str, ...] = ()
    """Lessons that say much the same: a person may rather merge them."""


def knowledge_folders(root: Path) -> list[Path]:
    """The knowledge folders of a project: its own, and those that its `retrospan.toml` names once it is allowed."""
    own = knowledge_root(root)
    found = [own] if own.is_dir() else []
    for path, project in allowed_project_files(load_trust_file()):
        if path.parent == own.parent.resolve():
            named = [(path.parent / name).resolve() for name in project.knowledge]
            found += [folder for folder in named if folder.is_dir()]
    return found


def propose_lesson(
    store: Store, draft: LessonDraft, *, by: str, folder: Path | None = None, now: datetime | None = None
) -> ProposedLesson:
    """Keep a lesson with its case and rubric version as drafts. Nothing is confirmed by this, whoever asks.

    Args:
        store: Where.
        draft: What to propose; texts are made visible and inert, the id is made from the title where it is empty.
        by: Who proposes: `agent:claude`, `human:Ada`.
        folder: The project folder to write draft files to; None keeps the drafts in the store, as serving processes
            must, which write no other file.
        now: For tests.

    Raises:
        UsageError: if a text is empty or too long.
        BadInputError: if case or rubric are not valid.
    """
    moment = utc_text(now or utc_now())
    lesson = _proposal(store, draft, by)
    like = tuple(known_lessons(store).every().like(lesson))
    texts = {(KnowledgeKind.LESSON, lesson.id): dump_lesson(lesson)}
    if draft.case is not None:
        case = parse_case(dump_case(draft.case.model_copy(update={"status": CaseStatus.DRAFT})), source=draft.case.id)
        texts[KnowledgeKind.CASE, case.id] = dump_case(case)
    rubric = None
    if draft.rubric is not None:
        rubric = clean_rubric(draft.rubric)
        texts[KnowledgeKind.RUBRIC, f"{rubric.id}.v{rubric.version}"] = yamltext.dump(rubric_content(rubric))
    paths: list[Path] = []
    if folder is not None:
        _refuse_to_replace(store, texts)
        paths = [write_knowledge(folder, kind, name, text) for (kind, name), text in texts.items()]
        index_knowledge(store, [folder])
    else:
        with store.write() as con:
            for (kind, name), text in texts.items():
                put_draft(con, kind, name, text, now=moment)
    named = f"{rubric.id}.v{rubric.version}" if rubric else None
    return ProposedLesson(lesson, lesson.case, named, tuple(paths), like)


def _proposal(store: Store, draft: LessonDraft, by: str) -> Lesson:
    lesson = checked_lesson(draft.lesson)
    lesson = replace(lesson, status=LessonStatus.PROPOSED, proposed_by=plain_line(by)[:200])
    if draft.case is not None:
        lesson = replace(lesson, case=draft.case.id)
    wanted = lesson.id or slug(lesson.title)
    known = {entry.id: entry for entry in list_lessons(store)}
    number, name = 1, wanted
    while name in known and not _same(known[name], replace(lesson, id=name)):
        number += 1
        name = f"{wanted[:70]}-{number}"
    return replace(lesson, id=name)


def _same(known: Lesson, lesson: Lesson) -> bool:
    return known.status is LessonStatus.PROPOSED and dump_lesson(known) == dump_lesson(lesson)


def _refuse_to_replace(store: Store, texts: Mapping[tuple[KnowledgeKind, str], str]) -> None:
    """A draft never takes the place of a signed file."""
    for kind, name in texts:
        for document in list_documents(store, kind):
            if document.name == name and document.folder and document.signature is not None:
                raise RefusedError(f"The {kind.value} {name!r} is signed. Propose it under another id.")


def checked_lesson(lesson: Lesson) -> Lesson:
    """The lesson made visible and inert.

    Raises:
        UsageError: if one of its texts is empty or too long.
    """
    lesson = clean_lesson(lesson)
    for what, text in (
        ("title", lesson.title),
        ("part 'what happened'", lesson.what_happened),
        ("part 'why'", lesson.why),
        ("part 'what to do'", lesson.what_to_do),
    ):
        bounded(what, text)
    if problem := unfit(lesson):
        raise UsageError(problem)
    return lesson
