"""Cases as a promptfoo configuration: tests whose provider is the command that the target names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...model.case_checks import Check, Judged, OutputContains, OutputMatches, OutputNotContains, OutputSchema
from ...model.cases import Case
from ...model.text import yamltext
from ...model.text.jsontext import as_text
from .carrying import Exported, carried

_TEMPLATES = ("{{", "{%", "{#", "file://")
"""What promptfoo reads as more than text in a variable."""


def to_promptfoo(cases: Sequence[Case], target: str) -> Exported:
    """A promptfoo configuration whose provider is the command that `target` names, given the input as its prompt."""
    plain = [case for case in cases if not any(mark in as_text(case.input) for mark in _TEMPLATES)]
    kept, left_out = carried(plain, _assertion)
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
