"""Fixtures shared by all tests: a store, and a builder of traces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conversations import Builder
from retrospan.store.contract import Store
from retrospan.store.opening import open_store


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test away from the user's own store, keys and settings."""
    monkeypatch.setenv("RETROSPAN_STORE", str(tmp_path / "user" / "store.db"))
    monkeypatch.setenv("RETROSPAN_CONFIG_DIR", str(tmp_path / "user" / "config"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store in a file of its own."""
    opened = open_store(tmp_path / "store.db")
    yield opened
    opened.close()


@pytest.fixture
def traces(store: Store) -> Builder:
    """A builder of traces in the `store` fixture."""
    return Builder(store)
