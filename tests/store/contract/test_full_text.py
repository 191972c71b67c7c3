"""The index of words: what is added is found, what is removed is not, and texts are never parsed as its language."""

from __future__ import annotations

import pytest
from retrospan.store.contract import Store

TEXTS = [
    (1, "The parcel was sent to Łódź"),
    (2, "parcels, two of them"),
    (3, 'say "hi" NEAR(a b) OR c*'),
    (4, ""),
    (5, "您的包裹已经到达奥斯陆。订单42"),
    (6, "返品したいです"),
    (7, "택배가 왔어요 ขอคืนสินค้า"),
]


@pytest.fixture
def indexed(store: Store) -> Store:
    with store.write() as con:
        store.text.add(con, TEXTS)
    return store


def found(store: Store, expression: str) -> set[int]:
    with store.read() as con:
        return {row["body_id"] for row in con.execute(store.text.matches("words"), {"words": expression})}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("parcel", {1, 2}),
        ("PARCELS", {1, 2}),
        ("was sent", {1}),
        ("sent was", set()),
        ("lodz", set()),
        ("a b", {3}),
        ('"hi"', {3}),
        ("nothing", set()),
        ("x\x00y", set()),
        ("NEAR(parcel two)", set()),
        ("parcel OR nothing", set()),
        ("parc*", set()),
        ("\ud800", set()),
        ("包裹", {5}),
        ("裹包", set()),
        ("奥斯陆", {5}),
        ("订单42", {5}),
        ("返品", {6}),
        ("たい", {6}),
        ("택배", {7}),
        ("สินค้า", {7}),
    ],
)
def test_a_phrase_finds_its_words_in_their_order(indexed: Store, words: str, expected: set[int]) -> None:
    assert found(indexed, indexed.text.phrase(words)) == expected


def test_any_of_several_finds_what_each_finds(indexed: Store) -> None:
    text = indexed.text
    assert found(indexed, text.any_of([text.phrase("two"), text.phrase("hi"), text.phrase("none")])) == {2, 3}


def test_what_was_removed_is_found_no_more(indexed: Store) -> None:
    with indexed.write() as con:
        indexed.text.remove(con, [TEXTS[1], TEXTS[2], TEXTS[4]])
    assert found(indexed, indexed.text.phrase("parcel")) == {1}
    assert found(indexed, indexed.text.phrase("hi")) == set()
    assert found(indexed, indexed.text.phrase("包裹")) == set()


def test_ranking_puts_the_densest_first_and_may_look_at_the_newest_only(store: Store) -> None:
    filler = " ".join(f"word{number}" for number in range(60))
    texts = [(1, "parcel"), (2, f"parcel {filler}"), (3, f"parcel {filler} {filler}"), (4, "other")]
    text = store.text
    with store.write() as con:
        text.add(con, texts)
        asked = {"words": text.phrase("parcel")}

        def ranked(newest: int | None) -> list[int]:
            statement = f"SELECT body_id FROM ({text.ranked('words', newest)}) m ORDER BY score"
            return [row["body_id"] for row in con.execute(statement, asked)]

        assert ranked(None) == [1, 2, 3]
        assert ranked(2) == [2, 3]
