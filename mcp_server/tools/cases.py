"""The tool that opens the case of a failing run."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..registry import Caller, tool


@tool("Open the case of a failing run")
def open_case(caller: Caller, trace: Annotated[str, Field(max_length=200)]) -> str:
    """Why and in which step a run failed: outline, rules broken, sources of values, nearest good run, hypotheses."""
    from ...answers.case_file import case_text
    from ...services.understanding.opening import open_case as opened
    from ...services.understanding.step_texts import told_steps
    from ...store.reading.summaries import resolve_trace

    trace_id = resolve_trace(caller.store, trace)
    case = opened(caller.store, trace_id)
    text = case_text(case, told_steps(caller.store, case.trace.summary))
    caller.read(trace_id, by="open_case")
    return text
