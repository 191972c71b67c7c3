"""The keep of whole stores, by location: whichever engine an address names."""

from __future__ import annotations

from pathlib import Path

from .contract import Keeping
from .opening import as_path, default_location


def keeping_of(location: str | Path | None) -> tuple[Keeping, Path]:
    """What keeps the store at `location` (None: the user's own), and its place.

    Raises:
        UsageError: if the location is no path.
    """
    from .sqlite.keeping import FileKeeping  # the rare commands pay for its imports

    return FileKeeping(), default_location() if location is None else as_path(str(location))
