"""Reads files and folders of traces, whatever their format: `read_path`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeAlias

from ..limits import DEFAULT_LIMITS, Limits
from . import messages
from .records import ReadItem, RecordError, Source

__all__ = ["Progress", "ReadItem", "RecordError", "read_path"]

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the bytes read so far and the bytes there are, both as they lie on disk."""


def read_path(
    path: Path,
    format: str = "auto",  # noqa: A002
    *,
    limits: Limits = DEFAULT_LIMITS,
    on_progress: Progress | None = None,
) -> Iterator[ReadItem]:
    """Batches and bad records of a file or of every file in a folder, in the order of their names."""
    files = sorted(item for item in path.rglob("*") if item.is_file()) if path.is_dir() else [path]
    for file in files:

        def opened(file: Path = file) -> BinaryIO:
            return file.open("rb")

        yield from messages.read(Source(str(file), file.name, opened, limits, file))
