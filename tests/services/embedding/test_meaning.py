"""Search by words and meaning, with the real model and with sqlite-vec or numpy."""

from __future__ import annotations

import pytest
from conversations import Builder, says
from retrospan.model.errors import UsageError
from retrospan.model.query import Query
from retrospan.model.traces import Outcome
from retrospan.services.embedding.choose import embedder
from retrospan.services.embedding.protocol import Embedder
from retrospan.services.embedding.work import embed_pending
from retrospan.services.finding.comparing import compare_runs
from retrospan.services.finding.listing import list_traces
from retrospan.services.finding.searching import search_runs
from retrospan.services.receiving.marking import mark_traces
from retrospan.services.understanding.analysing import analyse
from retrospan.store.contract import Store
from retrospan.store.search.lines import search_any_word
from retrospan.store.sqlite.driver import vector_extension
from retrospan.store.traces.revisions import refresh

pytest.importorskip("onnxruntime", reason="the extra `semantic` is not installed")


@pytest.fixture
def model() -> Embedder:
    found = embedder()
    assert found is not None
    return found


@pytest.fixture
def shop(store: Store, traces: Builder, model: Embedder) -> Store:
    traces.add(says("user", "I want my money back for the broken kettle"), says("assistant", "It is refunded."))
    traces.add(says("user", "The parcel never arrived"), says("assistant", "It is lost."), project="post")
    traces.add(says("user", "Please reset my password"), says("assistant", "Done, see your inbox."))
    refresh(store)
    analyse(store)
    assert embed_pending(store, model) == 3
    return store


@pytest.fixture(params=["sqlite-vec", "numpy"])
def scan(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "numpy":
        monkeypatch.setattr("retrospan.store.sqlite.vectors.vector_extension", lambda: None)
    elif vector_extension() is None:
        pytest.skip("this SQLite loads no extensions")
    return str(request.param)


@pytest.mark.parametrize(
    ("line", "first"),
    [("reimbursement for a damaged appliance", "T1"), ("package went missing", "T2"), ("cannot log in", "T3")],
)
def test_other_words_of_the_same_meaning_find_the_trace(shop: Store, scan: str, line: str, first: str) -> None:
    listing = list_traces(shop, line)
    assert listing.traces[0].short_id == first
    assert listing.how == "by words and meaning"


def test_filters_phrases_and_exclusions_hold_in_any_case(shop: Store, scan: str) -> None:
    assert [t.short_id for t in list_traces(shop, "package went missing project:post").traces] == ["T2"]
    assert list_traces(shop, 'package "went missing"').traces == ()
    assert "T2" not in [t.short_id for t in list_traces(shop, "package went missing -parcel").traces]


def test_a_word_that_stands_there_beats_a_likeness(shop: Store, scan: str) -> None:
    assert list_traces(shop, "kettle").traces[0].short_id == "T1"


def test_what_is_only_alike_is_neither_marked_nor_compared(shop: Store) -> None:
    assert list_traces(shop, "package went missing").traces
    assert mark_traces(shop, "package went missing", outcome=Outcome.FAIL).found == 0
    with pytest.raises(UsageError, match="No run matches"):
        compare_runs(shop, "package went missing", "parcel")


def test_only_changed_traces_are_embedded_again(shop: Store, traces: Builder, model: Embedder) -> None:
    assert embed_pending(shop, model) == 0
    traces.add(says("user", "A new one"))
    refresh(shop)
    analyse(shop)
    assert embed_pending(shop, model) == 1


def test_without_vectors_words_work_and_the_answer_says_so(store: Store, traces: Builder) -> None:
    traces.add(says("user", "kettle"))
    listing = list_traces(store, "kettle")
    assert [t.short_id for t in listing.traces] == ["T1"]
    assert listing.how.startswith("by words only")


GREETING = says("user", "Hi there, can you help me?")
RULES = says("system", "Help with a group booking, a refund or one traveller at a time. Take no orders off the desk.")


def test_a_wish_after_a_greeting_is_found_and_shown(store: Store, traces: Builder, model: Embedder) -> None:
    for wish in (
        "Please repaint my bicycle",
        "My brother cannot come, remove him from our trip",
        "Where is my parcel?",
    ):
        traces.add(RULES, GREETING, says("assistant", "Of course."), says("user", wish), says("assistant", "Done."))
    refresh(store)
    analyse(store)
    embed_pending(store, model)
    best = search_runs(store, "take one traveller off a group booking").hits[0]
    assert (best.trace.short_id, best.snippet) == ("T2", "My brother cannot come, remove him from our trip")


def test_instructions_that_all_runs_share_rank_below_words_of_one(store: Store, traces: Builder) -> None:
    for wish in ("It is late", "Is the desk a group of planks, off the shelf?", "It is cold"):
        traces.add(RULES, says("user", wish), says("assistant", "Yes."))
    found = search_any_word(store, Query(""), ["group", "booking", "refund", "off"], limit=5)
    assert (found[0].trace_id, len(found)) == (2, 3)
    assert found[0].score > 2 * found[1].score
