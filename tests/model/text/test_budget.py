"""Sharing room among texts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from retrospan.model.text.budget import clip, ranges, share, spelled

LENGTHS = st.lists(st.integers(0, 5_000), max_size=60)


@given(LENGTHS, st.integers(0, 20_000), st.data())
def test_shares_keep_to_the_room_and_to_each_length(lengths: list[int], room: int, data: st.DataObject) -> None:
    weights = data.draw(st.lists(st.floats(0.1, 5), min_size=len(lengths), max_size=len(lengths)))
    shares = share(lengths, weights, room)
    assert sum(shares) <= max(room, 0)
    assert all(0 <= part <= length for part, length in zip(shares, lengths, strict=True))


def test_a_heavier_text_gets_more() -> None:
    assert share([1_000, 1_000], [1.0, 3.0], 400) == [100, 300]


@given(st.text(max_size=500), st.integers(12, 300))
def test_clipped_text_keeps_to_its_width_and_tells_the_rest(text: str, width: int) -> None:
    clipped = clip(text, width)
    assert len(clipped) <= width
    assert clipped == text or "…+" in clipped


@given(st.sets(st.integers(0, 200)))
def test_runs_hold_each_index_once(indices: set[int]) -> None:
    runs = ranges(sorted(indices))
    assert [n for first, last in runs for n in range(first, last + 1)] == sorted(indices)
    assert spelled(runs).count(",") == max(len(runs) - 1, 0)
