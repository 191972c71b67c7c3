"""The way of one run as a row of labels: tools, retrievals, guards, and where several agents work, who is at it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ...model.paths import PathRow
from ...model.traces import StepKind

START, END = "start", "end"
MODEL = "model"
"""Stands for a run that is nothing but model calls of one agent."""
_MOST = 200
_DEEPEST = 64
_DOING = {StepKind.TOOL, StepKind.RETRIEVER, StepKind.RERANKER, StepKind.GUARDRAIL}


def has_several_agents(runs: Iterable[Sequence[PathRow]]) -> bool:
    """Whether labels must say who acts."""
    seen: set[str] = set()
    for rows in runs:
        seen.update(row.agent for row in rows if row.agent and row.kind in (StepKind.LLM, StepKind.AGENT))
        if len(seen) > 1:
            return True
    return False


def path_of(rows: Sequence[PathRow], *, agents: bool) -> tuple[str, ...]:
    """The labels of a run between start and end; a label that repeats itself stands once.

    What a tool does inside itself (a retrieval, a further call) belongs to the tool.

    Args:
        rows: The run's spans.
        agents: Whether to name the agent at work.
    """
    by_id = {row.span_id: row for row in rows}
    steps = sorted((row for row in rows if row.step is not None), key=lambda row: row.step or 0)
    labels = [label for row in steps if (label := _label(row, agents)) and not _inside_tool(row, by_id)]
    return collapsed(labels) or ((MODEL,) if steps else ())


def declared_path(rows: Sequence[PathRow], names: Mapping[str, str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """The way of a run over declared nodes, and what it did outside of them.

    A span belongs to the declared node that its name, tool or agent leads to; what runs inside such a span is part of
    that node. Wrappers count here: a graph node often shows as nothing else.

    Args:
        rows: The run's spans.
        names: Declared node by the name under which it is seen.

    Returns:
        Declared nodes in order, repeats collapsed; and labels of undeclared steps.
    """
    by_id = {row.span_id: row for row in rows}
    node_of = {row.span_id: _node(row, names) for row in rows}
    path: list[str] = []
    outside: set[str] = set()
    for row in rows:
        above = _ancestors(row, by_id)
        if any(node_of[span_id] for span_id in above):
            continue
        if node := node_of[row.span_id]:
            path.append(node)
        elif row.step is not None and row.kind in _DOING and not _inside_tool(row, by_id):
            outside.add(row.tool or row.name)
    return collapsed(path), frozenset(outside)


def _node(row: PathRow, names: Mapping[str, str]) -> str | None:
    seen = (row.tool, row.name) if row.kind in _DOING else (row.name, row.agent)
    return next((names[name] for name in seen if name and name in names), None)


def _label(row: PathRow, agents: bool) -> str | None:
    if row.kind in _DOING:
        return row.tool or row.name
    if agents and row.kind in (StepKind.LLM, StepKind.AGENT):
        return row.agent
    return None


def _inside_tool(row: PathRow, by_id: Mapping[str, PathRow]) -> bool:
    return any(by_id[span_id].kind is StepKind.TOOL for span_id in _ancestors(row, by_id))


def _ancestors(row: PathRow, by_id: Mapping[str, PathRow]) -> list[str]:
    found: list[str] = []
    above = row.parent_span_id
    while above in by_id and above not in found and above != row.span_id and len(found) < _DEEPEST:
        assert above is not None
        found.append(above)
        above = by_id[above].parent_span_id
    return found


def collapsed(labels: Sequence[str]) -> tuple[str, ...]:
    """The labels without immediate repeats, at most 200.

    >>> collapsed(["search", "search", "open", "search"])
    ('search', 'open', 'search')
    """
    kept = [label for i, label in enumerate(labels) if i == 0 or labels[i - 1] != label]
    return tuple(kept[:_MOST])
