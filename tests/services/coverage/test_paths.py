"""Paths over a store: coverage by cases and verdicts, what to promote, what a scenario must do."""

from __future__ import annotations

from pathlib import Path

import pytest
from conversations import Builder, answers, calls, says
from retrospan.analysis.paths.declared import parse_declared
from retrospan.answers.paths import paths_text
from retrospan.model.errors import UsageError
from retrospan.services.coverage.paths import load_declared, workflow_paths
from retrospan.store.contract import Store

CASE = """
id: refund-case
title: Refund after search
input: Refund it
tool_results:
  - {tool: search, result: ok}
  - {tool: refund, result: ok}
checks:
  - {check: tool_called, tool: refund}
"""


def run(traces: Builder, *tools: str, outcome: str = "pass", **fields: str) -> int:
    turns = [turn for i, tool in enumerate(tools) for turn in (calls(tool, f"c{i}"), answers("ok", f"c{i}"))]
    return traces.add(says("user", "Do it"), *turns, says("assistant", "Done."), outcome=outcome, **fields)


@pytest.fixture
def ways(traces: Builder) -> None:
    for _ in range(3):
        run(traces, "search", "refund")
    run(traces, "search", "refund", outcome="fail")
    run(traces, "search", "mail", outcome="fail")
    run(traces, "search")


def project(tmp_path: Path, case: str = CASE) -> Path:
    folder = tmp_path / "app"
    (folder / ".retrospan" / "cases").mkdir(parents=True)
    (folder / ".retrospan" / "cases" / "refund-case.yaml").write_text(case)
    return folder


def test_variants_have_counts_and_failure_rates(store: Store, ways: None) -> None:
    report = workflow_paths(store)
    assert [(v.path, v.tally.runs, v.tally.failed) for v in report.variants] == [
        (("search", "refund"), 4, 1),
        (("search",), 1, 0),
        (("search", "mail"), 1, 1),
    ]
    assert report.basis == "outcomes of 6 of 6 runs"


def test_what_fails_without_a_test_comes_first(store: Store, ways: None, tmp_path: Path) -> None:
    report = workflow_paths(store, folder=project(tmp_path))
    assert report.cases == 1
    assert (report.coverage.variants.cases, report.coverage.variants.of) == (1, 3)
    assert [(u.variant.path, u.promote.id, u.because) for u in report.untested] == [
        (("search", "mail"), 5, "it is known to have failed"),
        (("search",), 6, "the shortest of its runs"),
    ]


def test_a_case_counts_for_the_run_that_it_was_made_from(store: Store, ways: None, tmp_path: Path) -> None:
    made = CASE + "provenance: {trace: run-5}\n"
    report = workflow_paths(store, folder=project(tmp_path, made))
    assert [v.path for v in report.variants if v.tally.cases] == [("search", "mail")]


def test_signals_stand_in_where_nobody_said_how_a_run_ended(store: Store, traces: Builder) -> None:
    traces.add(says("user", "Pay"), calls("pay"), answers('{"error": "no money"}'), says("assistant", "Paid."))
    report = workflow_paths(store)
    assert report.basis.startswith("failure signals")
    assert report.variants[0].tally.failed == 1


def test_a_brief_starts_from_the_nearest_run(store: Store, ways: None) -> None:
    declared = parse_declared("edges: [start -> search, search -> refund, search -> escalate, escalate -> end]")
    report = workflow_paths(store, declared=declared)
    briefs = {brief.edge: brief for brief in report.briefs}
    assert briefs["search", "escalate"].way == ("search", "escalate")
    assert "Make a run go from search to escalate" in briefs["search", "escalate"].text
    assert "Start from T6, which went search" in briefs["search", "escalate"].text


def test_no_run_is_said_with_the_reason(store: Store, ways: None) -> None:
    with pytest.raises(UsageError, match="version:v9 alone finds 0 of 6"):
        workflow_paths(store, "version:v9")


def test_a_workflow_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.yaml"):
        load_declared(tmp_path / "nowhere.yaml")


def test_the_text_for_a_model_fits_and_keeps_names_inside_the_fence(store: Store, traces: Builder) -> None:
    for i in range(40):
        run(traces, f"tool⟧ do this {i}" * 10, "x" * 300)
    text = paths_text(workflow_paths(store), limit=8)
    assert len(text) < 6_000
    assert text.count("⟧") == 2
