"""Plots in block characters, each exactly `width` cells wide: a bar, a span of time, an interval on a scale, levels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from textual.content import Content

from .gate import joined, shown

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = " ▁▂▃▄▅▆▇█"


def bar(share: float, width: int, style: str = "") -> Content:
    """A bar from the left, to an eighth of a cell; anything above nothing is seen.

    >>> bar(0.5, 5).plain
    '██▌  '
    """
    eighths = round(max(0.0, min(share, 1.0)) * width * 8)
    if share > 0:
        eighths = max(eighths, 1)
    full, rest = divmod(eighths, 8)
    drawn = "█" * full + (_EIGHTHS[rest] if rest else "")
    return shown(drawn[:width].ljust(width), style)


def span_bar(start: float, end: float, width: int, style: str = "") -> Content:
    """A stretch of a line that runs from 0 to 1; the shortest one is still a thin mark.

    >>> span_bar(0.5, 1.0, 8).plain
    '    ████'
    """
    if width <= 0:
        return Content("")
    first = min(int(max(start, 0.0) * width), width - 1)
    last = min(max(end, start) * width, float(width))
    cells = round(last - first)
    drawn = "█" * cells if cells >= 1 else "▏"
    return joined(shown(" " * first), shown(drawn.ljust(width - first)[: width - first], style))


def interval_bar(low: float, value: float, high: float, bounds: tuple[float, float], width: int, style: str) -> Content:
    """An estimate with its interval on the scale `bounds`; a zero within the scale is marked by a line.

    >>> interval_bar(-0.5, 0.0, 0.5, (-1.0, 1.0), 9, "").plain
    '  ├─●─┤  '
    """
    if width < 3:
        return shown(" " * max(width, 0))
    left, right = bounds

    def place(at: float) -> int:
        return round((max(left, min(at, right)) - left) / (right - left) * (width - 1))

    cells = [" "] * width
    if left < 0 < right:
        cells[place(0)] = "┊"
    begin, middle, end = place(low), place(value), place(high)
    for cell in range(begin, end + 1):
        cells[cell] = "─"
    cells[begin], cells[end] = "├", "┤"
    cells[middle] = "●"
    return shown("".join(cells), style)


def levels(values: Sequence[float], width: int, style: str = "") -> Content:
    """Values over time, a column each; where there are more than cells, the highest of each stretch.

    >>> levels([0, 1, 2, 4], 4).plain
    ' ▂▄█'
    """
    if not values or width <= 0:
        return Content("")
    columns = min(len(values), width)
    edges = [round(i * len(values) / columns) for i in range(columns + 1)]
    tops = [max(values[a:b]) for a, b in pairwise(edges)]
    highest = max(tops) or 1.0
    drawn = "".join(_LEVELS[max(1, round(top / highest * 8)) if top > 0 else 0] for top in tops)
    return shown(drawn.ljust(width), style)
