"""Edits of named files as a unified diff that applies: checked in a copy, never in the files themselves."""

from __future__ import annotations

import difflib
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..model.errors import BadInputError, UsageError
from ..model.text.display import safe_text
from ..trust.files import read_bounded

MAX_FILE_BYTES = 200_000
MAX_FILES = 30
_NO_NEWLINE = "\\ No newline at end of file\n"
_NAME = re.compile(r"[A-Za-z0-9_.@+ /-]{1,300}")
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ADDRESS = re.compile(r"(?i)\b(?:https?|ftp|wss?)://[^\s\"'<>)]+")


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement in one file; `old` stands there exactly once."""

    file: str
    old: str
    new: str


class EditError(Exception):
    """An edit that cannot be made; the text tells the model why."""


def read_sources(paths: Sequence[Path], root: Path) -> dict[str, str]:
    """The texts of plain files below `root`, by their names relative to it.

    Raises:
        UsageError: if a path lies outside, has a name that a patch cannot carry, or there are too many.
        BadInputError: if one is a link, too large, or no UTF-8 text.
    """
    if len(paths) > MAX_FILES:
        raise UsageError(f"{len(paths)} files are too many to change at once; name at most {MAX_FILES}.")
    base = root.resolve()
    sources: dict[str, str] = {}
    for path in paths:
        full = path.resolve()
        if not full.is_relative_to(base):
            raise UsageError(f"{path} lies outside {base}. Name files below it, or another --root.")
        name = full.relative_to(base).as_posix()
        if not _NAME.fullmatch(name):
            raise UsageError(f"A patch cannot carry the name {name[:80]!r}. Rename the file or leave it out.")
        try:
            sources[name] = read_bounded(path, MAX_FILE_BYTES).decode()
        except UnicodeDecodeError:
            raise BadInputError(f"{path} is no UTF-8 text.", where=str(path)) from None
    return sources


def apply_edits(sources: Mapping[str, str], edits: Sequence[Edit]) -> dict[str, str]:
    """The files that the edits change, as they would read.

    Raises:
        EditError: if a file was not given, `old` does not stand there exactly once, or `new` hides characters.
    """
    changed: dict[str, str] = {}
    for number, edit in enumerate(edits, 1):
        if edit.file not in sources:
            raise EditError(f"edit {number}: {edit.file[:80]!r} was not given; files: {', '.join(sources)}")
        text = changed.get(edit.file, sources[edit.file])
        count = text.count(edit.old) if edit.old else 0
        if count != 1:
            raise EditError(
                f"edit {number}: `old` stands {count} times in {edit.file}; copy more of it, letter for letter"
            )
        if safe_text(edit.new) != edit.new and safe_text(edit.old) == edit.old:
            raise EditError(f"edit {number}: `new` holds hidden or control characters")
        changed[edit.file] = text.replace(edit.old, edit.new)
    different = {name: text for name, text in changed.items() if text != sources[name]}
    if not different:
        raise EditError("the edits change nothing")
    return different


def new_addresses(sources: Mapping[str, str], changed: Mapping[str, str]) -> list[str]:
    """Addresses that a change brings into a file, which a reader should look at twice."""
    known = {address for text in sources.values() for address in _ADDRESS.findall(text)}
    return sorted({a for text in changed.values() for a in _ADDRESS.findall(text)} - known)


def make_patch(sources: Mapping[str, str], changed: Mapping[str, str]) -> str:
    """A unified diff as `git apply` takes it.

    Raises:
        EditError: if it does not apply to a copy of the files, or gives anything but what was meant.
    """
    different = sorted(name for name, text in changed.items() if text != sources[name])
    patch = "".join(line for name in different for line in _diff(name, sources[name], changed[name]))
    with tempfile.TemporaryDirectory(prefix="retrospan-fix-") as folder:
        for name in different:
            copy = Path(folder, name)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(sources[name].encode())
        apply_patch(patch, Path(folder))
        for name in different:
            if Path(folder, name).read_bytes() != changed[name].encode():
                raise EditError(f"the patch of {name} does not give what was meant")
    return patch


def _diff(name: str, before: str, after: str) -> Iterator[str]:
    yield f"diff --git a/{name} b/{name}\n"
    for line in difflib.unified_diff(_lines(before), _lines(after), f"a/{name}", f"b/{name}"):
        if line.startswith(("--- ", "+++ ")):
            # A tab ends a name that holds blanks.
            yield line.rstrip("\n") + ("\t\n" if " " in name else "\n")
        elif line.endswith("\n"):
            yield line
        else:
            yield f"{line}\n{_NO_NEWLINE}"


def _lines(text: str) -> list[str]:
    """Lines as `git` counts them: ended by line feeds alone."""
    parts = [part + "\n" for part in text.split("\n")]
    return [*parts[:-1], *([parts[-1][:-1]] if parts[-1] != "\n" else [])]


def apply_patch(patch: str, folder: Path) -> None:
    """Apply a unified diff to the files of a folder, strictly: every line of context must stand where it says.

    Raises:
        EditError: if a hunk does not apply.
    """
    for section in re.split(r"(?m)^(?=diff --git )", patch):
        if not section.strip():
            continue
        header, *rest = re.split(r"(?m)^(?=@@ )", section)
        name = header.split("\n+++ b/", 1)[1].split("\n", 1)[0].rstrip("\t")
        target = folder / name
        target.write_bytes("".join(_patched(_lines(target.read_bytes().decode()), rest, name)).encode())


def _patched(lines: list[str], hunks: Sequence[str], name: str) -> list[str]:
    result: list[str] = []
    position = 0
    for hunk in hunks:
        head, body = hunk.split("\n", 1)
        match = _HUNK.match(head)
        if match is None:
            raise EditError(f"{name}: {head[:60]!r} is no hunk")
        start = max(int(match[1]) - 1, 0) if match[2] != "0" else int(match[1])
        result += lines[position:start]
        position = start
        for kind, line in _changes(body):
            if kind in " -":
                if position >= len(lines) or lines[position] != line:
                    raise EditError(f"{name}: line {position + 1} is not as the patch says")
                position += 1
            if kind in " +":
                result.append(line)
    return result + lines[position:]


def _changes(body: str) -> list[tuple[str, str]]:
    changes: list[tuple[str, str]] = []
    for line in _lines(body):
        if line == _NO_NEWLINE:
            kind, text = changes[-1]
            changes[-1] = (kind, text.removesuffix("\n"))
        else:
            changes.append((line[0], line[1:]))
    return changes
