"""What the runs prove: by case, by severity, and for the whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from retrospan.analysis.verification.single_case import Rule, Tally
from retrospan.analysis.verification.verdicts import (
    CaseEvidence,
    CaseVerdict,
    Policy,
    SuiteVerdict,
    judge_suite,
)


def case(name: str, *tally: int, **given: Any) -> CaseEvidence:
    return CaseEvidence(name, given.pop("rule", Rule(8)), Tally(*tally), **given)


def steady(count: int, **given: Any) -> list[CaseEvidence]:
    return [case(f"steady-{i}", 3, 3, 3, 3, **given) for i in range(count)]


@pytest.mark.parametrize(
    ("entry", "verdict"),
    [
        (case("a", 0, 5, 5, 5, rule=Rule(5)), CaseVerdict.FIXED),
        (case("a", 0, 8, 7, 8), CaseVerdict.IMPROVED),
        (case("a", 3, 3, 3, 3), CaseVerdict.UNCHANGED),
        (case("a", 0, 3, 0, 3), CaseVerdict.UNCHANGED),
        (case("a", 5, 8, 6, 8), CaseVerdict.FLAKY),
        (case("a", 1, 1, 0, 1, rule=Rule(1)), CaseVerdict.TOO_FEW),
        (case("a", 2, 2, 2, 2), CaseVerdict.TOO_FEW),
        (case("a", 3, 3, 3, 3, rule=Rule(3)), CaseVerdict.TOO_FEW),
        (case("a", 4, 4, 0, 4, rule=Rule(4), confirming=Tally(14, 14, 0, 14)), CaseVerdict.BROKEN),
        (case("a", 3, 3, 2, 2, undecided=1), CaseVerdict.TOO_FEW),
        (case("a", 8, 8, 1, 8), CaseVerdict.TOO_FEW),
        (case("a", 8, 8, 1, 8, confirming=Tally(12, 12, 2, 12)), CaseVerdict.BROKEN),
        (case("a", 8, 8, 3, 8, confirming=Tally(12, 12, 11, 12)), CaseVerdict.FLAKY),
        (case("a", 8, 8, 1, 8, can_rerun=False), CaseVerdict.BROKEN),
    ],
)
def test_verdict_of_a_case(entry: CaseEvidence, verdict: CaseVerdict) -> None:
    (judged,) = judge_suite([entry]).cases
    assert judged.verdict is verdict


def test_nothing_broken_and_all_decided_holds() -> None:
    judged = judge_suite([*steady(10), case("fixed", 0, 5, 5, 5, rule=Rule(5))])
    assert judged.verdict is SuiteVerdict.HOLDS
    assert judged.of(CaseVerdict.FIXED) == ("fixed",)


def test_one_critical_case_broken_blocks_whatever_the_others_gain() -> None:
    broken = case("pay", 8, 8, 0, 8, confirming=Tally(12, 12, 0, 12), severity="critical")
    gained = [case(f"g{i}", 0, 5, 5, 5, rule=Rule(5)) for i in range(20)]
    assert judge_suite([broken, *gained]).verdict is SuiteVerdict.BLOCKED


def test_a_margin_allows_a_share_of_its_severity() -> None:
    broken = case("style", 8, 8, 0, 8, confirming=Tally(12, 12, 0, 12), severity="low")
    others = steady(24, severity="low")
    assert judge_suite([broken, *others]).verdict is SuiteVerdict.HOLDS
    assert judge_suite([broken, *others], Policy({"low": 0.0})).verdict is SuiteVerdict.BLOCKED


def test_a_known_flaky_case_is_listed_and_does_not_block() -> None:
    broken = case("moody", 8, 8, 0, 8, confirming=Tally(12, 12, 0, 12), severity="high")
    assert judge_suite([broken, *steady(6, severity="high")]).verdict is SuiteVerdict.BLOCKED
    quarantined = judge_suite([replace(broken, quarantined=True), *steady(6, severity="high")])
    assert quarantined.verdict is SuiteVerdict.HOLDS
    assert quarantined.of(CaseVerdict.BROKEN) == ("moody",)


def test_no_case_is_no_evidence() -> None:
    assert judge_suite([]).verdict is SuiteVerdict.NOT_ENOUGH
    assert {v.exit_code for v in SuiteVerdict} == {0, 1, 4}


def recorded(pairs: list[tuple[int, int]]) -> list[CaseEvidence]:
    return [case(f"t{i}", a, 1, b, 1, rule=Rule(1), can_rerun=False) for i, (a, b) in enumerate(pairs)]


def test_single_recorded_runs_that_flip_both_ways_are_no_evidence() -> None:
    judged = judge_suite(recorded([(1, 0)] * 14 + [(0, 1)] * 11 + [(1, 1)] * 59 + [(0, 0)] * 16))
    assert judged.verdict is SuiteVerdict.NOT_ENOUGH
    assert (len(judged.flips.broken), len(judged.flips.fixed)) == (14, 11)


def test_single_recorded_runs_that_fall_together_block() -> None:
    assert judge_suite(recorded([(1, 0)] * 41 + [(0, 1)] * 3 + [(1, 1)] * 56)).verdict is SuiteVerdict.BLOCKED


def test_many_recorded_cases_are_not_blocked_by_the_unluckiest() -> None:
    unlucky = case("one", 5, 5, 1, 5, rule=Rule(5), can_rerun=False, severity="high")
    others = [case(f"s{i}", 5, 5, 5, 5, rule=Rule(5), can_rerun=False, severity="high") for i in range(40)]
    judged = judge_suite([unlucky, *others])
    assert judged.of(CaseVerdict.FLAKY) == ("one",)
    assert judged.verdict is SuiteVerdict.HOLDS


def test_a_failure_that_moved_is_called_relocated() -> None:
    judged = judge_suite(
        [
            case("old", 0, 5, 5, 5, rule=Rule(5), slices=("mode:M1", "tool:refund")),
            case("new", 8, 8, 0, 8, confirming=Tally(12, 12, 0, 12), slices=("mode:M2",)),
            *steady(4, slices=("mode:M3",)),
        ]
    )
    assert {entry.name: entry.says for entry in judged.slices} == {
        "mode:M1": "improved",
        "mode:M2": "relocated",
        "tool:refund": "improved",
    }


def test_a_case_that_fails_for_another_reason_is_named() -> None:
    (judged,) = judge_suite([case("a", 0, 3, 0, 3, failed_checks=(("tool_called x",), ("grounded",)))]).cases
    assert judged.fails_differently == ("grounded",)
