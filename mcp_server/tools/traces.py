"""The tool that shows a trace."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ...model.text.budget import DEFAULT_BUDGET, MAX_BUDGET, MIN_BUDGET
from ..arguments import unlisted
from ..registry import Caller, tool


@tool("Read a trace")
def get_trace(
    caller: Caller,
    trace: Annotated[str, Field(max_length=200, description="T412 or its own id")],
    steps: Annotated[str | None, Field(max_length=400, description="7 or 3,7-9: whole")] = None,
    full: bool = False,
    offset: Annotated[int, unlisted(ge=0)] = 0,
    budget: Annotated[int, Field(ge=MIN_BUDGET)] = DEFAULT_BUDGET,
) -> str:
    """Read one run: an outline of what is new, or some steps whole."""
    from ...answers.judges import judged_text
    from ...answers.reading_traces import read_steps, read_trace
    from ...store.reading.summaries import locate_trace

    budget = min(budget, MAX_BUDGET)
    address = locate_trace(caller.store, trace)
    if steps is None and address.step is None:
        text = read_trace(caller.store, trace, budget=budget, full=full, offset=offset)
        judged = "" if full or offset else judged_text(caller.store, address.trace_id)
        text = f"{text}\n{judged}" if judged else text
    else:
        text = read_steps(caller.store, trace, steps, full=full, offset=offset, budget=budget)
    caller.read(address.trace_id, by="get_trace")
    return text
