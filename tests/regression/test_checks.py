"""Checks: what each accepts, what it refuses, and what it says it saw."""

from __future__ import annotations

from typing import Any

import pytest
from retrospan.model.case_checks import Check
from retrospan.model.cases import Case
from retrospan.regression import RunResult
from retrospan.regression.checks import run_check
from retrospan.regression.results import JudgeAnswer

RUN = RunResult(
    "Order A-1002 is refunded: 249.50 USD, within our 30-day window.",
    [
        {"name": "lookup_order", "arguments": {"order_id": "A-1002"}, "result": {"total": "249.5", "currency": "USD"}},
        {"name": "search_policy", "arguments": '{"query": "refund"}', "result": [{"text": "within 30 days"}]},
        {"name": "issue_refund", "arguments": {"order_id": "A-1002", "amount": 249.5, "items": [{"sku": "T-9"}]}},
    ],
    steps=7,
)


def case_with(check: dict[str, Any]) -> tuple[Check, Case]:
    case = Case.model_validate({"id": "c", "title": "C", "input": "Refund A-1002", "checks": [check]})
    return case.checks[0], case


def status(check: dict[str, Any], run: RunResult = RUN) -> str:
    one, case = case_with(check)
    return run_check(one, run, case).status


def argument(**expected: Any) -> dict[str, Any]:
    return {"check": "tool_argument", "tool": "issue_refund", **expected}


ACCEPTED: list[dict[str, Any]] = [
    {"check": "tool_called", "tool": "issue_refund"},
    {"check": "tool_called", "tool": "issue_refund", "times": 1},
    {"check": "tool_not_called", "tool": "send_email"},
    {"check": "tool_order", "tools": ["lookup_order", "issue_refund"]},
    argument(path="order_id", equals="A-1002"),
    argument(path="amount", equals=249.50),
    argument(path="amount", min=1, max=250),
    argument(path="amount", min=249.5, max=249.5),
    argument(path="items.0.sku", one_of=["T-8", "T-9"]),
    argument(path="order_id", matches=r"^A-\d{4}$"),
    {"check": "tool_argument", "tool": "search_policy", "path": "query", "equals": "refund"},
    {"check": "output_contains", "text": "a-1002 IS refunded"},
    {"check": "output_not_contains", "text": "store credit"},
    {"check": "output_matches", "pattern": r"\b30-day\b"},
    {"check": "grounded"},
    {"check": "max_steps", "steps": 7},
]
REFUSED: list[dict[str, Any]] = [
    {"check": "tool_called", "tool": "send_email"},
    {"check": "tool_called", "tool": "issue_refund", "times": 2},
    {"check": "tool_not_called", "tool": "issue_refund"},
    {"check": "tool_order", "tools": ["issue_refund", "lookup_order"]},
    {"check": "tool_order", "tools": ["lookup_order", "lookup_order"]},
    argument(path="order_id", equals="A-1003"),
    argument(path="amount", equals=True),
    argument(path="amount", equals=None),
    argument(path="amount", max=249),
    argument(path="order_id", min=1),
    argument(path="items.1.sku", equals="T-9"),
    argument(path="no_such", equals=None),
    argument(path="order_id", one_of=["A-1", "A-2"]),
    {"check": "tool_argument", "tool": "send_email", "path": "to", "equals": "x"},
    {"check": "output_contains", "text": "A-1002 IS refunded", "ignore_case": False},
    {"check": "output_not_contains", "text": "REFUNDED"},
    {"check": "output_matches", "pattern": "^30"},
    {"check": "output_schema", "schema": {"type": "object"}},
    {"check": "max_steps", "steps": 6},
]


@pytest.mark.parametrize("check", ACCEPTED, ids=str)
def test_a_check_accepts(check: dict[str, Any]) -> None:
    assert status(check) == "passed"


@pytest.mark.parametrize("check", REFUSED, ids=str)
def test_a_check_refuses(check: dict[str, Any]) -> None:
    assert status(check) == "failed"


def test_a_failed_argument_says_what_it_was() -> None:
    one, case = case_with(argument(path="order_id", equals="A-1003"))
    found = run_check(one, RUN, case)
    assert (found.reason, found.observed) == ("order_id is A-1002, expected A-1003", ["A-1002"])


def test_every_call_must_comply_unless_any_is_enough() -> None:
    run = RunResult("", [{"name": "issue_refund", "arguments": {"amount": n}} for n in (5, 50)])
    assert status(argument(path="amount", max=10), run) == "failed"
    assert status(argument(path="amount", max=10, calls="any"), run) == "passed"
    assert status(argument(path="amount", max=4, calls="any"), run) == "failed"


@pytest.mark.parametrize(("given", "expected"), [(1, True), (True, 1), (0, False), (1.0, True)])
def test_a_flag_is_no_number(given: object, expected: object) -> None:
    run = RunResult("", [{"name": "issue_refund", "arguments": {"n": given}}])
    assert status(argument(path="n", equals=expected), run) == "failed"
    assert status(argument(path="n", equals=given), run) == "passed"


@pytest.mark.parametrize(
    "check",
    [
        {"check": "tool_not_called", "tool": "t"},
        {"check": "tool_called", "tool": "t"},
        {"check": "grounded"},
        {"check": "max_steps", "steps": 3},
    ],
)
def test_unreported_tool_calls_leave_a_check_undecided(check: dict[str, Any]) -> None:
    assert status(check, RunResult("fine")) == "error"


def test_steps_are_tool_calls_where_the_target_counts_none() -> None:
    run = RunResult("", [{"name": "a"}, {"name": "b"}])
    assert status({"check": "max_steps", "steps": 2}, run) == "passed"
    assert status({"check": "max_steps", "steps": 1}, run) == "failed"


@pytest.mark.parametrize("given", [29, 31])
def test_a_smaller_and_a_larger_number_are_others(given: int) -> None:
    run = RunResult("", [{"name": "issue_refund", "arguments": {"n": given}}])
    assert status(argument(path="n", equals=30), run) == "failed"


@pytest.mark.parametrize(("role", "found"), [("user", "passed"), ("tool", "passed"), ("assistant", "failed")])
def test_what_others_said_earlier_is_a_source_and_what_the_agent_said_is_none(role: str, found: str) -> None:
    told = [{"role": role, "content": "It was 87.30 USD."}, {"role": "user", "content": "Refund it."}]
    case = Case.model_validate({"id": "c", "title": "C", "input": told, "checks": [{"check": "grounded"}]})
    assert run_check(case.checks[0], RunResult("You get 87.30 USD back.", []), case).status == found


def test_an_invented_window_is_not_grounded() -> None:
    one, case = case_with({"check": "grounded"})
    found = run_check(one, RunResult("You have 45 days for A-1002.", RUN.tool_calls), case)
    assert (found.status, found.observed) == ("failed", ["45"])
    allowed, case = case_with({"check": "grounded", "allow": ["45"]})
    assert run_check(allowed, RunResult("You have 45 days.", RUN.tool_calls), case).status == "passed"


def test_an_answer_in_json_is_held_against_a_schema() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"]}
    check = {"check": "output_schema", "schema": schema}
    assert status(check, RunResult('{"n": 2}')) == "passed"
    assert status(check, RunResult({"n": 2})) == "passed"
    one, case = case_with(check)
    assert run_check(one, RunResult('{"n": 0}'), case).reason.startswith("n: 0 is less than")


def test_a_schema_fetches_nothing_and_its_patterns_are_linear() -> None:
    one, case = case_with({"check": "output_schema", "schema": {"$ref": "https://schemas.invalid/x.json"}})
    assert "cannot be applied" in run_check(one, RunResult({}), case).reason
    slow = {"check": "output_schema", "schema": {"type": "string", "pattern": "^(a+)+$"}}
    assert status(slow, RunResult("a" * 50_000 + "b")) == "failed"
    keyed = {"check": "output_schema", "schema": {"patternProperties": {"^x": {"type": "integer"}}}}
    assert status(keyed, RunResult({"x1": "no"})) == "failed"


def test_a_judge_decides_last_and_may_give_no_verdict() -> None:
    asked: list[str] = []

    def judge(question: str, run: RunResult, case: Case) -> JudgeAnswer:
        asked.append(f"{question} {case.id}")
        return answers.pop(0)

    answers = [JudgeAnswer(True, "yes"), JudgeAnswer(False, "rude"), JudgeAnswer(None, "timeout")]
    one, case = case_with({"check": "judge", "question": "Is it polite?"})
    assert [run_check(one, RUN, case, judge).status for _ in range(3)] == ["passed", "failed", "skipped"]
    assert asked == ["Is it polite? c"] * 3
    assert run_check(one, RUN, case).status == "skipped"


@pytest.mark.parametrize(
    ("given", "passes"),
    [(["A-1", "A-2"], True), (["A-2", "A-1"], False), (["A-3"], True)],
)
def test_the_last_call_must_not_have_a_value_that_earlier_ones_may(given: list[str], passes: bool) -> None:
    check = {"check": "tool_argument", "tool": "cancel", "path": "id", "never": ["A-1"], "calls": "last"}
    run = RunResult("Done.", [{"name": "cancel", "arguments": {"id": value}} for value in given])
    assert (status(check, run) == "passed") is passes
