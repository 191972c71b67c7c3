"""Prints of a target: what can be seen from outside of which code would run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from ...model.experiments import TargetPrint
from ...model.text.jsontext import canonical
from .versions import Version, VersionKind, git

_MOST_FILES = 5_000
_CODE = (".py", ".toml", ".yaml", ".yml", ".j2", ".jinja", ".prompt")
"""What counts of files that git does not know: a report or a store written beside the code changes no target."""
_REST = (".", ":(exclude).retrospan")
"""Cases and lessons are no part of the target; each case has a hash of its own."""
_SKIPPED = ("node_modules", "__pycache__", "venv")


def print_of(version: Version, folder: Path, *, python: str = "") -> TargetPrint:
    """The print of a version whose code lies in `folder`: its commit and what differs from it, else its files.

    An address tells nothing of what stands behind it; its print is the address.
    """
    commit = git(folder, "rev-parse", "HEAD")
    dirty = _dirty(folder) if commit else None
    files = _files(folder) if commit is None else None
    # A ref and the same code in the working tree are one target.
    named = "" if version.kind is VersionKind.GIT else version.value
    parts = {
        "named": named,
        "commit": commit,
        "dirty": dirty,
        "files": files,
        "python": python,
    }
    return TargetPrint(version.text, _digest(canonical(parts)), commit, dirty)


def address_print(version: Version) -> TargetPrint:
    """The print of an address."""
    return TargetPrint(version.text, _digest(version.value.encode()))


def _dirty(folder: Path) -> str | None:
    changed = git(folder, "diff", "HEAD", "--binary", "--", *_REST) or ""
    new = git(folder, "ls-files", "--others", "--exclude-standard", "-z", "--", *_REST) or ""
    names = sorted(name for name in new.split("\0") if name.endswith(_CODE))[:_MOST_FILES]
    if not changed and not names:
        return None
    told = hashlib.sha256(changed.encode("utf-8", "surrogateescape"))
    for name in names:
        told.update(name.encode("utf-8", "surrogateescape") + b"\0" + _content(folder / name))
    return told.hexdigest()[:16]


def _files(folder: Path) -> str:
    told = hashlib.sha256()
    for path in _code_files(folder):
        told.update(str(path.relative_to(folder)).encode("utf-8", "surrogateescape") + b"\0" + _content(path))
    return told.hexdigest()[:16]


def _code_files(folder: Path) -> Iterator[Path]:
    found = 0
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder).parts
        if any(part.startswith(".") or part in _SKIPPED for part in inner) or path.suffix not in _CODE:
            continue
        if path.is_file():
            found += 1
            if found > _MOST_FILES:
                return
            yield path


def _content(path: Path) -> bytes:
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError:
        return b""


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
