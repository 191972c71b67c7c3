"""Cases as rows of other products' data sets: everything goes along, and what stays data alone is named."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from retrospan.model.cases import Case, parse_case
from retrospan.regression.exports.carrying import Exported
from retrospan.regression.exports.data_sets import to_langsmith, to_mlflow, to_openai

TEXT = """
id: window
title: The window is thirty days
severity: high
input: Until when?
tool_results: [{tool: get_policy, result: 30 days}]
checks:
- {check: output_contains, text: 30 days}
- {check: tool_called, tool: get_policy}
- {check: judge, question: "Is the window named?"}
"""
CASE = parse_case(TEXT)
CHECKS = CASE.model_dump(mode="json", by_alias=True)["checks"]
GIVEN = {"input": "Until when?", "tool_results": [{"tool": "get_policy", "result": "30 days"}]}
FROZEN = "window: frozen tool results go along as data; your function must answer from them"
TOOL, JUDGE = "window: tool_called get_policy, as data alone", "window: judge 'Is the window named?', as data alone"


@pytest.mark.parametrize(
    ("form", "row", "left_out"),
    [
        (
            to_mlflow,
            {
                "inputs": GIVEN,
                "expectations": {
                    "checks": CHECKS,
                    "expected_facts": ["30 days"],
                    "guidelines": ["Is the window named?"],
                },
                "tags": {"case": "window", "severity": "high"},
            },
            (FROZEN, TOOL),
        ),
        (
            to_langsmith,
            {
                "inputs": GIVEN,
                "outputs": {"contains": ["30 days"], "checks": CHECKS},
                "metadata": {"case": "window", "title": "The window is thirty days", "severity": "high"},
            },
            (FROZEN, TOOL, JUDGE),
        ),
        (
            to_openai,
            {
                "item": {
                    "id": "window",
                    "input": "Until when?",
                    "contains": ["30 days"],
                    "not_contains": [],
                    "matches": [],
                    "questions": ["Is the window named?"],
                    "checks": CHECKS,
                }
            },
            (FROZEN, TOOL),
        ),
    ],
)
def test_a_row_holds_the_whole_case(
    form: Callable[[Sequence[Case]], Exported], row: dict[str, Any], left_out: tuple[str, ...]
) -> None:
    exported = form([CASE])
    assert json.loads(exported.text) == row
    assert exported.left_out == left_out
