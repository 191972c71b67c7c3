"""Knowledge of other projects: what of it fits here, taking it over, and bundles of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ...knowledge.bundles import Manifest, pack, unpack
from ...knowledge.changes import change_of
from ...knowledge.documents import check_document, parse_document
from ...knowledge.folders import FoundFile, KnowledgeKind, find_files, write_knowledge
from ...knowledge.lessons import held_back, lesson_of
from ...knowledge.ranking import LessonIndex
from ...model.cases import parse_case
from ...model.clock import utc_now, utc_text
from ...model.errors import UsageError
from ...model.reviews import Lesson, SignatureState
from ...store.contract import Store
from ...store.knowledge.index import folder_trust, index_knowledge
from ...store.knowledge.lookup import known_lessons
from ...store.knowledge.set_ups import used_names
from ...trust.files import read_bounded
from ...trust.root import Trust
from ...trust.signing import SignatureCheck
from .doubting import project_files


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that was taken over, or would be."""

    kind: KnowledgeKind
    name: str
    state: str
    """`new`, `same`, or `conflict`: another text stands under this name here, and stays."""
    signed: SignatureState
    """What its signature is worth here."""


def take_over(
    store: Store,
    root: Path,
    files: Sequence[tuple[KnowledgeKind, str, str]],
    *,
    tags: Sequence[str] = (),
    dry_run: bool = False,
) -> list[Taken]:
    """Write knowledge files of another project into this one, unchanged: signatures stay what they are worth here.

    A file whose name is taken by another text is named as a conflict and left out: nothing here is overwritten.

    Args:
        store: Indexes what was written.
        root: This project's folder.
        files: Kind, name and text of each.
        tags: Only lessons that bear on one of these (`tool:NAME`, `file:PATH`, …) with the cases that guard them;
            empty for all. Reviewer records always come along: who signed must be seen to be trusted.
        dry_run: Write nothing.
    """
    chosen = _chosen(files, tags)
    here = {(file.kind, file.name): file.text for file in find_files(root)} if root.is_dir() else {}
    trust = folder_trust([root])
    found = []
    for kind, name, text in chosen:
        document = parse_document(kind, name, text)
        own = here.get((kind, name))
        state = "new" if own is None else "same" if own == text else "conflict"
        found.append(Taken(kind, name, state, check_document(document, trust).state))
        if state == "new" and not dry_run:
            write_knowledge(root, kind, name, text)
    if not dry_run:
        index_knowledge(store, [root])
    return found


def read_bundle(path: Path) -> tuple[Manifest, list[tuple[KnowledgeKind, str, str]]]:
    """A bundle's manifest and files.

    Raises:
        BadInputError: if it is none, or not whole.
    """
    manifest, texts = unpack(read_bounded(path, 64 << 20))
    return manifest, [(kind, name, text) for (kind, name), text in texts.items()]


def folder_files(folder: Path) -> list[tuple[KnowledgeKind, str, str]]:
    """The files of another project's knowledge folder that can be read."""
    return [(file.kind, file.name, file.text) for file in find_files(folder) if file.problem is None]


def make_bundle(
    root: Path, *, project: str, with_results: bool = False, now: datetime | None = None
) -> tuple[bytes, list[FoundFile]]:
    """A bundle of the confirmed lessons, cases, rubrics and reviewers of a project.

    Args:
        root: The project's folder.
        project: How others see where it comes from.
        with_results: Also cases that hold tool results of a traced run.
        now: For tests.

    Raises:
        UsageError: if nothing there is confirmed.
    """
    trust = folder_trust([root])
    sound = [file for file in find_files(root) if file.problem is None]
    held = {note[0] for file in sound if (note := _held_back(file))}
    kept = [
        file
        for file in sound
        if _goes(file, trust, full=with_results) and not (file.kind is KnowledgeKind.LESSON and file.name in held)
    ]
    if not any(file.kind is KnowledgeKind.LESSON for file in kept):
        raise UsageError(f"No confirmed lesson lies in {root}. Confirm one first: `retrospan lesson confirm ID`.")
    return pack(kept, project=project, now=utc_text(now or utc_now())), kept


@dataclass(frozen=True, slots=True)
class Fit:
    """A lesson of the team that fits a project."""

    lesson: Lesson
    because: tuple[str, ...]
    """The project's own names that it is about."""


def fitting_lessons(store: Store, root: Path, *, project: str | None = None) -> list[Fit]:
    """What of the known lessons fits a project: by its tools, agents and prompts in runs, and by its files.

    Args:
        store: With the runs of the project, where there are any, and the team's lessons.
        root: The project's folder.
        project: Name of the project in the store; None takes every run.
    """
    with store.read() as con:
        names = used_names(con, project)
    change = change_of(names, paths=project_files(root))
    index = known_lessons(store).confirmed
    ranked = [entry for entry in index.rank(change) if entry.matched]
    return [Fit(entry.lesson, entry.matched) for entry in ranked]


def _chosen(
    files: Sequence[tuple[KnowledgeKind, str, str]], tags: Sequence[str]
) -> list[tuple[KnowledgeKind, str, str]]:
    """The files that the tags ask for; all where there are none."""
    if not tags:
        return list(files)
    claim = SignatureCheck(SignatureState.VALID, "not checked", "")
    lessons = [
        lesson_of(parse_document(kind, name, text), claim) for kind, name, text in files if kind is KnowledgeKind.LESSON
    ]
    wanted = {entry.lesson.id for entry in LessonIndex(lessons).rank(change_of(tags)) if entry.scope > 0}
    guards = {lesson.case for lesson in lessons if lesson.id in wanted}
    # What takes a lesson's place, or takes it back, comes along with it.
    wanted |= {lesson.id for lesson in lessons if set(lesson.replaces) & wanted}
    return [
        (kind, name, text)
        for kind, name, text in files
        if kind is KnowledgeKind.REVIEWER
        or (kind is KnowledgeKind.LESSON and name in wanted)
        or (kind is KnowledgeKind.CASE and name in guards)
    ]


def _held_back(file: FoundFile) -> tuple[str, str] | None:
    """The lesson that a note of quarantine is about."""
    if file.kind is not KnowledgeKind.LESSON:
        return None
    return held_back(parse_document(file.kind, file.name, file.text, folder=str(file.path.parent)))


def _goes(file: FoundFile, trust: Trust, *, full: bool) -> bool:
    """Whether a file goes into a bundle: signed by somebody trusted, and without content of traces."""
    if file.kind is KnowledgeKind.REVIEWER:
        return True
    if check_document(parse_document(file.kind, file.name, file.text), trust).state is not SignatureState.VALID:
        return False
    return full or file.kind is not KnowledgeKind.CASE or parse_case(file.text, source=file.name).tool_results is None
