"""The tool that ranks the steps of a failing run."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..registry import Caller, tool


@tool("Find where a run went wrong")
def find_suspects(
    caller: Caller,
    trace: Annotated[str, Field(max_length=200)],
    limit: Annotated[int, Field(ge=1, le=10)] = 3,
) -> str:
    """Rank the steps where a failing run likely went wrong, each with cause class, reasons and quoted evidence; says
    when the evidence is not enough. A hint to check with get_trace, not a finding. Next: propose_verdict."""
    from ...answers.suspects import suspects_text
    from ...services.understanding.explaining import explain_trace
    from ...store.reading.summaries import resolve_trace

    trace_id = resolve_trace(caller.store, trace)
    text = suspects_text(explain_trace(caller.store, trace_id), limit)
    caller.read(trace_id, by="find_suspects")
    return text
