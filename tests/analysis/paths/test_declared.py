"""Declared workflows: read from YAML and LangGraph's JSON, held against runs, briefs for what never ran."""

from __future__ import annotations

import json

import pytest
from retrospan.analysis.paths.declared import Declared, nearest_run, overlay, parse_declared, way_through
from retrospan.model.errors import BadInputError
from retrospan.model.paths import PathRow
from retrospan.model.traces import StepKind

YAML = """
edges:
  - start -> search
  - [search, pay]
  - {from: pay, to: end}
  - search -> escalate
  - escalate -> end
seen_as:
  pay: [issue_refund, charge]
"""
LANGGRAPH = json.dumps(
    {
        "nodes": [
            {"id": "__start__", "type": "schema", "data": "__start__"},
            {"id": "agent", "type": "runnable", "data": {"name": "agent"}},
            {"id": "tools", "type": "runnable", "data": {"name": "tools"}},
            {"id": "__end__"},
        ],
        "edges": [
            {"source": "__start__", "target": "agent"},
            {"source": "agent", "target": "tools", "conditional": True},
            {"source": "tools", "target": "agent"},
            {"source": "agent", "target": "__end__", "conditional": True},
        ],
    }
)


def did(*tools: str) -> list[PathRow]:
    return [PathRow(f"s{i}", None, StepKind.TOOL, f"run {tool}", None, tool, i) for i, tool in enumerate(tools)]


def test_both_forms_are_read() -> None:
    declared = parse_declared(YAML)
    assert declared.nodes == ("search", "pay", "escalate")
    assert declared.edges[0] == ("start", "search")
    assert declared.seen_as["charge"] == "pay"
    langgraph = parse_declared(LANGGRAPH)
    assert langgraph.nodes == ("agent", "tools")
    assert langgraph.edges[-1] == ("agent", "end")


def test_what_was_declared_and_what_was_seen_are_held_together() -> None:
    held = overlay(parse_declared(YAML), {1: did("search", "issue_refund"), 2: did("charge"), 3: did("delete_all")})
    assert held.nodes_never_seen == ("escalate",)
    assert held.edges_never_seen == (("search", "escalate"), ("escalate", "end"))
    assert held.nodes_never_declared == (("delete_all", 1),)
    assert held.edges_never_declared == ((("start", "pay"), 1),)
    assert held.example == {"delete_all": 3, ("start", "pay"): 2}


def test_a_way_through_an_edge_leads_from_start_to_end() -> None:
    declared = parse_declared(YAML)
    assert way_through(declared, ("search", "escalate")) == ("search", "escalate")
    assert way_through(Declared(("a", "b"), (("a", "b"),), {}), ("a", "b")) == ("a", "b")


def test_the_nearest_run_shares_the_longest_beginning() -> None:
    assert nearest_run(("search", "escalate"), {1: ("pay",), 2: ("search", "pay"), 3: ("search",)}) == 3
    assert nearest_run(("a",), {}) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "a workflow is a mapping with `edges`"),
        ("edges: 3", "a workflow is a mapping with `edges`"),
        ("edges: [a b]", "graph: edge 1: 'a b' is no transition"),
        ("edges: [[a, '']]", "is no node"),
        ("edges: [a -> b]\nnodes: 7", "`nodes` is a list"),
        ("edges: [a -> b]\nseen_as: {c: x}", "`seen_as` maps a declared node"),
        ("edges: [{from: a}]", "is no node"),
    ],
)
def test_a_broken_workflow_is_explained(text: str, said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        parse_declared(text)
