"""`retrospan.toml`: what a project says on reviewers and knowledge, believed only after the user allowed it.

    [tool.retrospan]
    project = "support"
    knowledge = ["../team/.retrospan"]
    reviewers = [{ name = "Ada", public_key = "…" }]

The permission is for the path and the content as they were shown, as direnv does it: an edit takes it back, and a
cloned repository brings nothing confirmed by itself.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ..model.errors import BadInputError, StoreError, UsageError, did_you_mean
from .config import AllowedFile, TrustFile, load_trust_file, save_trust_file
from .files import read_bounded, write_atomic
from .keys import fingerprint

PROJECT_FILE = "retrospan.toml"
_LIMIT = 1_048_576
_EXAMPLE = 'Write for example: [tool.retrospan] and below it knowledge = ["../team/.retrospan"], reviewers = [{ name = \
"Ada", public_key = "…" }] as `retrospan reviewer list` shows them.'
_KNOWLEDGE = re.compile(r"(?m)^[ \t]*knowledge[ \t]*=[ \t]*\[[^\]\n]*\][ \t]*$")
_TABLE = re.compile(r"(?m)^\[tool\.retrospan\][ \t]*$")


class ProjectReviewer(BaseModel):
    """A reviewer named in `retrospan.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    public_key: str


class ProjectTrust(BaseModel):
    """What `[tool.retrospan]` says on trust and knowledge; its other keys are other rooms' business."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    project: str | None = None
    """The reviewers below count for this project alone; None: for all of this user's projects."""
    reviewers: list[ProjectReviewer] = []
    knowledge: list[str] = []
    """Further knowledge folders, relative to the file."""


def trust_folder(folder: Path, *, now: str, shown: bytes | None = None) -> ProjectTrust:
    """Allow the `retrospan.toml` of `folder`. A face shows it to the person first.

    Args:
        folder: Where the file lies.
        now: UTC text.
        shown: What the person saw; None allows the file as it reads now.

    Raises:
        UsageError: if there is none.
        BadInputError: if it cannot be read, or is not what was shown any more.
    """
    path = (folder / PROJECT_FILE).resolve()
    if not path.is_file():
        raise UsageError(f"No {PROJECT_FILE} in {folder}. Name the folder that holds it.")
    data = read_bounded(path, _LIMIT)
    if shown is not None and data != shown:
        raise BadInputError(f"{path} has changed since it was shown. Look at it again.", where=str(path))
    content = parse_project_file(data, path)
    file = load_trust_file()
    others = [entry for entry in file.allowed if entry.path != str(path)]
    entry = AllowedFile(path=str(path), sha256=hashlib.sha256(data).hexdigest(), allowed_at=now)
    save_trust_file(file.model_copy(update={"allowed": [*others, entry]}))
    return content


def add_knowledge(folder: Path, source: str) -> Path:
    """Name another knowledge folder in the `retrospan.toml` of `folder`; it is read once the user allows the file.

    Args:
        folder: Where the file lies or will lie.
        source: The other folder, relative to it, or a git submodule of it.

    Raises:
        UsageError: if the list stands in a form that is not edited here; says what to write.
        BadInputError: if the file cannot be read.
    """
    path = (folder / PROJECT_FILE).resolve()
    text = read_bounded(path, _LIMIT).decode() if path.is_file() else ""
    tables = tomllib.loads(text).get("tool", {}).get("retrospan", {}) if text else {}
    known = list(tables.get("knowledge", []))
    if source in known:
        return path
    line = f"knowledge = {json.dumps([*known, source], ensure_ascii=False)}"
    if "knowledge" in tables:
        text, edits = _KNOWLEDGE.subn(lambda _: line, text, count=1)
    elif _TABLE.search(text):
        text, edits = _TABLE.subn(lambda found: f"{found[0]}\n{line}", text, count=1)
    else:
        text, edits = f"{text.rstrip()}\n\n[tool.retrospan]\n{line}\n".lstrip(), 1
    after = tomllib.loads(text).get("tool", {}).get("retrospan", {}) if edits else {}
    if after != {**tables, "knowledge": [*known, source]}:
        raise UsageError(f"{path} is written in a form that is not edited here. Put into [tool.retrospan]: {line}")
    write_atomic(path.parent, path.name, text.encode())
    return path


def distrust_folder(folder: Path) -> None:
    """Take back what `trust_folder` allowed."""
    path = str((folder / PROJECT_FILE).resolve())
    file = load_trust_file()
    save_trust_file(file.model_copy(update={"allowed": [entry for entry in file.allowed if entry.path != path]}))


def allowed_project_files(file: TrustFile) -> list[tuple[Path, ProjectTrust]]:
    """The allowed `retrospan.toml` files that still read as they did when they were allowed."""
    found = []
    for entry in file.allowed:
        path = Path(entry.path)
        try:
            data = read_bounded(path, _LIMIT) if path.is_file() else b""
            if hashlib.sha256(data).hexdigest() == entry.sha256:
                found.append((path, parse_project_file(data, path)))
        except (BadInputError, StoreError):
            continue
    return found


def parse_project_file(data: bytes, path: Path) -> ProjectTrust:
    """What a `retrospan.toml` says on trust.

    Raises:
        BadInputError: if it is no TOML, or its trust table has a wrong shape.
    """
    try:
        whole = tomllib.loads(data.decode())
        tables = whole.get("tool", {}).get("retrospan", {})
        _require_known(whole, tables, path)
        project = ProjectTrust.model_validate(
            {name: tables[name] for name in ("project", "reviewers", "knowledge") if name in tables}
        )
        for reviewer in project.reviewers:
            fingerprint(reviewer.public_key)
    except ValidationError as err:
        lines = [f"{'.'.join(map(str, entry['loc']))}: {entry['msg']}" for entry in err.errors(include_url=False)[:5]]
        raise BadInputError(f"{path}: {'; '.join(lines)}. {_EXAMPLE}", where=str(path)) from err
    except (ValueError, AttributeError) as err:
        raise BadInputError(f"{path} cannot be read: {err}.", where=str(path)) from err
    return project


def _require_known(whole: Mapping[str, Any], tables: Any, path: Path) -> None:
    """A file that says nothing on trust or knowledge is a mistake rather than an empty list."""
    if isinstance(tables, dict) and tables.keys() & set(ProjectTrust.model_fields):
        return
    if isinstance(tables, dict) and tables:
        near = did_you_mean(next(iter(tables))[:60], ProjectTrust.model_fields)
        told = f"[tool.retrospan] has {', '.join(tables)[:120]}; {near}"
    else:
        told = f"there is no table [tool.retrospan], but {', '.join(f'[{name}]' for name in whole)[:120] or 'nothing'}"
    raise BadInputError(f"{path} names no reviewers or knowledge: {told}. {_EXAMPLE}", where=str(path))
