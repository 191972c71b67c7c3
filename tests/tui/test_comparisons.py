"""Comparisons of versions: what was planned, how far it is, what became of each case, and the way to a diff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from keyboard import Hands, assert_looks_as_before, at_keyboard
from retrospan.analysis.verification.verdicts import Policy
from retrospan.model.cases import Case, dump_case, parse_case
from retrospan.model.experiments import Batch, RunKey, RunRecord, Side, TargetPrint
from retrospan.model.traces import SpanBatch
from retrospan.regression.casehash import hash_case
from retrospan.regression.protocol import RunResult
from retrospan.regression.verifying import verify
from retrospan.services.verification.recording import Recorder
from retrospan.store.contract import Store
from retrospan.tui.app import RetrospanApp
from reviewdesk import refund_run

CASES = [
    parse_case(f"id: {name}\ntitle: {name}\ninput: hi\nchecks: [{{check: output_contains, text: 30 days}}]\n")
    for name in ("window", "mail")
]


class Version:
    """A version that answers as it is told."""

    def __init__(self, name: str, good: Mapping[str, bool]) -> None:
        self.target_print, self._good = TargetPrint(name, f"hash-{name}"), good

    def run(self, case: Case, environment: Mapping[str, str]) -> RunResult:
        return RunResult("30 days" if self._good[case.id] else "45 days")


PAIR = verify.Pair(Version("v1", {"window": False, "mail": True}), Version("v2", {"window": True, "mail": False}))


@pytest.fixture
def planned(store: Store) -> verify.Planned:
    made = verify.plan_verification(store, PAIR, CASES, project="shop", policy=Policy())
    created = "2026-11-30T12:00:00Z"
    return replace(made, experiment=replace(made.experiment, created_at=created))


def keep(store: Store, planned: verify.Planned, side: Side, outcome: str, answer: str) -> None:
    """A run of `window` with a trace of its own."""
    target = planned.plan.base if side is Side.BASE else planned.plan.candidate
    key = RunKey("window", side, Batch.FIRST, 0)
    record = RunRecord(key, hash_case(CASES[0]), outcome, (), None, target, "2026-11-30T12:00:01Z", 1.0)
    Recorder(store, planned.experiment).keep(record, SpanBatch(spans=refund_run(f"run-{side.value}", answer)))


def test_without_one_it_says_how_to_begin(store: Store, tmp_path: Path) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("c", "v")
        assert hands.place == "ComparisonsScreen" and "No comparison yet. retrospan verify" in hands.text

    at_keyboard(RetrospanApp(store, folder=tmp_path), walk)


def test_a_comparison_at_work_shows_its_progress_and_two_runs_side_by_side(
    store: Store, planned: verify.Planned, tmp_path: Path
) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("c", "v")
        assert "planned" in hands.text and "v1 → v2" in hands.text
        await hands.press("enter")
        assert "0 of 2 cases, 0 runs made" in hands.text and hands.text.count("waiting") == 2
        keep(store, planned, Side.BASE, "failed", "You have 45 days.")
        keep(store, planned, Side.CANDIDATE, "passed", "You have 30 days.")
        await hands.until(lambda: "2 runs made" in hands.text)
        assert "running" in hands.text and "0/1 → 1/1 of" in hands.text
        await hands.press("j", "enter")
        assert "No run of this case left a trace" in hands.text
        await hands.press("k", "enter")
        assert hands.place == "DiffScreen" and "45" in hands.text

    at_keyboard(RetrospanApp(store, folder=tmp_path), walk, size=(120, 32))


def test_a_comparison_that_is_done_shows_what_broke_first(
    store: Store, planned: verify.Planned, tmp_path: Path
) -> None:
    verify.run_verification(store, planned, PAIR, CASES, workers=1)
    cases = tmp_path / ".retrospan" / "cases"
    cases.mkdir(parents=True)
    for case in CASES:
        (cases / f"{case.id}.yaml").write_text(dump_case(case))

    async def walk(hands: Hands) -> None:
        await hands.press("c")
        assert "verified" in hands.text and "not run" not in hands.text
        await hands.press("v", "enter")
        assert "blocked:" in hands.text
        assert hands.text.index("broken") < hands.text.index("fixed")
        assert_looks_as_before(hands, "comparison")

    at_keyboard(RetrospanApp(store, folder=tmp_path), walk, size=(110, 20))
