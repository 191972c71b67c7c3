"""What a run is like as numbers: no text in it, the same each time, and what all runs do counts for nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from retrospan.analysis.modes.features import (
    DIMENSIONS,
    Background,
    Features,
    features_of,
    normalised_error,
    pack_total,
    unpack_background,
    unpack_features,
    unpack_total,
)
from retrospan.analysis.reading import read
from retrospan.analysis.signals.registry import signals_of
from retrospan.model.traces import Trace


def features(trace: Trace) -> Features:
    reading = read(trace)
    return features_of(reading, signals_of(reading))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Order 'R-1042' not found in /var/db/shop after 3 tries", "order # not found in # after # tries"),
        ("Order 'R-7' not found in /srv/x/y after 12 tries", "order # not found in # after # tries"),
        ("Traceback (most recent call last):\n  File \"a.py\"\nKeyError: 'total'", "keyerror: #"),
        ("GET https://x.example/a?b=1 gave 503", "get # gave #"),
        ("", ""),
        ("\n\n", ""),
    ],
)
def test_errors_of_one_kind_read_alike(text: str, kind: str) -> None:
    assert normalised_error(text) == kind


@given(st.text(max_size=3_000))
def test_any_text_makes_an_error_of_bounded_length(text: str) -> None:
    kind = normalised_error(text)
    assert len(kind) <= 120
    assert "\n" not in kind


def test_the_same_run_has_the_same_features(refund_run: object) -> None:
    assert callable(refund_run)
    left, right = features(refund_run()), features(refund_run())
    assert left.pack() == right.pack()
    assert float(np.linalg.norm(left.values)) == pytest.approx(1.0)


def test_packed_features_come_back(refund_run: object) -> None:
    assert callable(refund_run)
    kept = features(refund_run())
    back = unpack_features(kept.pack())
    assert back.buckets.tolist() == kept.buckets.tolist()
    assert np.allclose(back.values, kept.values, atol=1e-3)


def test_no_word_of_the_run_is_in_its_packed_features(refund_run: object) -> None:
    assert callable(refund_run)
    assert b"lamp" not in features(refund_run()).pack()


def test_what_every_run_does_counts_for_little() -> None:
    background = Background()
    common = Features(np.array([1, 2], np.uint16), np.array([0.7, 0.7], np.float32))
    rare = Features(np.array([1, 9], np.uint16), np.array([0.7, 0.7], np.float32))
    for _ in range(50):
        background.add(common)
    background.add(rare)
    rarity = background.rarity()
    assert rarity[1] < 0.02 < 3 < rarity[9]
    background.remove(rare)
    assert background.counts[9] == 0
    assert unpack_background(background.runs, background.pack()).counts.tolist() == background.counts.tolist()


def test_a_packed_centre_comes_back() -> None:
    total = np.zeros(DIMENSIONS, np.float32)
    total[[0, 17, DIMENSIONS - 1]] = (1.5, 2.25, 3.0)
    assert unpack_total(pack_total(total)).tolist() == total.tolist()
    assert not unpack_total(None).any()
