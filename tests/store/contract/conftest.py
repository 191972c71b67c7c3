"""Every test of this folder runs on each engine that a store can stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from retrospan.store.contract import Store
from retrospan.store.opening import open_store

ENGINES: dict[str, Callable[[Path], Store]] = {
    "sqlite": lambda folder: open_store(folder / "store.db"),
}


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store on one of the engines."""
    opened = ENGINES[request.param](tmp_path)
    yield opened
    opened.close()
