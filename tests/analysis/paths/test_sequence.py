"""The way of a run: what it did, who was at it, and what belongs to a tool."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from retrospan.analysis.paths.sequence import collapsed, declared_path, has_several_agents, path_of
from retrospan.model.paths import PathRow
from retrospan.model.traces import StepKind


def row(
    span_id: str, kind: str, name: str, *, parent: str | None = None, agent: str | None = None, step: int | None = 0
) -> PathRow:
    tool = name if kind in ("tool", "retriever") else None
    return PathRow(span_id, parent, StepKind(kind), name, agent, tool, step)


def numbered(*rows: PathRow) -> Sequence[PathRow]:
    return [item._replace(step=None if item.step is None else i) for i, item in enumerate(rows)]


def test_tools_make_the_way_and_model_calls_of_one_agent_do_not() -> None:
    rows = numbered(
        row("a", "llm", "chat"), row("b", "tool", "search"), row("c", "llm", "chat"), row("d", "tool", "pay")
    )
    assert path_of(rows, agents=False) == ("search", "pay")


def test_a_run_of_nothing_but_model_calls_has_a_way() -> None:
    assert path_of(numbered(row("a", "llm", "chat")), agents=False) == ("model",)
    assert path_of([], agents=False) == ()


def test_what_a_tool_does_inside_belongs_to_it() -> None:
    rows = numbered(row("a", "tool", "search"), row("b", "retriever", "index", parent="a"), row("c", "tool", "pay"))
    assert path_of(rows, agents=False) == ("search", "pay")


def test_several_agents_are_named_where_they_change() -> None:
    rows = numbered(
        row("a", "llm", "chat", agent="planner"),
        row("b", "llm", "chat", agent="coder"),
        row("c", "llm", "chat", agent="coder"),
        row("d", "tool", "run"),
        row("e", "llm", "chat", agent="planner"),
    )
    assert has_several_agents([rows])
    assert path_of(rows, agents=True) == ("planner", "coder", "run", "planner")
    assert not has_several_agents([rows[1:3]])


def test_parents_in_a_circle_do_no_harm() -> None:
    rows = numbered(row("a", "tool", "x", parent="b"), row("b", "llm", "chat", parent="a"))
    assert path_of(rows, agents=False) == ("x",)


@pytest.mark.parametrize(("given", "kept"), [("", ""), ("aab", "ab"), ("abab", "abab"), ("aaaa", "a")])
def test_repeats_stand_once(given: str, kept: str) -> None:
    assert collapsed(list(given)) == tuple(kept)


def test_a_declared_node_holds_what_runs_inside_it() -> None:
    rows = numbered(
        row("n", "chain", "retrieve", step=None),
        row("s", "tool", "search", parent="n"),
        row("w", "chain", "write", step=None),
        row("o", "tool", "odd"),
    )
    names = {"retrieve": "retrieve", "write": "write"}
    assert declared_path(rows, names) == (("retrieve", "write"), frozenset({"odd"}))
