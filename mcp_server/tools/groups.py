"""The tool that compares two groups of runs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..registry import Caller, tool


@tool("Compare groups")
def compare_groups(
    caller: Caller,
    left: Annotated[str, Field(max_length=2_000, description='v3, "since:14d until:7d"')],
    right: Annotated[str, Field(max_length=2_000)],
    within: Annotated[str, Field(max_length=2_000)] = "",
) -> str:
    """What changed between two versions, windows or search lines: outcome, signals, tools, prompts, cost."""
    from ...answers.groups import groups_text
    from ...services.finding.comparing import compare_runs

    return groups_text(compare_runs(caller.store, left, right, within=within))
