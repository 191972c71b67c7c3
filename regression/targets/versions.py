"""What a version is called on the command line, and which kind of thing it names."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ...model.errors import UsageError
from ...model.query import FIELDS

_PYTHON = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_EXPERIMENT = re.compile(r"[Ee]\d{1,15}")
KNOWN = (
    "a git ref (main, git:v1.2), . (the working tree), cmd:'python agent.py', http://…, python:module:function, "
    "a search line (version:v3, runs:…), an experiment (E3) or a file of runs (file:runs.jsonl)"
)


class VersionKind(StrEnum):
    GIT = "git"
    COMMAND = "cmd"
    HTTP = "http"
    PYTHON = "python"
    RECORDED = "runs"
    EXPERIMENT = "experiment"
    FILE = "file"

    @property
    def can_run(self) -> bool:
        """Whether new runs can be made."""
        return self in (VersionKind.GIT, VersionKind.COMMAND, VersionKind.HTTP, VersionKind.PYTHON)


@dataclass(frozen=True, slots=True)
class Version:
    """One side of a comparison."""

    kind: VersionKind
    value: str
    text: str
    """As the caller wrote it."""


def read_version(text: str, folder: Path) -> Version:
    """Which version a text names.

    Args:
        text: See `KNOWN`. A prefix (`git:`, `cmd:`, `python:`, `runs:`, `file:`) decides, else what exists.
        folder: The application's folder; git refs and files are looked up there.

    Raises:
        UsageError: if it is empty, or named as something that is not there.
    """
    said = text.strip()
    if not said:
        raise UsageError(f"A version has no name. Name one of: {KNOWN}.")
    prefix, colon, rest = said.partition(":")
    if said.startswith(("http://", "https://")):
        return Version(VersionKind.HTTP, said, said)
    if colon and prefix in ("git", "cmd", "python", "runs", "file"):
        return _prefixed(VersionKind(prefix), rest.strip(), said, folder)
    if said == ".":
        return Version(VersionKind.PYTHON, "", said)
    if _EXPERIMENT.fullmatch(said) and not _is_ref(said, folder):
        return Version(VersionKind.EXPERIMENT, said.upper(), said)
    if _PYTHON.fullmatch(said) and _is_module(prefix, folder):
        return Version(VersionKind.PYTHON, said, said)
    if prefix.lstrip("-").lower() in FIELDS and colon:
        return Version(VersionKind.RECORDED, said, said)
    if (folder / said).is_file():
        return Version(VersionKind.FILE, said, said)
    if _PYTHON.fullmatch(said):
        return Version(VersionKind.PYTHON, said, said)
    if _is_ref(said, folder):
        return Version(VersionKind.GIT, said, said)
    return Version(VersionKind.RECORDED, f'version:"{said}"' if " " not in said else said, said)


def _prefixed(kind: VersionKind, value: str, said: str, folder: Path) -> Version:
    if not value:
        raise UsageError(f"Version {said!r} names nothing after {kind.value}:. Write for example {_EXAMPLES[kind]}.")
    if kind is VersionKind.GIT and not _is_ref(value, folder):
        raise UsageError(f"Git knows no commit {value!r} in {folder} ({_refs(folder)}). Fetch it, or name another ref.")
    if kind is VersionKind.PYTHON and not _PYTHON.fullmatch(value):
        raise UsageError(f"Target {value!r} is not of the form module:function. Write for example {_EXAMPLES[kind]}.")
    if kind is VersionKind.FILE and not (folder / value).is_file():
        raise UsageError(f"No file {value} in {folder}. Check the path.")
    return Version(kind, value, said)


_EXAMPLES = {
    VersionKind.GIT: "git:main",
    VersionKind.COMMAND: "cmd:'python agent.py'",
    VersionKind.PYTHON: "python:myapp.agent:run",
    VersionKind.RECORDED: "runs:version:v3",
    VersionKind.FILE: "file:runs.jsonl",
}


def _is_module(name: str, folder: Path) -> bool:
    """`agent:run` may be a field of a search line, too; a file of the application decides."""
    path = name.replace(".", "/")
    return any(
        (base / f"{path}{end}").is_file() for base in (folder, folder / "src") for end in (".py", "/__init__.py")
    )


def _is_ref(name: str, folder: Path) -> bool:
    return (
        not name.startswith("-") and git(folder, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") is not None
    )


def _refs(folder: Path) -> str:
    found = git(folder, "for-each-ref", "--count=8", "--format=%(refname:short)", "--sort=-committerdate")
    return "no git repository there" if found is None else f"newest: {', '.join(found.split()) or 'none'}"


def git(folder: Path, *arguments: str) -> str | None:
    """What git says, without the last line's end; None where it fails or is not there."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace").rstrip("\n") if done.returncode == 0 else None
