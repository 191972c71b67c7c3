"""Many reviewers at one queue, each in a process of their own."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

import pytest
from claimwork import answer_all
from retrospan.store.connection import Store
from retrospan.store.review_models import ItemState, ReviewItem, RubricRef
from retrospan.store.reviews import count_items, insert_item


@pytest.mark.slow
def test_twenty_reviewers_answer_two_thousand_items_and_none_more_than_its_overlap(store: Store) -> None:
    rubric = RubricRef("outcome", 1, "0")
    with store.write() as con:
        items = [
            insert_item(con, ReviewItem(0, "p", f"Question {n}?", rubric, overlap=2, created_at="2026-11-22T11:00:00Z"))
            for n in range(2_000)
        ]
    names = [f"reviewer-{n}" for n in range(20)]

    with ProcessPoolExecutor(20, mp_context=multiprocessing.get_context("spawn")) as pool:
        done = list(pool.map(answer_all, [str(store.path)] * 20, names))

    assert Counter(item for answered in done for item in answered) == dict.fromkeys(items, 2)
    assert all(len(set(answered)) == len(answered) for answered in done)
    assert min(map(len, done)) > 0
    with store.read() as con:
        assert count_items(con) == {ItemState.DECIDED: 2_000}
