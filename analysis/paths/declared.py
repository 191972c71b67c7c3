"""A declared workflow laid over the observed one: what was declared and never seen, and what was never declared.

Read from YAML written by hand, or from the JSON that LangGraph's `graph.get_graph().to_json()` gives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import networkx as nx

from ...model.errors import BadInputError
from ...model.paths import PathRow
from ...model.text import yamltext
from ...model.text.display import safe_line
from .graph import Graph
from .sequence import END, START, declared_path

_ENDS = {"__start__": START, "__end__": END, "START": START, "END": END}
_MOST = 2_000
Edge = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Declared:
    """A workflow as somebody drew it."""

    nodes: tuple[str, ...]
    edges: tuple[Edge, ...]
    seen_as: Mapping[str, str]
    """Declared node by the name of a span, tool or agent under which it is seen."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """The declared workflow held against the runs."""

    nodes_never_seen: tuple[str, ...]
    edges_never_seen: tuple[Edge, ...]
    nodes_never_declared: tuple[tuple[str, int], ...]
    """With the number of runs, commonest first."""
    edges_never_declared: tuple[tuple[Edge, int], ...]
    example: Mapping[str | Edge, int]
    """A trace that shows each undeclared node or transition."""


def parse_declared(text: str | bytes, *, source: str = "graph") -> Declared:
    """The workflow in a YAML or JSON text.

    Accepts `edges` as `a -> b`, `[a, b]`, `{from: a, to: b}` or LangGraph's `{source, target}`; `nodes` as names or
    objects with an `id`; `seen_as` as a map of node to one or more names.

    Raises:
        BadInputError: names the part that cannot be read.
    """
    value: Any = yamltext.load(text, source=source).value
    if not isinstance(value, dict) or not isinstance(value.get("edges"), list):
        raise BadInputError(f"{source}: a workflow is a mapping with `edges`, such as `- start -> search`.")
    edges = tuple(dict.fromkeys(_edge(item, f"{source}: edge {i + 1}") for i, item in enumerate(value["edges"])))
    listed = value.get("nodes") or []
    if not isinstance(listed, list) or len(listed) > _MOST or len(edges) > _MOST:
        raise BadInputError(f"{source}: `nodes` is a list of names; at most {_MOST} nodes and edges are taken.")
    named = [_name(item, f"{source}: node {i + 1}") for i, item in enumerate(listed)]
    nodes = tuple(dict.fromkeys(n for n in (*named, *(end for e in edges for end in e)) if n not in (START, END)))
    return Declared(nodes, edges, {**{node: node for node in nodes}, **_aliases(value.get("seen_as"), nodes, source)})


def _edge(item: Any, where: str) -> Edge:
    if isinstance(item, str) and item.count("->") == 1:
        left, _, right = item.partition("->")
        return _name(left, where), _name(right, where)
    if isinstance(item, list) and len(item) == 2:
        return _name(item[0], where), _name(item[1], where)
    if isinstance(item, dict):
        ends = item.get("from", item.get("source")), item.get("to", item.get("target"))
        return _name(ends[0], where), _name(ends[1], where)
    raise BadInputError(f"{where}: {safe_line(str(item), 60)!r} is no transition; write `a -> b`.", where=where)


def _name(item: Any, where: str) -> str:
    name = item.get("id", item.get("name")) if isinstance(item, dict) else item
    if not isinstance(name, str | int) or isinstance(name, bool) or not str(name).strip():
        raise BadInputError(f"{where}: {safe_line(str(item), 60)!r} is no node; write its name.", where=where)
    text = str(name).strip()
    return _ENDS.get(text, text)


def _aliases(value: Any, nodes: Sequence[str], source: str) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict) or not set(value) <= set(nodes):
        raise BadInputError(f"{source}: `seen_as` maps a declared node to the names under which it is seen.")
    listed = {node: names if isinstance(names, list) else [names] for node, names in value.items()}
    return {str(name): node for node, names in listed.items() for name in names}


def overlay(declared: Declared, runs: Mapping[int, Sequence[PathRow]]) -> Overlay:
    """Hold the declared workflow against the runs, by trace id. Cost: linear in their spans."""
    allowed = set(declared.edges)
    nodes: Counter[str] = Counter()
    edges: Counter[Edge] = Counter()
    outside: Counter[str] = Counter()
    example: dict[str | Edge, int] = {}
    for trace_id, rows in runs.items():
        path, undeclared = declared_path(rows, declared.seen_as)
        nodes.update(set(path))
        outside.update(undeclared)
        passed = set(pairwise((START, *path, END))) if path else set()
        edges.update(passed)
        example = {**dict.fromkeys(undeclared, trace_id), **dict.fromkeys(passed - allowed, trace_id), **example}
    # A node that repeats itself shows as one; a declared loop onto itself cannot be told from it.
    seen = {edge: edges[edge] for edge in declared.edges if edges[edge] or (edge[0] == edge[1] and nodes[edge[0]])}
    return Overlay(
        tuple(node for node in declared.nodes if not nodes[node]),
        tuple(edge for edge in declared.edges if edge not in seen),
        tuple(outside.most_common()),
        tuple((edge, count) for edge, count in edges.most_common() if edge not in allowed),
        example,
    )


def way_through(declared: Declared, edge: Edge) -> tuple[str, ...]:
    """The shortest declared way from start to end that takes a transition; only the transition where there is none."""
    graph = Graph()
    graph.add_edges_from(declared.edges)
    graph.add_nodes_from((START, END))
    before, after = _way(graph, START, edge[0]), _way(graph, edge[1], END)
    return tuple(label for label in (*before, *after) if label not in (START, END))


def _way(graph: Graph, left: str, right: str) -> list[str]:
    try:
        return list(nx.shortest_path(graph, left, right))
    except nx.NetworkXNoPath:
        return [right] if left == START else [left]


def nearest_run(way: Sequence[str], paths: Mapping[int, Sequence[str]]) -> int | None:
    """The run that shares the longest beginning with a way; ties go to the shorter, then the older run."""
    if not paths:
        return None
    ranked: dict[int, tuple[int, int, int]] = {}
    for trace_id, path in paths.items():
        shared = next((i for i, (a, b) in enumerate(zip(way, path, strict=False)) if a != b), min(len(way), len(path)))
        ranked[trace_id] = (-shared, len(path), trace_id)
    return min(ranked, key=lambda trace_id: ranked[trace_id])
