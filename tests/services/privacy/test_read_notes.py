"""Who read what: one line a run and hour, never waited for, none in a read-only store."""

from __future__ import annotations

from pathlib import Path

import pytest
from conversations import Builder, says
from retrospan.services.privacy import read_notes
from retrospan.services.privacy.read_notes import note_reading
from retrospan.store.audit.access import list_access
from retrospan.store.audit.chain import audit_verify
from retrospan.store.contract import Store
from retrospan.store.opening import open_store


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_notes, "_by_store", {})


def told(store: Store) -> list[tuple[str, str, str, str]]:
    return [(entry.actor, entry.action.value, entry.subject, entry.detail) for entry in reversed(list_access(store))]


def test_a_reading_is_noted_once_an_hour(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [10_000.0]
    monkeypatch.setattr("retrospan.services.privacy.read_notes.time.monotonic", lambda: now[0])
    for _ in range(3):
        note_reading(store, [1], actor="agent:claude", detail="get_trace")
    note_reading(store, [1], actor="cli:ada", detail="trace show")
    now[0] += 3_601
    note_reading(store, [1], actor="agent:claude", detail="get_trace")

    claude = ("agent:claude", "read", "T1", "get_trace")
    assert told(store) == [claude, ("cli:ada", "read", "T1", "trace show"), claude]
    assert audit_verify(store).problems == ()


def test_many_runs_are_one_line(store: Store) -> None:
    note_reading(store, list(range(1, 313)), actor="cli:ada", detail="suspects")
    assert told(store)[0][2] == "T1, T2, T3, T4, T5, T6, T7, T8, T9, T10 and 302 more"


def test_another_writer_is_not_waited_for(store: Store) -> None:
    with open_store(store.location) as other, other.write():
        note_reading(store, [1], actor="cli:ada")
        assert told(store) == []

    note_reading(store, [2], actor="cli:ada")
    assert [line[2] for line in told(store)] == ["T1", "T2"]
    assert audit_verify(store).problems == ()


def test_a_read_only_store_notes_nothing(store: Store, traces: Builder) -> None:
    traces.add(says("user", "hello"))
    before = Path(store.location).read_bytes()
    with open_store(store.location, read_only=True) as reader:
        note_reading(reader, [1], actor="agent:claude")
    assert told(store) == []
    assert Path(store.location).read_bytes() == before
