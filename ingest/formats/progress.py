"""How far reading has come, in bytes on disk."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from typing_extensions import Buffer

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the bytes read so far and the bytes there are, both as they lie on disk."""
_STEP_BYTES = 64 * 1024


class ProgressMeter:
    """Adds up what files report; a place read twice (for detection) counts once."""

    def __init__(self, report: Progress | None) -> None:
        self._report = report
        self._total = 0
        self._done = 0
        self._furthest: dict[Path, int] = {}

    def expect(self, size: int) -> None:
        """Says how many bytes there are in all."""
        self._total = size
        self._tell()

    def reached(self, path: Path, position: int) -> None:
        """A file was read up to `position`."""
        before = self._furthest.get(path, 0)
        if position > before:
            self._furthest[path] = position
            self._done += position - before
            self._tell()

    def _tell(self) -> None:
        if self._report is not None:
            self._report(min(self._done, self._total), self._total)


class ProgressFile(io.BufferedReader):
    """A file that reports how far it was read."""

    def __init__(self, path: Path, meter: ProgressMeter) -> None:
        super().__init__(_Reporting(path, meter), _STEP_BYTES)


class _Reporting(io.FileIO):
    def __init__(self, path: Path, meter: ProgressMeter) -> None:
        super().__init__(path, "rb")
        self._path = path
        self._meter = meter

    def readinto(self, buffer: Buffer, /) -> int:
        size = super().readinto(buffer) or 0
        self._meter.reached(self._path, self.tell())
        return size
