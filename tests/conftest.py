"""Fixtures shared by all tests: a store, and a builder of traces."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from conversations import Builder
from hypothesis import settings
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from reviewdesk import Desk

# A shared machine stalls now and then; what an example costs is told by benchmarks.
settings.register_profile("retrospan", deadline=None)
settings.load_profile("retrospan")


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep every test away from the user's own store, keys and settings.

    The settings lie apart: what lies beside the folder that a program runs in is refused as a place of trust.
    """
    monkeypatch.setenv("RETROSPAN_STORE", str(tmp_path / "user" / "store.db"))
    with tempfile.TemporaryDirectory(prefix="retrospan-test-", ignore_cleanup_errors=True) as apart:
        monkeypatch.setenv("RETROSPAN_CONFIG_DIR", f"{apart}/config")
        yield


@pytest.fixture(autouse=True)
def a_person_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where these tests run must not decide what they see: under `CI` a case that was not decided fails a run."""
    monkeypatch.delenv("CI", raising=False)


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


@pytest.fixture
def desk(store: Store) -> Desk:
    """A store with two runs, and people who judge them."""
    return Desk(store)
