"""The forms that cases can be exported to: JSON lines, a plain pytest module, a promptfoo configuration."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ...model.case_checks import (
    Check,
    Judged,
    OutputContains,
    OutputMatches,
    OutputNotContains,
    OutputSchema,
    ToolCalled,
    ToolNotCalled,
    ToolOrder,
)
from ...model.cases import Case
from ...model.text import yamltext
from ...model.text.jsontext import as_text
from ..checks import describe_check


@dataclass(frozen=True, slots=True)
class Exported:
    """A file's text, and what could not be carried: `case: what`."""

    text: str
    left_out: tuple[str, ...]


def to_jsonl(cases: Sequence[Case]) -> Exported:
    """One JSON object a line: the whole case as it is read back, and `inputs`, as dataset tools name it."""
    rows = [{"inputs": {"input": case.input}, **case.model_dump(mode="json", by_alias=True)} for case in cases]
    return Exported("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), ())


_MODULE = '''"""Regression cases as plain pytest: no plugin, the standard library alone.

`run` is your agent's function: it takes the case's input and returns text, or a mapping with `output` and `tool_calls`.
"""

import json
import re

import pytest

from {module} import {function} as run

CASES = json.loads(r\"\"\"
{data}
\"\"\")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_case(case):
    done = run(case["input"])
    if not isinstance(done, dict):
        done = {{"output": getattr(done, "output", done), "tool_calls": getattr(done, "tool_calls", None)}}
    output = done["output"] if isinstance(done["output"], str) else json.dumps(done["output"])
    names = [call["name"] if isinstance(call, dict) else call.name for call in done.get("tool_calls") or ()]
    for check in case["checks"]:
        kind, text = check["check"], check.get("text", "")
        fold = str.casefold if check.get("ignore_case") else str
        if kind == "output_contains":
            assert fold(text) in fold(output), check
        elif kind == "output_not_contains":
            assert fold(text) not in fold(output), check
        elif kind == "output_matches":
            assert re.search(check["pattern"], output, re.IGNORECASE if check.get("ignore_case") else 0), check
        elif kind == "tool_called":
            times = check.get("times")
            assert names.count(check["tool"]) == times if times else check["tool"] in names, check
        elif kind == "tool_not_called":
            assert check["tool"] not in names, check
        elif kind == "tool_order":
            rest = iter(names)
            assert all(tool in rest for tool in check["tools"]), check
'''
_PLAIN = (OutputContains, OutputNotContains, OutputMatches, ToolCalled, ToolNotCalled, ToolOrder)


def to_pytest(cases: Sequence[Case], target: str) -> Exported:
    """A module that needs pytest and the application, and nothing of ours.

    Args:
        cases: Those with frozen tool results are left out, since nothing would answer from them.
        target: `module:function`.
    """
    kept, left_out = _kept(cases, lambda check: check if isinstance(check, _PLAIN) else None)
    rows = [
        {"id": c.id, "input": c.input, "checks": [part.model_dump(mode="json") for part in parts]} for c, parts in kept
    ]
    module, _, function = target.partition(":")
    # Inside a raw string of three quotes, so none of them may stand in the data.
    data = json.dumps(rows, indent=1).replace('"""', "\\u0022\\u0022\\u0022")
    return Exported(_MODULE.format(module=module, function=function, data=data), left_out)


_TEMPLATES = ("{{", "{%", "{#", "file://")
"""What promptfoo reads as more than text in a variable."""


def to_promptfoo(cases: Sequence[Case], target: str) -> Exported:
    """A promptfoo configuration whose provider is the command that `target` names, given the input as its prompt."""
    plain = [case for case in cases if not any(mark in as_text(case.input) for mark in _TEMPLATES)]
    kept, left_out = _kept(plain, _assertion)
    left_out += tuple(f"{c.id}: an input that promptfoo would read as a template" for c in cases if c not in plain)
    tests = [
        {
            "description": case.title,
            "metadata": {"case": case.id},
            "vars": {"input": as_text(case.input)},
            "assert": asserts,
        }
        for case, asserts in kept
    ]
    config = {
        "description": "Regression cases",
        "prompts": ["{{input}}"],
        "providers": [target],
        "tests": tests,
    }
    return Exported(yamltext.dump(config), left_out)


def _assertion(check: Check) -> dict[str, Any] | None:
    if isinstance(check, OutputContains):
        return {"type": "icontains" if check.ignore_case else "contains", "value": check.text}
    if isinstance(check, OutputNotContains):
        return {"type": "not-icontains" if check.ignore_case else "not-contains", "value": check.text}
    if isinstance(check, OutputMatches) and not check.ignore_case:
        return {"type": "regex", "value": check.pattern}
    if isinstance(check, OutputSchema):
        return {"type": "is-json", "value": check.json_schema}
    if isinstance(check, Judged):
        return {"type": "llm-rubric", "value": check.question}
    return None


def _kept(cases: Sequence[Case], carry: Callable[[Check], Any]) -> tuple[list[tuple[Case, list[Any]]], tuple[str, ...]]:
    """The cases with what can be carried of their checks, and what cannot."""
    kept, left_out = [], []
    for case in cases:
        if case.tool_results is not None:
            left_out.append(f"{case.id}: frozen tool results, so the whole case")
            continue
        carried = [(check, carry(check)) for check in case.checks]
        left_out += [f"{case.id}: {describe_check(check)}" for check, found in carried if found is None]
        parts = [found for _, found in carried if found is not None]
        if parts:
            kept.append((case, parts))
        else:
            left_out.append(f"{case.id}: no check is left, so the whole case")
    return kept, tuple(left_out)
