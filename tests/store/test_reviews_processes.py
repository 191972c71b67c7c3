"""Many reviewers at one queue, each in a process of their own."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from statistics import quantiles

import pytest
from claimwork import answer_all
from retrospan.model.reviews import ItemState, ReviewItem, RubricRef
from retrospan.store.contract import Store
from retrospan.store.reviews.items import count_items, insert_item


@pytest.mark.slow
def test_twenty_reviewers_answer_two_thousand_items_and_none_more_than_its_overlap(
    store: Store, record_testsuite_property: Callable[[str, object], None]
) -> None:
    rubric = RubricRef("outcome", 1, "0")
    with store.write() as con:
        items = [
            insert_item(con, ReviewItem(0, "p", f"Question {n}?", rubric, overlap=2, created_at="2026-11-22T11:00:00Z"))
            for n in range(2_000)
        ]
    names = [f"reviewer-{n}" for n in range(20)]

    with ProcessPoolExecutor(20, mp_context=multiprocessing.get_context("spawn")) as pool:
        done = list(pool.map(answer_all, [str(store.location)] * 20, names))

    assert Counter(item for shift in done for item in shift.answered) == dict.fromkeys(items, 2)
    assert all(len(set(shift.answered)) == len(shift.answered) for shift in done)
    assert min(len(shift.answered) for shift in done) > 0
    for name, times in (
        ("claim_p95_ms", [ms for shift in done for ms in shift.claim_ms]),
        ("submit_p95_ms", [ms for shift in done for ms in shift.submit_ms]),
    ):
        record_testsuite_property(name, round(quantiles(times, n=20)[-1], 1))
    with store.read() as con:
        assert count_items(con) == {ItemState.DECIDED: 2_000}
