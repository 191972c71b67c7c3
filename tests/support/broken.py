"""Copies of a store with flipped bytes."""

from __future__ import annotations

import random
import shutil
from pathlib import Path


def damaged_copy(source: Path, target: Path, seed: int, *, flips: int = 24) -> None:
    """Copy a closed store's file and flip some bytes behind its first page, spread over all or in one page.

    The one is a page that is at least half full: what is flipped in the free room of a page harms nothing.
    """
    rng = random.Random(seed)
    shutil.copyfile(source, target)
    data = bytearray(target.read_bytes())
    page = 8192
    pages = len(data) // page
    full = [n for n in range(1, pages) if data[n * page : (n + 1) * page].count(0) <= page // 2]
    chosen = [rng.choice(full)] * flips if seed % 2 else [rng.randrange(1, pages) for _ in range(flips)]
    for number in chosen:
        at = number * page + rng.randrange(page)
        data[at] ^= 1 << rng.randrange(8)
    target.write_bytes(data)
