"""Cases as Python modules of other runners: plain pytest, DeepEval, Inspect. Each calls the application's function."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ...model.cases import Case
from .carrying import Exported, carried, without_us

_FOLDER = Path(__file__).parent


def to_pytest(cases: Sequence[Case], target: str) -> Exported:
    """A module that needs pytest and the application, and nothing of ours.

    Args:
        cases: Those with frozen tool results are left out, since nothing would answer from them.
        target: `module:function`.
    """
    return _module("pytest", cases, target)


def to_deepeval(cases: Sequence[Case], target: str) -> Exported:
    """A module for `deepeval test run`: the checks as a metric of its own, which asks no model. See `to_pytest`."""
    return _module("deepeval", cases, target)


def to_inspect(cases: Sequence[Case], target: str) -> Exported:
    """A module with one Inspect task: the application as its solver, the checks as its scorer. See `to_pytest`."""
    return _module("inspect", cases, target)


def _module(form: str, cases: Sequence[Case], target: str) -> Exported:
    kept, left_out = carried(cases, without_us)
    rows = [{"id": case.id, "title": case.title, "input": case.input, "checks": parts} for case, parts in kept]
    module, _, function = target.partition(":")
    # Inside a raw string of three quotes, so none of them may stand in the data.
    data = json.dumps(rows, indent=1).replace('"""', "\\u0022\\u0022\\u0022")
    head = (_FOLDER / f"{form}_module.txt").read_text(encoding="utf-8")
    _, _, checks = (_FOLDER / "standalone.py").read_text(encoding="utf-8").partition("from typing import Any\n")
    text = head
    for name, value in (("CHECKS", checks.strip()), ("MODULE", module), ("FUNCTION", function), ("DATA", data)):
        text = text.replace(f"@{name}@", value)
    return Exported(text, left_out)
