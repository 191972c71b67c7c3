"""Recorded runs as both sides: from search lines, files and experiments, paired by task."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conversations import Builder, says
from retrospan.analysis.verification.verdicts import Policy, SuiteVerdict
from retrospan.model.errors import BadInputError, UsageError
from retrospan.regression.targets.versions import read_version
from retrospan.regression.verifying.recorded import from_file
from retrospan.regression.verifying.verify import Verified, verify_recorded
from retrospan.store.contract import Store


def compare(store: Store, base: str, candidate: str, folder: Path) -> Verified:
    sides = read_version(base, folder), read_version(candidate, folder)
    return verify_recorded(store, *sides, folder, Policy())


def fill(traces: Builder, version: str, outcomes: str) -> None:
    for number, outcome in enumerate(outcomes):
        word = {"+": "pass", "-": "fail", "?": None}[outcome]
        traces.add(says("user", "hi"), says("assistant", "ok"), task=str(number), version=version, outcome=word)


def test_a_fall_of_many_tasks_blocks_and_flips_are_listed(store: Store, traces: Builder, tmp_path: Path) -> None:
    fill(traces, "v1", "+" * 20)
    fill(traces, "v2", "-" * 16 + "+" * 4)
    done = compare(store, "version:v1", "version:v2", tmp_path)
    assert done.judgement.verdict is SuiteVerdict.BLOCKED
    assert done.report["flips"]["broken"] == [str(n) for n in range(16)]  # type: ignore[index]


def test_flips_both_ways_are_no_evidence(store: Store, traces: Builder, tmp_path: Path) -> None:
    fill(traces, "v1", "+++++-----+++++?")
    fill(traces, "v2", "-----++++ -+++++?".replace(" ", ""))
    done = compare(store, "v1", "v2", tmp_path)
    assert done.judgement.verdict is SuiteVerdict.NOT_ENOUGH
    assert done.experiment.verdict == "not enough evidence"


def test_sides_without_a_shared_task_are_explained(store: Store, traces: Builder, tmp_path: Path) -> None:
    traces.add(says("user", "a"), says("assistant", "b"), task="one", version="v1", outcome="pass")
    traces.add(says("user", "a"), says("assistant", "b"), task="two", version="v2", outcome="pass")
    with pytest.raises(UsageError, match="share no task"):
        compare(store, "version:v1", "version:v2", tmp_path)
    with pytest.raises(UsageError, match="No run matches"):
        compare(store, "version:v1", "version:v9", tmp_path)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([{"case": "a", "passed": True}, {"case": "a", "passed": False}], (1, 2, 0)),
        ([{"id": "a", "passed": 3, "repeats": 5}], (3, 5, 0)),
        ([{"task": "a", "outcome": "pass"}, {"task": "a", "outcome": "error"}], (1, 1, 1)),
        ([{"name": "a", "reward": 1.0}, {"name": "a", "reward": 0.5}], (1, 2, 0)),
        ([{"task": "a", "success": False}], (0, 1, 0)),
    ],
)
def test_files_of_runs(tmp_path: Path, lines: list[dict[str, object]], expected: tuple[int, int, int]) -> None:
    file = tmp_path / "runs.jsonl"
    for text in ("\n".join(map(json.dumps, lines)), json.dumps(lines)):
        file.write_text(text)
        found = from_file(file)["a"]
        assert (found.passed, found.runs, found.undecided) == expected


@pytest.mark.parametrize(
    "text", ["", "[1]", '{"case": "a"}', '{"passed": true}', "not json", '{"case": "a", "passed": "yes"}']
)
def test_a_file_that_cannot_be_read_names_the_place(tmp_path: Path, text: str) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_text(text)
    with pytest.raises(BadInputError, match=r"runs\.jsonl"):
        from_file(file)


def test_two_files_are_compared(store: Store, tmp_path: Path) -> None:
    for name, passed in (("a.jsonl", 5), ("b.jsonl", 5)):
        rows = [{"case": f"c{i}", "passed": passed, "runs": 5} for i in range(6)]
        (tmp_path / name).write_text("\n".join(map(json.dumps, rows)))
    assert compare(store, "file:a.jsonl", "b.jsonl", tmp_path).judgement.verdict is SuiteVerdict.HOLDS
