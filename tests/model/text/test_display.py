"""The render gate: nothing that a terminal, page or reader would obey gets through."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from retrospan.model.text.display import safe_line, safe_text

VISIBLE_MARKS = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u0890\u0891\u08e2\U000110bd\U000110cd"
"""Format characters that have a glyph of their own (Arabic and Kaithi number signs)."""


@given(st.text())
def test_no_control_format_or_surrogate_character_remains(text: str) -> None:
    for character in safe_text(text):
        if character in "\n\t\u200d" + VISIBLE_MARKS:
            continue
        assert unicodedata.category(character) not in ("Cc", "Cf", "Cs"), hex(ord(character))


@given(st.text())
def test_the_gate_is_idempotent(text: str) -> None:
    assert safe_text(safe_text(text)) == safe_text(text)


@given(st.text(), st.integers(min_value=1, max_value=80))
def test_a_line_is_one_line_of_bounded_width(text: str, width: int) -> None:
    line = safe_line(text, width)
    assert len(line) <= width
    assert len(line.splitlines()) <= 1


def test_every_hidden_character_of_unicode_is_caught() -> None:
    hidden = [
        chr(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs") and chr(code) not in "\n\t" + VISIBLE_MARKS
    ]
    assert [character for character in hidden if character in safe_text(f"a{character}b")] == []


def test_plain_text_in_any_script_is_untouched() -> None:
    text = "Grüße, 你好, مرحبا, नमस्ते, 👩‍👩‍👧 – “quotes” € ½\n\tend"
    assert safe_text(text) == text


def test_escape_sequences_become_visible() -> None:
    assert safe_text("\x1b]52;c;aGk=\x07\x9b31m\u202e\U000e0041") == "␛]52;c;aGk=␇⟨U+009B⟩31m⟨U+202E⟩⟨U+E0041⟩"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pay\u034f", "pay⟨U+034F⟩"),
        ("a\ufe0fb", "a⟨U+FE0F⟩b"),
        ("❤\ufe0f", "❤\ufe0f"),
        ("❤\ufe0f\ufe00\ufe01", "❤\ufe0f⟨U+FE00⟩⟨U+FE01⟩"),
        ("1\ufe0f\u20e3", "1\ufe0f\u20e3"),
        ("葛\ufe00", "葛\ufe00"),
        ("e" + "\u0301" * 6, "e" + "\u0301" * 4 + "⟨U+0301⟩" * 2),
        ("Zürich é", "Zürich é"),
    ],
)
def test_hidden_bytes_in_selectors_and_marks_are_shown(text: str, shown: str) -> None:
    assert safe_text(text) == shown
