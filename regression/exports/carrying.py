"""What an export is, and which parts of cases a form can hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ...model.case_checks import (
    Check,
    MaxSteps,
    OutputContains,
    OutputMatches,
    OutputNotContains,
    ToolArgument,
    ToolCalled,
    ToolNotCalled,
    ToolOrder,
)
from ...model.cases import Case
from ..checks import describe_check

_PLAIN = (OutputContains, OutputNotContains, ToolCalled, ToolNotCalled, ToolOrder, MaxSteps)


@dataclass(frozen=True, slots=True)
class Exported:
    """A file's text, and what could not be carried: `case: what`."""

    text: str
    left_out: tuple[str, ...]


def carried(
    cases: Sequence[Case], carry: Callable[[Check], Any]
) -> tuple[list[tuple[Case, list[Any]]], tuple[str, ...]]:
    """The cases with what can be carried of their checks, and what cannot.

    Args:
        cases: Those with frozen tool results are left out whole, since nothing would answer from them.
        carry: A check in the other form; None where it has none.
    """
    kept, left_out = [], []
    for case in cases:
        if case.tool_results is not None:
            left_out.append(f"{case.id}: frozen tool results, so the whole case")
            continue
        found = [(check, carry(check)) for check in case.checks]
        left_out += [f"{case.id}: {describe_check(check)}" for check, form in found if form is None]
        parts = [form for _, form in found if form is not None]
        if parts:
            kept.append((case, parts))
        else:
            left_out.append(f"{case.id}: no check is left, so the whole case")
    return kept, tuple(left_out)


def without_us(check: Check) -> dict[str, Any] | None:
    """A check as `standalone.holds` reads it; None where it needs Retrospan, a schema library or a judge."""
    pattern = check.pattern if isinstance(check, OutputMatches) else None
    if isinstance(check, ToolArgument):
        pattern = check.matches
    elif not isinstance(check, (*_PLAIN, OutputMatches)):
        return None
    if pattern is not None and not _reads_alike(pattern):
        return None
    return check.model_dump(mode="json", exclude_unset=True) | {"check": check.check}


def _reads_alike(pattern: str) -> bool:
    """Whether Python's `re` takes a pattern of RE2."""
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True
