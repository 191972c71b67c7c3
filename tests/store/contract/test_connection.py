"""Statements in the shared form: named values, lists of any length, rows in bulk by the fields of their type."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from retrospan.store.contract import Store
from retrospan.store.generations import generation, next_generation
from retrospan.store.rows import KEEP_FIRST, Table, overwrite


class Body(NamedTuple):
    id: int
    hash: bytes
    codec: int
    data: bytes


class Setting(NamedTuple):
    key: str
    value: str


BODIES = Table("body", Body)


@pytest.fixture
def bodies(store: Store) -> Store:
    with store.write() as con:
        con.insert_rows(BODIES, [Body(1, b"\x00one", 0, b"1"), Body(2, b"two", 1, b"2"), Body(3, b"three", 1, b"")])
    return store


@pytest.mark.parametrize(
    ("condition", "asked", "found"),
    [
        ("id IN :asked", [3, 1, 99], [1, 3]),
        ("id IN :asked", {2}, [2]),
        ("id IN :asked", [], []),
        ("id NOT IN :asked", [], [1, 2, 3]),
        ("id NOT IN :asked", range(2, 9), [1]),
        ("hash IN :asked", [b"\x00one", b"two", b""], [1, 2]),
        ("hash NOT IN :asked", [b"three"], [1, 2]),
        ("hash IN :asked", [], []),
        ("id IN :asked", range(100_000), [1, 2, 3]),
        ("hash IN :asked", [i.to_bytes(16, "big") for i in range(50_000)] + [b"three"], [3]),
    ],
)
def test_a_list_of_any_length_is_asked_for_as_one_value(
    bodies: Store, condition: str, asked: Any, found: list[int]
) -> None:
    with bodies.read() as con:
        rows = con.execute(f"SELECT id FROM body WHERE {condition} ORDER BY id", {"asked": asked}).fetchall()
    assert [row["id"] for row in rows] == found


@pytest.mark.parametrize("text", ["plain", "'; DROP TABLE body;--", 'a"b\\c', "Ünïcödé 🜚", "line\nbreak"])
def test_texts_of_a_list_are_only_values(store: Store, text: str) -> None:
    with store.write() as con:
        con.insert_rows(Table("meta", Setting), [Setting(text, "held")])
        asked = {"keys": [text, "another"], "also": [b"x", b"y"], "ids": [7]}
        statement = """
        SELECT key FROM meta WHERE key IN :keys
        AND NOT EXISTS (SELECT 1 FROM body WHERE hash IN :also OR id IN :ids)
        """
        assert [row["key"] for row in con.execute(statement, asked)] == [text]


def test_a_second_row_of_a_key_fails_is_left_out_or_takes_the_place_of_the_first(store: Store) -> None:
    first, second = Setting("k", "first"), Setting("k", "second")

    def held() -> str:
        with store.read() as con:
            return str(con.execute("SELECT value FROM meta WHERE key = :key", {"key": "k"}).fetchone()["value"])

    with store.write() as con:
        assert con.insert_rows(Table("meta", Setting), [first]) == 1
    with pytest.raises(Exception, match=r"(?i)unique"), store.write() as con:
        con.insert_rows(Table("meta", Setting), [second])
    with store.write() as con:
        assert con.insert_rows(Table("meta", Setting, KEEP_FIRST), [second, Setting("l", "new")]) == 1
    assert held() == "first"
    with store.write() as con:
        assert con.insert_rows(Table("meta", Setting, overwrite(Setting, key=("key",))), [second]) == 1
        assert con.insert_rows(Table("meta", Setting), []) == 0
    assert held() == "second"


def test_reserved_ids_are_above_all_that_are_taken(bodies: Store) -> None:
    with bodies.write() as con:
        ids = con.reserve_ids("body", 3)
        con.insert_rows(BODIES, [Body(i, bytes([i]), 0, b"") for i in ids])
        assert (len(ids), min(ids) > 3) == (3, True)
        assert min(con.reserve_ids("body", 1)) > max(ids)


def test_what_is_undone_leaves_nothing(bodies: Store) -> None:
    with pytest.raises(KeyError), bodies.write() as con:
        con.execute("DELETE FROM body WHERE id IN :ids", {"ids": [1, 2]})
        raise KeyError
    with bodies.read() as con:
        assert con.execute("SELECT count(*) AS bodies FROM body").fetchone()["bodies"] == 3


def test_a_generation_changes_with_every_call_and_for_its_name_only(store: Store) -> None:
    seen = []
    for _ in range(3):
        with store.write() as con:
            seen.append((generation(con, "a"), generation(con, "b")))
            next_generation(con, "a")
    assert len({one for one, _ in seen}) == 3
    assert {other for _, other in seen} == {""}
