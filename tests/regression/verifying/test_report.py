"""A comparison's report: what a terminal, a pull request and CI are told, and that nothing in it is markup."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from retrospan.analysis.verification.single_case import Rule, Tally
from retrospan.analysis.verification.verdicts import CaseEvidence, Policy, judge_suite
from retrospan.model.cases import parse_case
from retrospan.model.experiments import Experiment, ExperimentKind, ExperimentState, TargetPrint
from retrospan.regression.verifying.plan import make_plan, plan_hash, read_plan
from retrospan.regression.verifying.rendering import MARKER, render_junit, render_markdown, render_plan, render_text
from retrospan.regression.verifying.report import judged_report
from retrospan.store.experiments.runs import Taken

HOSTILE = "x](http://evil) <img src=x> @team | \x1b[31m"
EXPERIMENT = Experiment(3, ExperimentKind.VERIFY, ExperimentState.DONE, "", "main", ".", "", "abc", "2026-11-30")


@pytest.fixture
def report() -> dict[str, Any]:
    evidence = [
        CaseEvidence(
            "pay",
            Rule(8),
            Tally(8, 8, 0, 8),
            Tally(12, 12, 0, 12),
            severity="critical",
            failed_checks=((), (HOSTILE,)),
            slices=("tool:pay",),
        ),
        CaseEvidence("mend", Rule(5), Tally(0, 5, 5, 5), slices=("tool:mend",)),
        CaseEvidence("same", Rule(8), Tally(3, 3, 3, 3)),
        CaseEvidence("dead", Rule(8), Tally(3, 3, 0, 0), undecided=3),
    ]
    return judged_report(judge_suite(evidence), EXPERIMENT, trouble={"dead": f"died: {HOSTILE}"})


def test_text_names_what_broke_what_is_fixed_and_what_could_not_be_seen(report: dict[str, Any]) -> None:
    text = render_text(report)
    assert text.startswith("Blocked: critical: 1 of 1 broken, 0% allowed")
    assert "8/8 → 0/8, then 12/12 → 0/12 on a fresh batch" in text
    assert "1 broken, 1 too few runs, 1 fixed, 1 unchanged of 4 cases" in text
    assert "tool:pay: relocated" in text
    assert "Not ruled out" in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("tally", "quarantined", "said"),
    [
        (Tally(4, 8, 4, 8), False, True),
        (Tally(4, 8, 4, 8), True, False),
        (Tally(3, 7, 3, 7), False, False),
        (Tally(8, 8, 6, 8), False, False),
    ],
)
def test_a_case_that_is_flaky_on_the_base_alone_is_offered_quarantine(
    tally: Tally, quarantined: bool, said: bool
) -> None:
    evidence = CaseEvidence("moody", Rule(16, middle=tally.base_runs), tally, quarantined=quarantined)
    text = render_text(judged_report(judge_suite([evidence]), EXPERIMENT))
    assert ("`status: flaky` in its file" in text) is said
    assert ("known to be flaky" in text) is quarantined


def test_markdown_begins_with_its_marker_and_holds_no_markup_of_others(report: dict[str, Any]) -> None:
    text = render_markdown(report)
    assert text.startswith(f"{MARKER}\n### Blocked\n")
    assert "<img" not in text
    assert "](http" not in text
    assert " @team" not in text
    assert len(next(line for line in text.splitlines() if line.startswith("| pay")).replace("\\|", "").split("|")) == 7


def test_junit_fails_what_broke_and_errs_on_what_nobody_can_say(report: dict[str, Any]) -> None:
    suite = ET.fromstring(render_junit(report))
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "1", "1")
    assert suite.find("testcase[@name='pay']/failure") is not None
    assert suite.find("testcase[@name='dead']/error") is not None


def test_a_plan_tells_its_runs_and_what_they_can_show_and_comes_back_from_its_text() -> None:
    cases = [parse_case(f"id: c{i}\ntitle: t\ninput: x\nchecks:\n- check: max_steps\n  steps: 3\n") for i in range(4)]
    known = {"c0": (4, 4), "c1": (0, 4), "c2": (2, 4)}
    plan = make_plan(cases, TargetPrint("a", "1"), TargetPrint("b", "2"), known=known, policy=Policy())
    assert read_plan(plan.text()) == plan
    assert plan_hash(plan.text()) != plan_hash(
        make_plan(cases[1:], plan.base, plan.candidate, known=known, policy=Policy()).text()
    )
    text = render_plan(plan, Taken(6_000, 0.01, 12), workers=2, experiment="E3", plan_hash="abc")
    assert "flaky" in text and "(c2)" in text
    assert f"4 cases, {plan.usual_runs} runs if nothing changed, {plan.most_runs} at most" in text
    assert plan.most_runs == 2 * (10 + 5 + 16 + 10)
    assert "$0.34" in text and "minutes" in text
