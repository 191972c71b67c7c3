"""What is exported holds a run against a check as the product itself does."""

from __future__ import annotations

from typing import Any

import pytest
from retrospan.model.case_checks import Check
from retrospan.model.cases import Case
from retrospan.regression.checks import run_check
from retrospan.regression.exports.carrying import without_us
from retrospan.regression.exports.standalone import holds, run_of
from retrospan.regression.protocol import as_run_result

CHECKS: list[dict[str, Any]] = [
    {"check": "output_contains", "text": "Thirty"},
    {"check": "output_contains", "text": "Thirty", "ignore_case": False},
    {"check": "output_not_contains", "text": "forty"},
    {"check": "output_matches", "pattern": r"^thirty\b"},
    {"check": "output_matches", "pattern": "THIRTY", "ignore_case": True},
    {"check": "tool_called", "tool": "look"},
    {"check": "tool_called", "tool": "look", "times": 1},
    {"check": "tool_not_called", "tool": "refund"},
    {"check": "tool_order", "tools": ["look", "refund"]},
    {"check": "tool_order", "tools": ["refund", "look"]},
    {"check": "max_steps", "steps": 2},
    {"check": "tool_argument", "tool": "refund", "path": "order.id", "equals": "R-1"},
    {"check": "tool_argument", "tool": "refund", "path": "order.id", "equals": None},
    {"check": "tool_argument", "tool": "look", "path": "n", "equals": 30.0, "calls": "any"},
    {"check": "tool_argument", "tool": "look", "path": "n", "equals": 1, "calls": "last"},
    {"check": "tool_argument", "tool": "look", "path": "n", "one_of": [30, True]},
    {"check": "tool_argument", "tool": "look", "path": "n", "never": [40]},
    {"check": "tool_argument", "tool": "look", "path": "n", "min": 1, "max": 30},
    {"check": "tool_argument", "tool": "look", "path": "items.1", "matches": "^b$"},
    {"check": "tool_argument", "tool": "look", "path": "gone", "min": 1},
]
RUNS: list[Any] = [
    "thirty days",
    {"output": "Thirty days", "tool_calls": [{"name": "look", "arguments": {"n": 30}}], "steps": 3},
    {"output": {"days": "forty"}, "tool_calls": []},
    {
        "output": "THIRTY",
        "tool_calls": [
            {"name": "look", "arguments": {"n": 1, "items": ["a", "b"]}},
            {"name": "look", "arguments": '{"n": true, "items": ["a"]}'},
            {"name": "refund", "arguments": {"order": {"id": "R-1"}}},
        ],
    },
]


@pytest.mark.parametrize("check", CHECKS, ids=str)
def test_the_same_is_said_of_every_run(check: dict[str, Any]) -> None:
    case = Case.model_validate({"id": "a", "title": "A", "input": "x", "checks": [check]})
    form = without_us(case.checks[0])
    assert form is not None
    for returned in RUNS:
        run = run_of(returned)
        known = as_run_result({"tool_calls": [], **returned} if isinstance(returned, dict) else returned)
        ours = run_check(case.checks[0], known if known.tool_calls is not None else _bare(known.output), case)
        assert holds(form, run) == (ours.status.value == "passed"), (returned, ours.reason)


def _bare(output: Any) -> Any:
    return as_run_result({"output": output, "tool_calls": []})


@pytest.mark.parametrize(
    "check",
    [
        {"check": "grounded"},
        {"check": "judge", "question": "Was it polite?"},
        {"check": "output_schema", "schema": {"type": "object"}},
        {"check": "output_matches", "pattern": r"\pN\z"},
    ],
    ids=str,
)
def test_what_needs_more_than_python_is_not_carried(check: dict[str, Any]) -> None:
    case = Case.model_validate({"id": "a", "title": "A", "input": "x", "checks": [check]})
    kept: Check = case.checks[0]
    assert without_us(kept) is None
