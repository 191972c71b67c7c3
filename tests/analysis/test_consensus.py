"""One run against all good ones, and what differs inside long texts."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from retrospan.analysis.consensus import consensus
from retrospan.analysis.texts.textdiff import text_differences


def test_the_argument_that_all_good_runs_share_comes_first(refund_run: Any) -> None:
    found = consensus(refund_run(order="W18"), [refund_run(), refund_run(), refund_run()])
    first = found[0]
    assert (first.kind, first.lacking, first.path) == ("argument", True, "arguments.order_id")
    assert (first.value, first.instead, first.good, first.of) == ("W17", "W18", 3, 3)
    assert first.step == 6


def test_a_call_that_only_the_run_lacks_is_named_once(refund_run: Any, build: Any) -> None:
    bare = build([{"role": "user", "content": "Refund W17."}, {"role": "assistant", "content": "Done."}])
    found = consensus(bare, [refund_run(), refund_run()])
    assert [(item.kind, item.tool) for item in found[:2]] == [("call", "issue_refund"), ("call", "get_order")]
    assert not [item for item in found if item.kind == "argument"]


def test_what_the_run_alone_does_is_told(refund_run: Any, build: Any) -> None:
    bare = [build([{"role": "user", "content": "Refund W17."}, {"role": "assistant", "content": "No."}])] * 3
    found = consensus(refund_run(), bare)
    assert (found[0].kind, found[0].tool, found[0].lacking, found[0].good) == ("call", "issue_refund", False, 0)


def test_a_run_like_the_others_stands_out_in_nothing(refund_run: Any) -> None:
    assert consensus(refund_run(), [refund_run(), refund_run()]) == ()


def test_one_good_run_is_no_consensus(refund_run: Any) -> None:
    assert consensus(refund_run(order="W18"), [refund_run()]) == ()


def test_only_the_words_that_changed_are_marked() -> None:
    pieces = text_differences("You have 45 days to return it.", "You have 30 days to return it.")
    assert [(piece.side, piece.text) for piece in pieces if piece.side != "equal"] == [
        ("before", "45"),
        ("after", "30"),
    ]


def test_long_equal_stretches_are_cut_short() -> None:
    same = " ".join(f"word{i}" for i in range(200))
    pieces = text_differences(f"{same} left {same}", f"{same} right {same}")
    assert sum(len(piece.text) for piece in pieces) < 300


@given(st.text(max_size=40), st.text(max_size=40))
def test_pieces_give_both_texts_back(before: str, after: str) -> None:
    pieces = text_differences(before, after, context=1_000)
    assert "".join(piece.text for piece in pieces if piece.side != "after") == before
    assert "".join(piece.text for piece in pieces if piece.side != "before") == after
