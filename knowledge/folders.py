"""Where knowledge lies: `.retrospan/` with a folder for each kind. Written inside it only, never through a link."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ..model.errors import BadInputError, RefusedError
from ..trust.files import list_files, read_bounded, write_atomic

FOLDER = ".retrospan"
MAX_BYTES = 1 << 20
MAX_TEXT_BYTES = 1 << 17
"""Of lessons, rubrics and judges, which people write and read; YAML of a megabyte takes seconds to parse."""
MAX_FILES = 5_000


class KnowledgeKind(StrEnum):
    """What a knowledge file is."""

    LESSON = "lesson"
    RUBRIC = "rubric"
    CASE = "case"
    VERDICT = "verdict"
    REVIEWER = "reviewer"
    JUDGE = "judge"

    @property
    def folder(self) -> str:
        return f"{self.value}s"

    @property
    def suffix(self) -> str:
        return _SUFFIXES[self]

    @property
    def limit(self) -> int:
        """Bytes of a file at most."""
        return MAX_BYTES if self not in _WRITTEN else MAX_TEXT_BYTES


_WRITTEN = (KnowledgeKind.LESSON, KnowledgeKind.RUBRIC, KnowledgeKind.JUDGE)
_SUFFIXES = {
    KnowledgeKind.LESSON: ".md",
    KnowledgeKind.RUBRIC: ".yaml",
    KnowledgeKind.CASE: ".yaml",
    KnowledgeKind.VERDICT: ".json",
    KnowledgeKind.REVIEWER: ".json",
    KnowledgeKind.JUDGE: ".yaml",
}


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A knowledge file as it lies on disk; `problem` says why `text` is empty."""

    kind: KnowledgeKind
    name: str
    """File name without its suffix."""
    path: Path
    text: str = ""
    problem: str | None = None


def knowledge_root(folder: Path) -> Path:
    """`.retrospan` of a project folder; a path that ends in it stays.

    Raises:
        RefusedError: if it is a link, which could lead anywhere.
    """
    root = folder if folder.name == FOLDER else folder / FOLDER
    if root.is_symlink():
        raise RefusedError(f"{root} is a link. Knowledge lies in a plain folder; replace the link by one.")
    return root.absolute()


def write_knowledge(folder: Path, kind: KnowledgeKind, name: str, text: str) -> Path:
    """Write `<folder>/.retrospan/<kind>s/<name><suffix>` in one move.

    Args:
        folder: The project's folder, or its `.retrospan`.
        kind: The kind of file.
        name: A slug; never a text from a trace.
        text: The whole file.

    Raises:
        UsageError: if the name is no slug.
        RefusedError: if a folder on the way is a link.
        BadInputError: if the text is larger than such a file may be.
        StoreError: if the disk refuses.
    """
    target = knowledge_root(folder) / kind.folder
    if target.is_symlink():
        raise RefusedError(f"{target} is a link. Knowledge lies in plain folders; replace the link by one.")
    data = text.encode()
    if len(data) > kind.limit:
        raise BadInputError(f"The {kind.value} {name!r} has {len(data)} bytes; at most {kind.limit} are kept.")
    return write_atomic(target, f"{name}{kind.suffix}", data)


def find_files(folder: Path) -> list[FoundFile]:
    """Every knowledge file of a folder, by kind and name; links and hidden files are left out.

    A file that is too large or is not UTF-8 comes with its problem.
    """
    root = knowledge_root(folder)
    return [
        _read(kind, path) for kind in KnowledgeKind for path in list_files(root / kind.folder, kind.suffix)[:MAX_FILES]
    ]


def _read(kind: KnowledgeKind, path: Path) -> FoundFile:
    try:
        return FoundFile(kind, path.stem, path, read_bounded(path, kind.limit).decode())
    except UnicodeDecodeError as err:
        return FoundFile(kind, path.stem, path, problem=f"{path}: byte {err.start} is not UTF-8")
    except BadInputError as err:
        return FoundFile(kind, path.stem, path, problem=str(err))
