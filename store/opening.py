"""Open a store by its location: a path now, whatever engine an address names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from ..model.errors import UsageError
from .contract import Keeping, StoreKind
from .sqlite.opening import open_file

if TYPE_CHECKING:
    from .sqlite.store import SqliteStore


def default_location() -> Path:
    """The user's own store: `RETROSPAN_STORE`, else the platform's data folder.

    Whatever the current folder holds is never picked up by itself: a cloned repository could bring a store.
    """
    if named := os.environ.get("RETROSPAN_STORE"):
        return as_path(named)
    return Path(platformdirs.user_data_dir("retrospan", appauthor=False)) / "store.db"


def open_store(
    location: str | Path | None = None, *, kind: StoreKind = "ordinary", read_only: bool = False
) -> SqliteStore:
    """Open the store at `location`, creating it (with `kind`) or migrating it where needed.

    Args:
        location: A path, or None for the user's own store (`default_location`).
        kind: Used only when the store is created here.
        read_only: Refuse every change; the store must exist.

    Raises:
        UsageError: if the location is no path, or a file that is not ours.
        StoreError: if the file cannot be opened or written.
        StoreVersionError: if a newer Retrospan made it.
    """
    path = default_location() if location is None else as_path(str(location))
    return open_file(path, kind=kind, read_only=read_only)


def keeping_of(location: str | Path | None) -> tuple[Keeping, Path]:
    """What checks, copies and saves the store at `location` (None: the user's own), and its place.

    Raises:
        UsageError: if the location is no path.
    """
    from .sqlite.keeping import FileKeeping  # the rare commands pay for its imports

    return FileKeeping(), default_location() if location is None else as_path(str(location))


def as_path(location: str) -> Path:
    """The file that a location names.

    Raises:
        UsageError: if it is no path.
    """
    if "://" in location:
        raise UsageError(
            f"The store {location!r} is a database URL, and this build reads files only. Give a path with --store."
        )
    return Path(location).expanduser().absolute()
