"""The search line: words, phrases, filters, errors that point at the word, explained empty results."""

from __future__ import annotations

import pytest
from conversations import Builder, answers, calls, says
from hypothesis import given
from hypothesis import strategies as st
from retrospan.model.errors import QueryError
from retrospan.model.query import parse_query
from retrospan.services.finding.listing import list_traces
from retrospan.store.contract import Store
from retrospan.store.reading.summaries import get_trace
from retrospan.store.search import lines as search_module
from retrospan.store.search.lines import search_any_word


@pytest.fixture
def shop(store: Store, traces: Builder) -> Store:
    traces.add(
        says("user", "I want store credit for order A-1"),
        calls("issue_refund", order_id="A-1"),
        answers("ok"),
        says("assistant", "Refunded as store credit."),
        task="refund",
        outcome="fail",
        version="v1",
    )
    traces.add(says("user", "Credit card was charged by the store"), says("assistant", "Let me look."), outcome="pass")
    traces.add(says("user", "Où est ma commande ?"), says("assistant", "En route."), project="fr")
    return store


def found(store: Store, line: str) -> list[str]:
    return [trace.short_id for trace in list_traces(store, line).traces]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", ["T3", "T2", "T1"]),
        ('"store credit"', ["T1"]),
        ("store credit", ["T1", "T2"]),
        ("credits", ["T1", "T2"]),
        ("store -refunded", ["T2"]),
        ("tool:issue_refund", ["T1"]),
        ("TOOL:Issue_Refund", ["T1"]),
        ("-tool:issue_refund", ["T3", "T2"]),
        ("outcome:fail version:v1", ["T1"]),
        ("kind:tool", ["T1"]),
        ("project:fr", ["T3"]),
        ("ou est", ["T3"]),
        ("steps:>2", ["T1"]),
        ("verdict:none task:refund", ["T1"]),
        ('"issue_refund"', []),
        ("A-1", ["T1"]),
    ],
)
def test_a_line_finds_what_it_says(shop: Store, line: str, expected: list[str]) -> None:
    assert sorted(found(shop, line)) == sorted(expected)


def test_the_hit_names_the_step_that_brought_the_words_forth(shop: Store) -> None:
    (hit,) = list_traces(shop, "refunded").hits
    step = next(s for s in get_trace(shop, hit.trace_id).steps if s.span_id == hit.span_id)
    assert step.index == 3


def test_an_empty_result_says_which_part_finds_nothing(shop: Store) -> None:
    listing = list_traces(shop, "credit version:v7")
    assert listing.traces == ()
    assert listing.why_empty == (
        '"credit" alone finds 2 of 3 traces',
        "version:v7 alone finds 0 of 3 traces; version holds: v1",
    )


@pytest.mark.parametrize("part", ["duration:>2s", "tokens:>5000", "since:2030-01-02T00:00", "cost:>=1.5"])
def test_an_empty_result_names_a_filter_as_it_is_written(shop: Store, part: str) -> None:
    assert list_traces(shop, part).why_empty[0].startswith(f"{part} alone finds 0")


@pytest.mark.parametrize(
    ("line", "word", "says"),
    [
        ("stauts:error", "stauts:error", "did you mean 'status'"),
        ("a status:broken", "status:broken", "known: error, ok, unset"),
        ("tokens:many", "tokens:many", "tokens:>1000"),
        ("since:yesterday", "since:yesterday", "7d"),
        ('say "never closed', '"', "never closed"),
        ("tool:", "tool:", "no value"),
    ],
)
def test_errors_point_at_the_word(line: str, word: str, says: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query(line)
    assert caught.value.word == word
    assert line[caught.value.position :].startswith(word)
    assert says in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_a_query_or_a_clear_error(line: str) -> None:
    try:
        parse_query(line)
    except QueryError as err:
        assert err.word


@pytest.mark.parametrize(
    "line", ['a" OR text:b', "NEAR(a b)", "a*", "^a", "{x} : y", "a AND", "'; DROP TABLE trace;--", "x\x00y"]
)
def test_query_syntax_of_the_engine_is_only_text(shop: Store, line: str) -> None:
    try:
        list_traces(shop, line)
    except QueryError:
        return
    assert found(shop, "") == ["T3", "T2", "T1"]


def test_words_of_most_texts_do_not_rank_but_still_have_to_stand_there(
    store: Store, traces: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        traces.add(says("user", f"parcel {number} to Leeds"), says("assistant", "noted"))
    traces.add(says("user", "parcel"), says("assistant", "zeppelin"))
    traces.add(says("user", "zeppelin"), says("assistant", "no"))
    monkeypatch.setattr(search_module, "_MOST_RANKED", 3)
    assert found(store, "parcel zeppelin") == ["T7"]
    assert len(found(store, "parcel")) == 7
    any_of = search_any_word(store, parse_query(""), ["parcel", "zeppelin"], limit=9)
    assert {hit.trace_id for hit in any_of} == {7, 8}


def test_of_a_word_of_most_texts_the_newest_are_ranked(
    store: Store, traces: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        traces.add(says("user", f"parcel {number}"), says("assistant", f"noted {number}"))
    monkeypatch.setattr(search_module, "_MOST_RANKED", 3)
    assert {hit.trace_id for hit in search_any_word(store, parse_query(""), ["parcel"], limit=9)} == {4, 5, 6}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("since:1d", ["T1", "T3"]),
        ("since:2026-01-01 until:2026-01-02", ["T2"]),
        ("until:1d", ["T2"]),
        ("-since:1d", ["T2"]),
        ("until:2020-01-01", []),
        ("since:2126-01-01", []),
    ],
)
def test_a_run_without_a_start_is_judged_by_its_arrival(
    store: Store, traces: Builder, line: str, expected: list[str]
) -> None:
    traces.add(says("user", "no time told"))
    traces.add({**says("user", "told"), "started_at": "2026-01-01T08:00:00Z"})
    traces.add({**says("user", "told as nothing"), "started_at": 0})

    assert sorted(found(store, line)) == expected
