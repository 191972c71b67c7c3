"""The path graph as one self-contained SVG: no script, no font, no link; every label escaped.

Colour says how often runs fail there, a dashed border that no regression case passes, width how many runs go.
"""

from __future__ import annotations

from math import log10
from xml.sax.saxutils import escape, quoteattr

from ...model.text.display import safe_line
from .declared import Overlay
from .graph import Graph, Tally
from .layout import Edge, Layout, counts, lay_out
from .sequence import END, START

_BOX_W, _BOX_H, _GAP_X, _GAP_Y, _MARGIN = 200, 52, 36, 62, 40
_LANE = 16
_SCALE = ((0.05, "#e8f1ea"), (0.2, "#fdf3d7"), (0.4, "#fbdcc0"), (1.01, "#f6c3bd"))
_UNKNOWN = "#f1f2f4"
_INK, _SOFT, _EDGE, _BAD = "#1f2933", "#5b6770", "#7b8794", "#b3261e"
_LABEL = 24

Places = dict[str, tuple[float, float]]
"""The upper left corner of each box."""


def draw_svg(graph: Graph, *, title: str, overlay: Overlay | None = None) -> str:
    """The picture of a path graph.

    Args:
        graph: From `graph_of`.
        title: What runs it shows; may hold any text.
        overlay: A declared workflow held against the same runs; what it never saw is listed below.
    """
    layout = lay_out(graph)
    widest = max((len(layer) for layer in layout.layers), default=1)
    lanes = len(layout.back) + sum(_skips(layout, edge) for edge in layout.forward)
    inner = widest * _BOX_W + (widest - 1) * _GAP_X
    places = _places(layout, inner)
    width = max(inner + 2 * _MARGIN + lanes * _LANE + 60, 640)
    notes = _notes(layout, overlay, (width - 2 * _MARGIN) // 7)
    height = 2 * _MARGIN + 60 + len(layout.layers) * (_BOX_H + _GAP_Y) - _GAP_Y + 18 * len(notes)
    body = [_text(_MARGIN, 34, safe_line(title, 110), 16, weight=600)]
    body += _legend()
    lane = inner + _MARGIN + _LANE
    outer = frozenset(layer[-1] for layer in layout.layers)
    for edge in sorted((*layout.forward, *layout.back), key=lambda e: counts(graph, e).runs):
        if edge in layout.back or _skips(layout, edge):
            body.append(_bent(places, edge, counts(graph, edge), lane, outer))
            lane += _LANE
        else:
            body.append(_straight(places, edge, counts(graph, edge)))
    body += [_box(label, places[label], counts(graph, label)) for layer in layout.layers for label in layer]
    below = height - 18 * len(notes) - 10
    body += [_text(_MARGIN, below + 18 * i, note, 12, _SOFT) for i, note in enumerate(notes)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" font-family="system-ui, sans-serif"><title>{escape(safe_line(title, 200))}</title>'
        f'<rect width="100%" height="100%" fill="#ffffff"/>{_ARROWS}{"".join(body)}</svg>\n'
    )


_ARROWS = (
    "<defs>"
    + "".join(
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
        f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z" fill="{colour}"/></marker>'
        for name, colour in (("a", _EDGE), ("b", _BAD))
    )
    + "</defs>"
)


def _skips(layout: Layout, edge: Edge) -> bool:
    """Whether an edge passes over a layer, where it would cross boxes."""
    layer = layout.layer_of()
    return layer[edge[1]] - layer[edge[0]] > 1


def _places(layout: Layout, inner: int) -> Places:
    places: Places = {}
    for row, layer in enumerate(layout.layers):
        used = len(layer) * _BOX_W + (len(layer) - 1) * _GAP_X
        left = _MARGIN + (inner - used) / 2
        for i, label in enumerate(layer):
            places[label] = (left + i * (_BOX_W + _GAP_X), _MARGIN + 60 + row * (_BOX_H + _GAP_Y))
    return places


def _fill(counted: Tally) -> str:
    rate = counted.failure_rate
    if rate is None:
        return _UNKNOWN
    return next(colour for limit, colour in _SCALE if rate.value < limit)


def _box(label: str, place: tuple[float, float], counted: Tally) -> str:
    x, y = place
    dashed = "" if counted.cases or label in (START, END) else ' stroke-dasharray="5 3"'
    told = f"{counted.runs} runs" + (f" · {_rate(counted)}" if counted.failure_rate else "")
    tip = f"{safe_line(label, 200)}: {told}; reviewed {counted.reviewed}; cases {', '.join(counted.cases) or 'none'}"
    return (
        f"<g><title>{escape(safe_line(tip, 400))}</title>"
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{_BOX_W}" height="{_BOX_H}" rx="8" fill="{_fill(counted)}" '
        f'stroke="{_INK}" stroke-width="1.2"{dashed}/>'
        f"{_text(x + _BOX_W / 2, y + 22, safe_line(label, _LABEL), 14, weight=600, anchor='middle')}"
        f"{_text(x + _BOX_W / 2, y + 41, told, 12, _SOFT, anchor='middle')}</g>"
    )


def _rate(counted: Tally) -> str:
    rate = counted.failure_rate
    return "" if rate is None else f"{rate.value:.0%} [{rate.low:.0%}–{rate.high:.0%}] fail"


def _stroke(counted: Tally) -> tuple[str, str, float]:
    rate = counted.failure_rate
    bad = rate is not None and rate.low > 0.25
    return (_BAD if bad else _EDGE), ("b" if bad else "a"), 1.0 + 1.6 * log10(max(counted.runs, 1))


def _straight(places: Places, edge: Edge, counted: Tally) -> str:
    (x1, y1), (x2, y2) = places[edge[0]], places[edge[1]]
    start, end = (x1 + _BOX_W / 2, y1 + _BOX_H), (x2 + _BOX_W / 2, y2)
    middle = (start[1] + end[1]) / 2
    path = (
        f"M{start[0]:.0f} {start[1]:.0f}C{start[0]:.0f} {middle:.0f} "
        f"{end[0]:.0f} {middle:.0f} {end[0]:.0f} {end[1] - 2:.0f}"
    )
    return _line(path, edge, counted, ((start[0] + end[0]) / 2 + 6, middle + 4))


def _bent(places: Places, edge: Edge, counted: Tally, lane: float, outer: frozenset[str]) -> str:
    """An edge along a lane on the right. Where a box has a neighbour on its right, the edge goes through the gap."""
    (x1, y1), (x2, y2) = places[edge[0]], places[edge[1]]
    shift = lane % 30 * 0.8
    if edge[0] in outer:
        level = y1 + _BOX_H / 2 + 8
        begin = f"M{x1 + _BOX_W:.0f} {level:.0f}"
    else:
        level = y1 + _BOX_H + 8 + shift
        begin = f"M{x1 + _BOX_W * 0.8:.0f} {y1 + _BOX_H:.0f}V{level:.0f}"
    if edge[1] in outer:
        arrival = y2 + _BOX_H / 2 - 8
        finish = f"H{x2 + _BOX_W + 2:.0f}"
    else:
        arrival = y2 - 10 - shift
        finish = f"H{x2 + _BOX_W * 0.8:.0f}V{y2 - 2:.0f}"
    turn = 8 if arrival > level else -8
    path = (
        f"{begin}H{lane - 8:.0f}Q{lane:.0f} {level:.0f} {lane:.0f} {level + turn:.0f}V{arrival - turn:.0f}"
        f"Q{lane:.0f} {arrival:.0f} {lane - 8:.0f} {arrival:.0f}{finish}"
    )
    return _line(path, edge, counted, (lane + 3, (level + arrival) / 2))


def _line(path: str, edge: Edge, counted: Tally, label: tuple[float, float]) -> str:
    colour, marker, width = _stroke(counted)
    tip = f"{safe_line(edge[0], 100)} → {safe_line(edge[1], 100)}: {counted.runs} runs {_rate(counted)}"
    dashed = "" if counted.cases else ' stroke-dasharray="5 3"'
    return (
        f'<g><title>{escape(tip)}</title><path d={quoteattr(path)} fill="none" stroke="{colour}" '
        f'stroke-width="{width:.1f}"{dashed} marker-end="url(#{marker})"/>'
        f"{_text(*label, str(counted.runs), 11, colour, halo=True)}</g>"
    )


def _text(
    x: float,
    y: float,
    text: str,
    size: int,
    colour: str = _INK,
    *,
    weight: int = 400,
    anchor: str = "start",
    halo: bool = False,
) -> str:
    around = ' stroke="#ffffff" stroke-width="3" paint-order="stroke"' if halo else ""
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" font-weight="{weight}" fill="{colour}" '
        f'text-anchor="{anchor}"{around}>{escape(text)}</text>'
    )


def _legend() -> list[str]:
    """One line on what colours and borders mean."""
    x, parts = float(_MARGIN), []
    words = ("under 5 %", "under 20 %", "under 40 %", "more fail")
    for (_, colour), word in zip(_SCALE, words, strict=True):
        parts.append(f'<rect x="{x:.0f}" y="48" width="14" height="14" rx="3" fill="{colour}" stroke="{_SOFT}"/>')
        parts.append(_text(x + 19, 60, word, 12, _SOFT))
        x += 96
    parts.append(
        f'<rect x="{x:.0f}" y="48" width="22" height="14" rx="3" fill="none" stroke="{_INK}" stroke-dasharray="5 3"/>'
    )
    return [*parts, _text(x + 28, 60, "no regression case", 12, _SOFT)]


def _notes(layout: Layout, overlay: Overlay | None, width: int) -> list[str]:
    notes = []
    if layout.hidden_nodes or layout.hidden_edges:
        notes.append(f"Too rare to draw: {layout.hidden_nodes} nodes, {layout.hidden_edges} transitions.")
    if overlay is not None:
        unseen = [*overlay.nodes_never_seen, *(f"{a} → {b}" for a, b in overlay.edges_never_seen)]
        odd = [label for label, _ in overlay.nodes_never_declared]
        odd += [f"{a} → {b}" for (a, b), _ in overlay.edges_never_declared]
        notes += [safe_line(f"Declared, never seen: {', '.join(unseen)}", width)] if unseen else []
        notes += [safe_line(f"Seen, never declared: {', '.join(odd)}", width)] if odd else []
    return notes
