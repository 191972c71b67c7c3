"""A picture of the screen, the same from run to run, for documents and for tests that look at it."""

from __future__ import annotations

import re

from .app import RetrospanApp

_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_SCREEN_ID = re.compile(r"terminal-\d+")
_TEXT = re.compile(r'(<text [^>]*?x=")([\d.]+)("[^>]*?textLength=")([\d.]+)("[^>]*>)((?:&#160;)+)([^<]+)(</text>)')
_BLANK = "&#160;"
_CELL = 12.2
"""Width of a cell in the units of the picture."""


def picture(app: RetrospanApp) -> str:
    """The screen as SVG: no fonts from elsewhere, no ids that change, no blanks that some viewers drop."""
    svg = app.export_screenshot(title="Retrospan", simplify=True)
    svg = _SCREEN_ID.sub("terminal", _FONTS.sub("", svg))
    return _TEXT.sub(_without_leading_blanks, svg)


def _without_leading_blanks(match: re.Match[str]) -> str:
    head, x, middle, length, tail, blanks, words, end = match.groups()
    skipped = len(blanks) // len(_BLANK) * _CELL
    return f"{head}{float(x) + skipped:g}{middle}{float(length) - skipped:g}{tail}{words}{end}"
