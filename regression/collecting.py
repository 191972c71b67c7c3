"""The case files of a folder, for whoever runs or lists them without pytest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..store.cases import Case, load_case
from ..store.errors import BadInputError

CASES_FOLDER = Path(".retrospan") / "cases"


@dataclass(frozen=True, slots=True)
class CollectedCase:
    """One file: a case, or why it is none."""

    path: Path
    case: Case | None = None
    error: str | None = None


def find_cases(root: Path) -> list[CollectedCase]:
    """The files `.retrospan/cases/*.yaml` of an application, by name. A broken file is an entry with its error.

    Args:
        root: The application's folder; without case files the list is empty.
    """
    paths = sorted(path for path in (root / CASES_FOLDER).glob("*.yaml") if not path.name.startswith("."))
    return [_collected(path) for path in paths]


def _collected(path: Path) -> CollectedCase:
    try:
        return CollectedCase(path, load_case(path))
    except BadInputError as err:
        return CollectedCase(path, error=str(err))
