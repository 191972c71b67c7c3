"""The graph of all ways: nodes and transitions with runs, failures and coverage, and the variants they come from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import networkx as nx

from ..statistics import Interval, wilson
from .sequence import END, START

if TYPE_CHECKING:
    Graph = nx.DiGraph[str]
else:
    Graph = nx.DiGraph


@dataclass(frozen=True, slots=True)
class PathRun:
    """One run on its way."""

    trace_id: int
    path: tuple[str, ...]
    failed: bool | None
    """None where nobody said and nothing stands in for it."""
    reviewed: bool = False
    """A person's signed verdict on it counts."""
    cases: tuple[str, ...] = ()
    """Regression cases that were made from it, or that go its way."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What is known of the runs that pass a place."""

    runs: int
    judged: int
    """Runs of which it is known whether they failed."""
    failed: int
    reviewed: int
    cases: tuple[str, ...]

    @property
    def failure_rate(self) -> Interval | None:
        """None where nothing is known."""
        return wilson(self.failed, self.judged) if self.judged else None


@dataclass(frozen=True, slots=True)
class Variant:
    """All runs that took one way."""

    path: tuple[str, ...]
    tally: Tally
    trace_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Covered:
    """How much of the ways somebody looked at, or a regression case goes."""

    reviewed: int
    cases: int
    of: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """Coverage of nodes, transitions, variants, and of the runs behind the variants."""

    nodes: Covered
    edges: Covered
    variants: Covered
    runs: Covered


def tally(runs: Iterable[PathRun]) -> Tally:
    """Count the runs that pass a place."""
    runs = list(runs)
    known = [run.failed for run in runs if run.failed is not None]
    cases = sorted({case for run in runs for case in run.cases})
    return Tally(len(runs), len(known), sum(known), sum(run.reviewed for run in runs), tuple(cases))


def variants_of(runs: Sequence[PathRun]) -> list[Variant]:
    """The ways that were taken, the commonest first."""
    by_path: dict[tuple[str, ...], list[PathRun]] = defaultdict(list)
    for run in runs:
        by_path[run.path].append(run)
    found = [Variant(path, tally(group), tuple(run.trace_id for run in group)) for path, group in by_path.items()]
    return sorted(found, key=lambda variant: (-variant.tally.runs, variant.path))


def graph_of(variants: Sequence[Variant]) -> Graph:
    """Nodes and transitions with the attributes `runs`, `judged`, `failed`, `reviewed`, `cases` and `place`.

    A run counts once at a node or transition, however often it passes. `place` is where the node lies on the way on
    average, 0 at the start and 1 at the end.

    Cost: linear in the summed length of the variants.
    """
    graph = Graph()
    places: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for variant in variants:
        way = (START, *variant.path, END)
        for label in dict.fromkeys(way):
            graph.add_node(label, **_added(graph.nodes.get(label, {}), variant.tally))
            places[label].append((way.index(label) / (len(way) - 1), variant.tally.runs))
        for edge in dict.fromkeys(pairwise(way)):
            graph.add_edge(*edge, **_added(graph.get_edge_data(*edge, default={}), variant.tally))
    for label, seen in places.items():
        graph.nodes[label]["place"] = sum(place * n for place, n in seen) / sum(n for _, n in seen)
    return graph


def _added(before: Mapping[str, Any], counted: Tally) -> dict[str, Any]:
    numbers = {name: before.get(name, 0) + getattr(counted, name) for name in ("runs", "judged", "failed", "reviewed")}
    return {**numbers, "cases": tuple(sorted({*before.get("cases", ()), *counted.cases}))}


def tally_at(attributes: Mapping[str, Any]) -> Tally:
    """The counts of a node or transition."""
    return Tally(*(attributes[name] for name in ("runs", "judged", "failed", "reviewed", "cases")))


def coverage_of(graph: Graph, variants: Sequence[Variant]) -> Coverage:
    """How many nodes, transitions and variants a reviewed run passes, and how many a regression case goes."""
    nodes = [tally_at(data) for label, data in graph.nodes(data=True) if label not in (START, END)]
    edges = [tally_at(data) for _, _, data in graph.edges(data=True)]
    tallies = [variant.tally for variant in variants]
    runs: Counter[str] = Counter()
    for counted in tallies:
        runs["reviewed"] += counted.runs if counted.reviewed else 0
        runs["cases"] += counted.runs if counted.cases else 0
        runs["of"] += counted.runs
    return Coverage(
        _covered(nodes), _covered(edges), _covered(tallies), Covered(runs["reviewed"], runs["cases"], runs["of"])
    )


def _covered(tallies: Sequence[Tally]) -> Covered:
    reviewed = sum(counted.reviewed > 0 for counted in tallies)
    return Covered(reviewed, sum(bool(counted.cases) for counted in tallies), len(tallies))
