"""Where the nodes of a path graph stand in a picture: the commonest ones, in layers from start to end."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from .graph import Graph, Tally, tally_at
from .sequence import END, START

Edge = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Layout:
    """Nodes in layers, and the edges between them."""

    layers: tuple[tuple[str, ...], ...]
    """From start to end; in a layer from left to right."""
    forward: tuple[Edge, ...]
    """Transitions to a later layer."""
    back: tuple[Edge, ...]
    """Transitions to the same or an earlier layer."""
    hidden_nodes: int
    hidden_edges: int

    def layer_of(self) -> dict[str, int]:
        return {label: i for i, layer in enumerate(self.layers) for label in layer}


def lay_out(graph: Graph, *, most_nodes: int = 24, most_edges: int = 60, width: int = 4) -> Layout:
    """Choose what to draw and put it in layers.

    Nodes go where runs reach them on average, at most `width` a layer; within a layer they stand near the nodes
    before them (barycentre, Sugiyama 1981). What is too rare to draw is counted.

    Cost: O(edges × layers) after the choice.
    """
    ranked = sorted(
        (label for label in graph if label not in (START, END)), key=lambda label: (-graph.nodes[label]["runs"], label)
    )
    kept = ranked[:most_nodes]
    layers = [(START,), *_layers(graph, kept, width), (END,)] if START in graph else _layers(graph, kept, width)
    place = {label: i for i, layer in enumerate(layers) for label in layer}
    edges = sorted(
        (edge for edge in graph.edges if edge[0] in place and edge[1] in place),
        key=lambda edge: (-graph.edges[edge]["runs"], edge),
    )[:most_edges]
    forward = tuple(edge for edge in edges if place[edge[0]] < place[edge[1]])
    back = tuple(edge for edge in edges if place[edge[0]] >= place[edge[1]])
    hidden_edges = graph.number_of_edges() - len(edges)
    return Layout(_ordered(graph, layers, forward), forward, back, len(ranked) - len(kept), hidden_edges)


def _layers(graph: Graph, kept: list[str], width: int) -> list[tuple[str, ...]]:
    """Nodes by their average place on the way; a node starts a layer where the one before leads to it mostly."""
    by_place = sorted(kept, key=lambda label: (round(graph.nodes[label]["place"], 3), label))
    layers: list[list[str]] = []
    for label in by_place:
        last = layers[-1] if layers else None
        if last is not None and len(last) < width and not any(_leads(graph, other, label) for other in last):
            last.append(label)
        else:
            layers.append([label])
    return [tuple(layer) for layer in layers]


def _leads(graph: Graph, left: str, right: str) -> bool:
    there = graph.get_edge_data(left, right, default={"runs": 0})["runs"]
    return bool(there) and bool(there >= graph.get_edge_data(right, left, default={"runs": 0})["runs"])


def _ordered(graph: Graph, layers: list[tuple[str, ...]], forward: tuple[Edge, ...]) -> tuple[tuple[str, ...], ...]:
    before: dict[str, list[str]] = defaultdict(list)
    for left, right in forward:
        before[right].append(left)
    x: dict[str, float] = {}
    ordered = []
    for layer in layers:
        centres = {label: _centre([x[left] for left in before[label] if left in x]) for label in layer}
        row = tuple(sorted(layer, key=lambda label: (centres[label], -graph.nodes[label]["runs"], label)))
        x.update({label: (i + 0.5) / len(row) for i, label in enumerate(row)})
        ordered.append(row)
    return tuple(ordered)


def _centre(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.5


def counts(graph: Graph, what: str | Edge) -> Tally:
    """The counts of a node or a transition."""
    return tally_at(graph.nodes[what] if isinstance(what, str) else graph.edges[what])
