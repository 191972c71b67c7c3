"""The tool that says how far fixes are proven: rungs, comparisons, failures that came back."""

from __future__ import annotations

import pytest
from retrospan.analysis.verification.single_case import Rule, Tally
from retrospan.analysis.verification.verdicts import CaseEvidence, judge_suite
from retrospan.mcp_server.prompts import prompt_text
from retrospan.mcp_server.registry import Caller, load_tools, run_tool
from retrospan.model.errors import UnknownIdError
from retrospan.model.experiments import Batch, RunKey, RunRecord, Side, TargetPrint
from retrospan.regression.verifying.report import judged_report
from retrospan.services.verification.recording import Recorder, conclude, plan_experiment
from retrospan.store.contract import Store
from reviewdesk import Desk


def status(store: Store, of: str = "") -> str:
    return run_tool(Caller(store), load_tools(), "verification_status", {"of": of})


def verified(store: Store) -> None:
    experiment = plan_experiment(store, project="shop", base="main", candidate="fix", plan="", plan_hash="")
    recorder = Recorder(store, experiment)
    for repeat in range(5):
        for side, outcome in ((Side.BASE, "failed"), (Side.CANDIDATE, "passed")):
            key = RunKey("window", side, Batch.FIRST, repeat)
            at = f"2026-11-30T10:00:0{repeat}Z"
            recorder.keep(RunRecord(key, "c1", outcome, (), None, TargetPrint("v", "h"), at, 1.0))
    judged = judge_suite([CaseEvidence("window", Rule(5), Tally(0, 5, 5, 5))])
    conclude(store, experiment, verdict=judged.verdict.value, report=judged_report(judged, experiment))


def test_an_empty_store_says_what_a_person_runs(store: Store) -> None:
    assert "No case has run yet" in status(store)
    assert "guards 'refund'" in status(store, "refund")


def test_rungs_and_newest_comparisons_are_told(store: Store) -> None:
    verified(store)
    text = status(store)
    assert "1 verified" in text
    assert "window: verified; last 5/5; E1 calls it fixed" in text
    assert "holds: main → fix" in text
    assert "window: verified" in status(store, "window")


def test_one_comparison_is_told_whole_inside_a_fence(store: Store) -> None:
    verified(store)
    text = status(store, "E1")
    assert text.startswith("E1: holds")
    assert "0/5 → 5/5" in text
    assert "⟦" in text
    with pytest.raises(UnknownIdError, match="newest: E1"):
        status(store, "E9")


def test_a_comparison_that_is_not_over_names_how_to_go_on(store: Store) -> None:
    plan_experiment(store, project="shop", base="main", candidate="fix", plan="{}", plan_hash="x")
    assert "verify --resume E1" in status(store, "E1")


def test_the_prompt_names_the_tool_and_leaves_running_to_people() -> None:
    text = prompt_text("verify_fix", {"what": "refund-window"}, writes=True)
    assert 'verification_status(of="refund-window")' in text
    assert "You cannot run it here" in text


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ("30 days", "Its case: it fails on T1 as it must, and passes on T2."),
        ("45 days", "Its case cannot be signed so: it does not fail on T1, where the failure happened"),
    ],
)
def test_a_proposed_case_is_tried_at_once(desk: Desk, says: str, told: str) -> None:
    lesson = {"title": "Quote it", "what_happened": "45 for 30.", "why": "Not read.", "what_to_do": "Quote it."}
    case = f"id: window\ntitle: W\ninput: Can I?\nchecks: [{{check: output_contains, text: {says}}}]\n"
    text = run_tool(Caller(desk.store), load_tools(), "propose_lesson", {**lesson, "trace": "T1", "case": case})
    assert told in text
