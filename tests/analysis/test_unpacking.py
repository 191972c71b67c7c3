"""Arguments that models write as Python or nearly so."""

from __future__ import annotations

import pytest
from retrospan.analysis.unpacking import unpacked


@pytest.mark.parametrize(
    "text", ["{{'a': 1}}", "{[1]}", "{{}}", "{'a': {{}}}", "[" * 500, "{1: }", "{'a': 1" + "0" * 5_000 + "}"]
)
def test_what_is_no_literal_stays_text(text: str) -> None:
    """A template's `{{…}}` reads as a set of dicts, which Python cannot hold."""
    assert unpacked(text) == text


def test_a_repr_is_read() -> None:
    assert unpacked("{'a': (1, 2), 'b': None}") == {"a": [1, 2], "b": None}
