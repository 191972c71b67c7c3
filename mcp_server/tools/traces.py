"""The tool that shows a trace."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ...model.text.budget import DEFAULT_BUDGET, MAX_BUDGET, MIN_BUDGET
from ..registry import Caller, tool


@tool("Read a trace")
def get_trace(
    caller: Caller,
    trace: Annotated[str, Field(max_length=200, description="T412, step T412.7, or OTel trace id")],
    steps: Annotated[str | None, Field(max_length=400, description="7, 7-9 or 3,7-9 for whole steps")] = None,
    full: Annotated[bool, Field(description="Also repeated messages and raw attributes")] = False,
    offset: Annotated[int, Field(ge=0, description="Where one long step goes on")] = 0,
    budget: Annotated[int, Field(ge=MIN_BUDGET, le=MAX_BUDGET, description="Tokens")] = DEFAULT_BUDGET,
) -> str:
    """Read one run. Without steps: an outline, a line a step with only what is new, ✗ errors and !signals.
    With steps: those steps in full. What does not fit is named with the call that gets it. Next: open_case,
    diff_traces."""
    from ...answers.reading_traces import read_steps, read_trace
    from ...store.reading.summaries import locate_trace

    address = locate_trace(caller.store, trace)
    if steps is None and address.step is None:
        text = read_trace(caller.store, trace, budget=budget, full=full, offset=offset)
    else:
        text = read_steps(caller.store, trace, steps, full=full, offset=offset, budget=budget)
    caller.read(address.trace_id, by="get_trace")
    return text
