"""Groups of runs compared: worse, better, or no evidence, with the tasks that moved."""

from __future__ import annotations

import json
import lzma

import pytest
from conversations import Builder, calls, says
from retrospan.answers.groups import groups_text
from retrospan.model.errors import UsageError
from retrospan.services.finding.comparing import compare_runs
from retrospan.store.contract import Store
from shared_data import shared


def run(traces: Builder, version: str, task: int, outcome: str | None, tool: str = "look") -> None:
    fields = {"outcome": outcome} if outcome else {}
    traces.add(
        says("user", f"do {task}"), calls(tool), says("assistant", "ok"), version=version, task=str(task), **fields
    )


def test_tasks_that_broke_make_it_worse(store: Store, traces: Builder) -> None:
    for task in range(12):
        run(traces, "v1", task, "pass")
        run(traces, "v2", task, "fail" if task < 8 else "pass")
    found = compare_runs(store, "v1", "v2").comparison
    assert found.verdict == "Worse: 8 of 12 shared tasks broke, 0 were fixed (exact paired p = 0.0078)."
    assert found.paired is not None
    assert found.paired.broken == tuple(str(task) for task in range(8))


def test_a_few_moves_both_ways_are_no_evidence(store: Store, traces: Builder) -> None:
    for task in range(12):
        run(traces, "v1", task, "fail" if task == 0 else "pass")
        run(traces, "v2", task, "fail" if task in (1, 2) else "pass")
    found = compare_runs(store, "v1", "v2").comparison
    assert found.verdict.startswith("No evidence of a change in total: 2 of 12 shared tasks broke, 1 were fixed")


def test_without_outcomes_tools_are_still_compared(store: Store, traces: Builder) -> None:
    for task in range(10):
        run(traces, "v1", task, None)
        run(traces, "v2", task, None, tool="guess")
    found = compare_runs(store, "v1", "v2").comparison
    assert found.verdict.startswith("Not comparable by outcome")
    assert {change.name for change in found.tools if change.clear} == {"look", "guess"}


def test_search_lines_name_groups_and_empty_sides_are_explained(store: Store, traces: Builder) -> None:
    run(traces, "v1", 1, "pass", tool="a")
    run(traces, "v1", 2, "pass", tool="b")
    assert compare_runs(store, "tool:a", "tool:b").comparison.left_n == 1
    with pytest.raises(UsageError, match="versions: v1"):
        compare_runs(store, "v1", "v7")
    with pytest.raises(UsageError, match="Both sides"):
        compare_runs(store, "v1", "v1")


@pytest.mark.parametrize(
    ("version", "verdict"), [("assertions", "Worse"), ("preconditions", "No evidence of a change")]
)
def test_real_versions_of_a_shop_agent(store: Store, traces: Builder, version: str, verdict: str) -> None:
    for name in ("tool-calling", version):
        data = shared("tau_retail_variants", f"{name}.json.xz").read_bytes()
        for record in json.loads(lzma.decompress(data)):
            outcome = "pass" if record["reward"] else "fail"
            traces.add(*record["traj"], version=name, task=str(record["task_id"]), outcome=outcome)
    found = compare_runs(store, "tool-calling", version).comparison
    assert found.verdict.startswith(verdict)
    assert found.paired is not None
    assert len(found.paired.broken) > 5


def test_every_median_says_its_n_its_interval_and_whether_it_may_be_chance(store: Store, traces: Builder) -> None:
    for task in range(12):
        run(traces, "v1", task, None)
        traces.add(says("user", "do"), calls("look"), calls("look"), says("assistant", "ok"), version="v2")
    for _ in range(3):
        traces.add({**says("assistant", "ok"), "usage": {"input_tokens": 2_400}}, version="v3")
    clear, few = compare_runs(store, "v1", "v2"), compare_runs(store, "v1", "v3")

    (steps,) = clear.comparison.medians
    assert (steps.left_n, steps.left_bounds, steps.right_n, steps.right_bounds) == (12, (3, 3), 12, (4, 4))
    assert "median steps: 3 [3–3] of 12 → 4 [4–4] of 12" in groups_text(clear)
    assert {change.name: (change.left_n, change.right_n) for change in few.comparison.medians} == {
        "steps": (12, 3),
        "input_tokens": (0, 3),
    }
    assert "→ 1 [too few] of 3" in groups_text(few)
    traces.add(says("user", "do"), says("assistant", "ok"), version="v4")
    assert "median steps: 3 [3–3] of 12 → 2 [too few] of 1, may be chance" in groups_text(
        compare_runs(store, "v1", "v4")
    )


@pytest.mark.parametrize(
    ("rules", "told"), [("Be brief.", "the same on both sides: prompt"), ("Be kind.", "prompt ch")]
)
def test_a_prompt_that_is_the_same_is_told_as_one_that_changed(
    store: Store, traces: Builder, rules: str, told: str
) -> None:
    for version, words in (("v1", "Be brief."), ("v2", rules)):
        traces.add(says("system", words), says("user", "do it"), says("assistant", "ok"), version=version)
    assert told in groups_text(compare_runs(store, "v1", "v2"))
