"""Which slices a case belongs to: the tools it checks and the failure modes of the run that it comes from."""

from __future__ import annotations

from collections.abc import Sequence

from ...model.case_checks import ToolArgument, ToolCalled, ToolNotCalled, ToolOrder
from ...model.cases import Case
from ...store.contract import Store
from ...store.findings.modes import modes_by_key


def slices_of(store: Store, cases: Sequence[Case]) -> dict[str, tuple[str, ...]]:
    """By case: `tool:NAME` and `mode:M3`, each once."""
    modes = modes_by_key(store, [case.provenance.trace for case in cases if case.provenance.trace])
    return {
        case.id: (*_tools(case), *(f"mode:M{mode}" for mode in modes.get(case.provenance.trace or "", ())))
        for case in cases
    }


def _tools(case: Case) -> tuple[str, ...]:
    tools: list[str] = []
    for check in case.checks:
        if isinstance(check, ToolCalled | ToolNotCalled | ToolArgument):
            tools.append(check.tool)
        elif isinstance(check, ToolOrder):
            tools += check.tools
    return tuple(f"tool:{tool}" for tool in dict.fromkeys(tools))
