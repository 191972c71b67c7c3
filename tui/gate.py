"""Text on its way to the screen: through the render gate and into `Content`, which reads no markup.

Every widget of this room takes its text from here; a string handed to a widget would be parsed for markup.
"""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from ..model.text.display import safe_line, safe_text

_SKETCH = 4
"""Characters read per cell of a one-line preview; blanks fold, so more than one is needed."""


def shown(text: str, style: str = "") -> Content:
    """Any text, over as many lines as it has."""
    # Nothing is left that Textual would strip; looking for it costs more than all the rest on long texts.
    return Content.styled(safe_text(text).expandtabs(4), style, strip_control_codes=False)


def shown_line(text: str, width: int, style: str = "") -> Content:
    """Any text on one line of at most `width` cells."""
    return Content.styled(cut(text, width), style)


def joined(*parts: Content) -> Content:
    """Parts one after the other."""
    return Content.assemble(*parts, strip_control_codes=False)


def lines(*parts: Content) -> Content:
    """Parts one below the other."""
    return Content("\n").join(parts)


def counted(number: int, what: str) -> str:
    """A number with its noun: `1 run`, `1,240 runs`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def cut(text: str, width: int) -> str:
    """Text made safe on one line, cut at `width` cells with an ellipsis; wide characters count double."""
    line = safe_line(text[: width * _SKETCH + 40])
    if cell_len(line) <= width:
        return line
    return set_cell_size(line, max(width - 1, 0)).rstrip() + "…" if width > 0 else ""


def cell(text: str, width: int, style: str = "") -> Content:
    """A table cell: text made safe, cut and padded to exactly `width` cells."""
    return Content.styled(set_cell_size(cut(text, width), width), style)
