"""Which model an agent asks: a flag, an environment variable, `retrospan.toml`, or the default of its role.

    [tool.retrospan.agents]
    investigator = "claude-opus-5-5"
    judge = "claude-haiku-5-5"

Where requests go and with which key is never taken from a project: that would let a cloned one send traces away.
"""

from __future__ import annotations

import os
import re
import tomllib
from enum import StrEnum
from pathlib import Path

from ..model.errors import BadInputError, UsageError
from ..trust.files import read_bounded
from ..trust.projects import PROJECT_FILE

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,99}")
_LIMIT = 1 << 20


class Role(StrEnum):
    """What a model is used for."""

    INVESTIGATOR = "investigator"
    JUDGE = "judge"
    FIXER = "fixer"


DEFAULT_MODELS = {
    Role.INVESTIGATOR: "claude-sonnet-5-5",
    Role.JUDGE: "claude-haiku-5-5",
    Role.FIXER: "claude-sonnet-5-5",
}


def choose_model(role: Role, named: str | None = None, *, folder: Path | None = None) -> str:
    """The model for a role.

    Args:
        role: What it is for.
        named: From a flag; goes before everything else.
        folder: The project's folder, whose `retrospan.toml` (or that of a folder above, up to the git root) is read.

    Raises:
        UsageError: if the name holds what no model's name holds.
        BadInputError: if a `retrospan.toml` cannot be read.
    """
    variable = f"RETROSPAN_{role.value.upper()}_MODEL"
    sources = ((named, "--model"), (os.environ.get(variable), variable), (_project_model(role, folder), PROJECT_FILE))
    for name, source in sources:
        if name:
            if not _NAME.fullmatch(name):
                raise UsageError(f"{name[:60]!r} from {source} is no model name; one looks like claude-sonnet-5-5.")
            return name
    return DEFAULT_MODELS[role]


def _project_model(role: Role, folder: Path | None) -> str | None:
    if folder is None:
        return None
    start = folder.resolve()
    for place in (start, *start.parents):
        path = place / PROJECT_FILE
        if path.is_file():
            return _declared(path, role)
        if (place / ".git").exists():
            return None
    return None


def _declared(path: Path, role: Role) -> str | None:
    try:
        tables = tomllib.loads(read_bounded(path, _LIMIT).decode())
        name = tables.get("tool", {}).get("retrospan", {}).get("agents", {}).get(role.value)
    except (ValueError, AttributeError) as err:
        raise BadInputError(f"{path} cannot be read: {err}.", where=str(path)) from err
    if name is not None and not isinstance(name, str):
        raise BadInputError(f"{path}: the model of {role.value} is no text.", where=str(path))
    return name
