"""Workflow paths of many runs: what was taken, what fails, what was never tested, and how to test it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...analysis.paths.declared import Declared, Edge, Overlay, nearest_run, overlay, parse_declared, way_through
from ...analysis.paths.graph import Coverage, Graph, PathRun, Variant, coverage_of, graph_of, variants_of
from ...analysis.paths.sequence import collapsed, has_several_agents, path_of
from ...model.cases import Case
from ...model.errors import BadInputError, NothingFoundError, UsageError
from ...model.traces import Outcome, TraceSummary
from ...store.contract import Store
from ...store.findings.signals import traces_to_analyse
from ...store.reading.path_rows import load_path_rows
from ...store.reading.summaries import get_summaries
from ..finding.listing import list_traces
from ..knowledge.cases import list_cases, nearest_knowledge
from ..understanding.analysing import analyse, rules_of

_MOST_RUNS = 20_000
_MAX_DECLARED = 1 << 20
_UNTESTED = 20
_AT_ONCE = 200
"""Runs that are analysed first where signals must stand in for outcomes."""


@dataclass(frozen=True, slots=True)
class Untested:
    """A way that no regression case goes, and the run to make one from."""

    variant: Variant
    promote: TraceSummary
    because: str


@dataclass(frozen=True, slots=True)
class Brief:
    """A way that is declared and was never taken: what a scenario must do to take it."""

    edge: Edge
    way: tuple[str, ...]
    """From start to end, by the declared workflow."""
    nearest: TraceSummary | None
    """The run that went the longest beginning of it."""
    nearest_path: tuple[str, ...]

    @property
    def text(self) -> str:
        """The brief in words; holds names of the declared workflow and labels of runs."""
        left, right = self.edge
        start = (
            f"Start from {self.nearest.short_id}, which went {' → '.join(self.nearest_path) or 'nowhere'}; "
            "change its input so that it goes on otherwise."
            if self.nearest
            else "No run comes near; write the input anew."
        )
        return f"Make a run go from {left} to {right}, on the way {' → '.join(self.way)}. {start}"


@dataclass(frozen=True, slots=True)
class PathsReport:
    """All ways of the runs that a query finds."""

    runs: int
    total: int
    """How many the query finds; more than `runs` where the newest were taken."""
    basis: str
    """What stands for a failed run: outcomes, or failure signals where nobody said."""
    graph: Graph
    variants: tuple[Variant, ...]
    coverage: Coverage
    untested: tuple[Untested, ...]
    cases: int
    """Regression cases found."""
    cases_from: str
    """Their folder, or why there are none."""
    overlay: Overlay | None = None
    briefs: tuple[Brief, ...] = ()


def workflow_paths(
    store: Store, query: str = "", *, declared: Declared | None = None, folder: Path | None = None
) -> PathsReport:
    """The graph, variants and coverage of the runs that a search line finds, at most the newest 20,000.

    Args:
        store: Where.
        query: The search line.
        declared: A workflow to hold them against.
        folder: Where to look for regression cases (at or above it); None for no cases.

    Raises:
        QueryError: if the query cannot be read.
        UsageError: if it finds no run.

    Cost: 10 µs a span; contents are not read.
    """
    listing = list_traces(store, query, limit=_MOST_RUNS, by_meaning=False)
    if not listing.traces:
        raise NothingFoundError("No run to draw paths of.", listing.why_empty)
    summaries = {trace.id: trace for trace in listing.traces}
    rows = load_path_rows(store, list(summaries))
    agents = has_several_agents(rows.values())
    paths = {trace_id: path_of(rows.get(trace_id, ()), agents=agents) for trace_id in summaries}
    cases, cases_from = _cases(folder)
    covered = _covered(cases, summaries, paths)
    basis, failed = _failed(store, listing.traces)
    runs = [
        PathRun(i, paths[i], failed[i], summary.verdict is not None, covered.get(i, ()))
        for i, summary in summaries.items()
    ]
    variants = variants_of(runs)
    graph = graph_of(variants)
    held = None if declared is None else overlay(declared, rows)
    return PathsReport(
        len(runs),
        listing.total,
        basis,
        graph,
        tuple(variants),
        coverage_of(graph, variants),
        tuple(_untested(variants, summaries)),
        len(cases),
        cases_from,
        held,
        () if declared is None or held is None else tuple(_briefs(declared, held, paths, summaries)),
    )


def load_declared(path: Path) -> Declared:
    """A declared workflow from a file: YAML, or LangGraph's JSON.

    Raises:
        UsageError: if there is no such file.
        BadInputError: if it holds no workflow.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_DECLARED + 1)
    except OSError as err:
        raise UsageError(f"{path}: {err.strerror}. Check the path.") from err
    if len(data) > _MAX_DECLARED:
        raise BadInputError(f"{path} is larger than a workflow may be (1 MiB).", where=str(path))
    return parse_declared(data, source=path.name)


def _failed(store: Store, summaries: Sequence[TraceSummary]) -> tuple[str, dict[int, bool | None]]:
    known = sum(summary.outcome is not Outcome.UNKNOWN for summary in summaries)
    if known:
        told = {s.id: None if s.outcome is Outcome.UNKNOWN else s.outcome is Outcome.FAIL for s in summaries}
        return f"outcomes of {known} of {len(summaries)} runs", told
    ids = [summary.id for summary in summaries]
    analyse(store, ids, limit=_AT_ONCE)
    waiting = set(traces_to_analyse(store, rules_of(store), len(ids), ids))
    found = {s.id: None if s.id in waiting else bool(s.signals) for s in get_summaries(store, ids)}
    return f"failure signals of {len(ids) - len(waiting)} runs, since nobody said how one ended", found


def _cases(folder: Path | None) -> tuple[list[Case], str]:
    if folder is None:
        return [], "no project folder was named"
    try:
        root = nearest_knowledge(folder)
    except UsageError:
        return [], "no .retrospan folder here"
    return [entry.case for entry in list_cases(root) if entry.case is not None], str(root)


def _covered(
    cases: Sequence[Case], summaries: Mapping[int, TraceSummary], paths: Mapping[int, tuple[str, ...]]
) -> dict[int, tuple[str, ...]]:
    """The cases that each run stands for: made from it, or with the same calls among its frozen results."""
    by_key = {summary.external_id: trace_id for trace_id, summary in summaries.items()}
    by_path: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for trace_id, path in paths.items():
        by_path[path].append(trace_id)
    found: dict[int, list[str]] = defaultdict(list)
    for case in cases:
        source = by_key.get(case.provenance.trace or "")
        frozen = collapsed([result.tool for result in case.tool_results or ()])
        same = [source] if source is not None else by_path.get(frozen, [])[:1] if frozen else []
        for trace_id in same:
            found[trace_id].append(case.id)
    return {trace_id: tuple(sorted(names)) for trace_id, names in found.items()}


def _untested(variants: Sequence[Variant], summaries: Mapping[int, TraceSummary]) -> list[Untested]:
    """Variants without a case: those that fail first, then the commonest; with the best run to promote."""
    open_ways = [variant for variant in variants if not variant.tally.cases]
    open_ways.sort(key=lambda v: (-v.tally.failed, -v.tally.runs, v.path))
    return [_promotion(variant, summaries) for variant in open_ways[:_UNTESTED]]


def _promotion(variant: Variant, summaries: Mapping[int, TraceSummary]) -> Untested:
    """A reviewed failure tells most, then a reviewed run, then a known failure; of these the shortest."""

    def worth(summary: TraceSummary) -> tuple[int, int, int]:
        failed = summary.outcome is Outcome.FAIL
        rank = 3 if failed and summary.verdict else 2 if summary.verdict else 1 if failed else 0
        return (-rank, summary.step_count, -summary.id)

    best = min((summaries[i] for i in variant.trace_ids), key=worth)
    rank = -worth(best)[0]
    because = (
        "the shortest of its runs",
        "it is known to have failed",
        "a person judged it",
        "a person judged it failed",
    )
    return Untested(variant, best, because[rank])


def _briefs(
    declared: Declared, held: Overlay, paths: Mapping[int, tuple[str, ...]], summaries: Mapping[int, TraceSummary]
) -> list[Brief]:
    briefs = []
    for edge in held.edges_never_seen:
        way = way_through(declared, edge)
        near = nearest_run(way, paths)
        briefs.append(Brief(edge, way, summaries[near] if near else None, paths[near] if near else ()))
    return briefs
