"""The render gate: trace text made safe to show, for every terminal and page.

Trace text is an attacker's text. Control, bidi, zero-width and tag characters can move a cursor, fill a clipboard,
fake what a reader sees or hide instructions; each becomes a visible symbol here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_C0_PICTURES = {code: chr(0x2400 + code) for code in range(0x20) if code not in (0x09, 0x0A)}
_HIDDEN = [
    0x7F,
    *range(0x80, 0xA0),
    0xAD,
    0x34F,
    0x61C,
    0x70F,
    0x115F,
    0x1160,
    0x17B4,
    0x17B5,
    0x180E,
    *range(0x200B, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2060, 0x2070),
    0x3164,
    0xFEFF,
    0xFFA0,
    *range(0xFFF9, 0xFFFC),
    *range(0xD800, 0xE000),
    *range(0x13430, 0x13440),
    *range(0x1BCA0, 0x1BCA4),
    *range(0x1D173, 0x1D17B),
    *range(0xE0000, 0xE0080),
    *range(0xE0100, 0xE01F0),
]


def _ranges(codes: Sequence[int]) -> Iterator[str]:
    """A character class of these codes; of thousands of single characters `re` would try one after the other."""
    first = last = codes[0]
    for code in (*codes[1:], -1):
        if code != last + 1:
            yield f"\\U{first:08x}-\\U{last:08x}"
            first = code
        last = code


_TABLE = _C0_PICTURES | {code: f"⟨U+{code:04X}⟩" for code in _HIDDEN} | {0x7F: "␡"}
_MARK = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
"""Marks that combine with the character before them."""
_VARIANT = "\u180b-\u180d\u180f\ufe00-\ufe0f"
"""Selectors of the look of the character before them; where it has one look they hide up to four bits each."""
_UNSAFE_ASCII = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_UNSAFE = re.compile("[" + "".join(_ranges(sorted(_TABLE))) + _VARIANT + "]|[" + _MARK + "]{5}")
_STRAY = re.compile(
    "(?<![#*0-9\u00a9\u00ae\u2000-\u32ff\U0001f000-\U0001faff])[\ufe0e\ufe0f]"
    "|(?<![\u2200-\u2aff\u3000-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\ufe00-\ufe02]|[\ufe03-\ufe0d]"
    "|(?<![\u1820-\u18aa])[\u180b-\u180d\u180f]"
    f"|(?<=[{_MARK}]{{4}})[{_MARK}]"
)
"""Selectors where they select nothing, and the fifth mark on one character."""
_ZWJ = "\u200d"
_EMOJI_JOIN = re.compile(
    "(?<=[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d(?=[\u2600-\u27bf\U0001f000-\U0001faff])"
)
_KEEP = "\ue000"


def safe_text(text: str) -> str:
    """Text with every character that a terminal, page or reader would obey or not see replaced by a visible one.

    Newline and tab stay. A zero-width joiner stays between emoji, where it only joins them.

    >>> safe_text("a\\x1b[31mb")
    'a␛[31mb'
    >>> safe_text("pay\\u202eexe")
    'pay⟨U+202E⟩exe'
    """
    if not (_UNSAFE_ASCII if text.isascii() else _UNSAFE).search(text):
        return text
    text = _STRAY.sub(_named, text)
    if _ZWJ in text:
        text = _EMOJI_JOIN.sub(_KEEP, text.replace(_KEEP, "⟨U+E000⟩"))
        return text.translate(_TABLE).replace(_KEEP, _ZWJ)
    return text.translate(_TABLE)


def _named(found: re.Match[str]) -> str:
    return f"⟨U+{ord(found[0]):04X}⟩"


def safe_line(text: str, width: int | None = None) -> str:
    """`safe_text` on one line: line breaks and tabs become visible, runs of blanks fold, the end is cut at `width`.

    >>> safe_line("two\\nlines")
    'two⏎lines'
    """
    line = re.sub(r"[ ]{2,}", " ", safe_text(text).strip().replace("\n", "⏎").replace("\t", " "))
    if width is not None and len(line) > width:
        return line[: max(width - 1, 0)] + "…"
    return line
