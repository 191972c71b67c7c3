"""The fence: trace text can neither end it nor open one of its own."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from retrospan.model.text.fence import fenced, inert, inert_line


@given(st.text())
def test_no_text_holds_a_fence_mark_once_inert(text: str) -> None:
    assert not set("⟦⟧\x1b\x9b\u202e") & set(inert(text) + inert_line(text))


def test_every_fence_has_a_number_of_its_own() -> None:
    numbers = {re.match(r"⟦([0-9a-f]{8}) ", fenced(["x"]))[1] for _ in range(50)}  # type: ignore[index]
    assert len(numbers) == 50
