"""The path graph in a terminal: a column of boxes from start to end, other transitions beside them; 80 columns."""

from __future__ import annotations

from ...model.text.display import safe_line
from .graph import Graph, Tally
from .layout import Layout, counts, lay_out
from .sequence import END, START

COLUMNS = 80
_INNER = 32
_BESIDE = COLUMNS - _INNER - 6
_MOST = 16


def draw_boxes(graph: Graph, most_nodes: int = _MOST) -> list[str]:
    """The picture, a line each, none longer than 80 columns."""
    layout = lay_out(graph, most_nodes=most_nodes, width=1)
    order = [label for layer in layout.layers for label in layer]
    lines: list[str] = []
    for i, label in enumerate(order):
        after = order[i + 1] if i + 1 < len(order) else None
        lines += _box(graph, layout, label, after)
    if layout.hidden_nodes or layout.hidden_edges:
        lines.append(f"  too rare to draw: {layout.hidden_nodes} nodes, {layout.hidden_edges} transitions")
    return lines


def _box(graph: Graph, layout: Layout, label: str, after: str | None) -> list[str]:
    counted = counts(graph, label)
    down = graph.get_edge_data(label, after) if after is not None else None
    beside = _beside(graph, layout, label, after)
    side, edge = ("│", "─") if counted.cases or label in (START, END) else ("┊", "┄")
    top = edge * _INNER
    bottom = top if down is None else _with(top, "┬")
    rows = [f"  ┌{top}┐"]
    rows.append(f"  {side}{_inside(label, counted)}{side}{_arrow(beside[:1])}")
    rows += [f"  {side}{' ' * _INNER}{side}{_arrow([extra])}" for extra in beside[1:]]
    rows.append(f"  └{bottom}┘")
    if down is not None:
        rows.append(f"  {' ' * (_INNER // 2)} ▼ {down['runs']}")
    elif after is not None:
        rows.append("")
    return rows


def _with(line: str, mark: str) -> str:
    middle = len(line) // 2
    return line[:middle] + mark + line[middle + 1 :]


def _inside(label: str, counted: Tally) -> str:
    rate = counted.failure_rate
    told = f"{counted.runs}" + (f" ✗{rate.value:.0%}" if rate is not None and counted.failed else "")
    room = _INNER - len(told) - 3
    return f" {_fitted(label, room)} {told} "


def _fitted(text: str, width: int) -> str:
    """A label in exactly `width` columns; wide letters count twice."""
    from rich.cells import cell_len, set_cell_size

    line = safe_line(text)
    return set_cell_size(line, width) if cell_len(line) <= width else set_cell_size(line, width - 1) + "…"


def _beside(graph: Graph, layout: Layout, label: str, after: str | None) -> list[str]:
    """The other transitions out of a node, commonest first; those that are not drawn are counted."""
    shown = set(layout.forward) | set(layout.back)
    out = sorted((right for _, right in graph.out_edges(label)), key=lambda r: (-graph.edges[label, r]["runs"], r))
    drawn = [right for right in out if right != after and (label, right) in shown]
    back = set(layout.back)
    rows = []
    for right in drawn[:4]:
        counted = counts(graph, (label, right))
        rate = counted.failure_rate
        told = f"{counted.runs}" + (f" ✗{rate.value:.0%}" if rate is not None and counted.failed else "")
        arrow = "↑" if (label, right) in back else "▶"
        rows.append(f"{arrow} {_fitted(right, _BESIDE - len(told) - 3).rstrip()} {told}")
    if len(drawn) > 4:
        rows.append(f"… and {len(drawn) - 4} more")
    return rows


def _arrow(beside: list[str]) -> str:
    return f"──{beside[0]}" if beside else ""
