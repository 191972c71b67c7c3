"""Leases on the slots of an item: whoever claims at once, no item gets more answers than it wants."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from retrospan.model.errors import RefusedError
from retrospan.model.reviews import ItemState, Label, ReviewItem, RubricRef
from retrospan.store.contract import Store
from retrospan.store.reviews.claims import LEASE, answer_slot, claim_slot, release_claim, renew_claim
from retrospan.store.reviews.items import get_item, insert_item, list_items, state_after

START = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
NOW = "2026-11-22T11:00:00Z"


def queue(store: Store, items: int, overlap: int = 1) -> list[int]:
    with store.write() as con:
        return [
            insert_item(
                con,
                ReviewItem(0, "p", f"Question {n}?", RubricRef("outcome", 1, "0"), overlap=overlap, created_at=NOW),
            )
            for n in range(items)
        ]


def test_same_question_is_queued_once_and_keeps_the_higher_priority(store: Store) -> None:
    item = ReviewItem(0, "p", "Was it right?", RubricRef("outcome", 1, "0"), session="s", created_at=NOW)
    with store.write() as con:
        first = insert_item(con, item)
        second = insert_item(con, ReviewItem(0, "p", item.question, item.rubric, session="s", priority=5.0))

        assert first == second
        assert get_item(con, first, now=NOW).priority == 5.0


def test_most_urgent_item_comes_first(store: Store) -> None:
    queue(store, 2)
    with store.write() as con:
        con.execute("UPDATE review_item SET priority = 9 WHERE id = 2")

        assert [item.id for item in list_items(con, now=NOW)] == [2, 1]


def test_second_claim_by_the_holder_renews_and_outdates_the_first_token(store: Store) -> None:
    (item,) = queue(store, 1)
    with store.write() as con:
        first = claim_slot(con, item, "ada", START)
        second = claim_slot(con, item, "ada", START + timedelta(minutes=5))

        assert (second.slot, second.token) == (first.slot, first.token + 1)
        with pytest.raises(RefusedError):
            answer_slot(con, first)
        answer_slot(con, second)


def test_lease_that_ran_out_still_counts_while_nobody_took_the_slot(store: Store) -> None:
    (item,) = queue(store, 1)
    with store.write() as con:
        claim = claim_slot(con, item, "ada", START)
        renewed = renew_claim(con, claim, START + LEASE * 3)
        answer_slot(con, renewed)

        assert get_item(con, item, now=NOW).answered == 1


def test_reviewer_answers_an_item_once(store: Store) -> None:
    (item,) = queue(store, 1, overlap=2)
    with store.write() as con:
        answer_slot(con, claim_slot(con, item, "ada", START))

        with pytest.raises(RefusedError):
            claim_slot(con, item, "ada", START)
        assert claim_slot(con, item, "ben", START).slot == 1


@pytest.mark.parametrize(
    ("labels", "overlap", "state"),
    [
        ([], 1, ItemState.OPEN),
        ([Label.PASS], 2, ItemState.OPEN),
        ([Label.PASS, Label.PASS], 2, ItemState.DECIDED),
        ([Label.PASS, Label.CANT_TELL], 2, ItemState.DISPUTED),
    ],
)
def test_state_follows_the_signed_answers(labels: list[Label], overlap: int, state: ItemState) -> None:
    assert state_after(labels, overlap) is state


def test_reviewers_who_claim_at_once_never_exceed_the_overlap(store: Store) -> None:
    items = queue(store, 40, overlap=2)

    def work(reviewer: str) -> list[int]:
        done = []
        for item in items:
            try:
                with store.write() as con:
                    claim = claim_slot(con, item, reviewer, START)
                with store.write() as con:
                    answer_slot(con, claim)
                done.append(item)
            except RefusedError:
                continue
        return done

    with ThreadPoolExecutor(6) as pool:
        answered = [item for done in pool.map(work, [f"r{n}" for n in range(6)]) for item in done]

    assert {item: answered.count(item) for item in items} == dict.fromkeys(items, 2)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    acts=st.lists(
        st.tuples(
            st.sampled_from(["claim", "answer", "release"]), st.sampled_from(["ada", "ben", "cem"]), st.integers(0, 20)
        ),
        max_size=25,
    )
)
def test_any_course_of_claims_keeps_the_promises(store: Store, acts: list[tuple[str, str, int]]) -> None:
    (item,) = queue(store, 1, overlap=2)
    held, answered, clock = {}, list[str](), START
    with store.write() as con:
        for act, who, minutes in acts:
            clock += timedelta(minutes=minutes)
            try:
                if act == "claim":
                    held[who] = claim_slot(con, item, who, clock)
                elif act == "answer" and who in held:
                    answer_slot(con, held[who])
                    answered.append(who)
                elif who in held:
                    release_claim(con, held[who])
            except RefusedError:
                continue
            slots = con.execute("SELECT holder, state FROM review_slot WHERE item_id = ?", (item,)).fetchall()
            holders = [row["holder"] for row in slots if row["holder"]]
            assert len(holders) == len(set(holders))
        assert len(answered) == len(set(answered)) <= 2
        assert get_item(con, item, now=NOW).answered == len(answered)
        con.execute("DELETE FROM review_time")
        con.execute("DELETE FROM review_slot")
        con.execute("DELETE FROM review_item")
