"""Token ids equal those of the reference tokenizer (computed with it, kept in tests/data)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from retrospan.services.embedding.wordpiece import token_ids, vocabulary

CASES = json.loads((Path(__file__).parents[2] / "data" / "embedding" / "wordpiece.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:20] or "empty")
def test_ids_are_those_of_the_reference(case: dict[str, object]) -> None:
    assert token_ids(str(case["text"]), 10_000) == case["ids"]


@given(st.text(max_size=200), st.integers(min_value=2, max_value=40))
def test_any_text_fits_the_window_between_its_marks(text: str, most: int) -> None:
    ids = token_ids(text, most)
    assert len(ids) <= most
    assert (ids[0], ids[-1]) == (vocabulary()["[CLS]"], vocabulary()["[SEP]"])
