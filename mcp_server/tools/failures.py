"""The tool that says what is failing."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..registry import Caller, tool

_LOOKED_AT = 2_000
_ANALYSED_AT_ONCE = 200
"""Runs whose missing signals are found first; the background of `retrospan serve` does the rest."""


@tool("Summarize failures")
def summarize_failures(
    caller: Caller,
    query: Annotated[str, Field(max_length=2_000, description="As in search_traces, to narrow")] = "",
    limit: Annotated[int, Field(ge=1, le=20)] = 8,
) -> str:
    """What is failing: the commonest failure signals with counts and an example step each. Ask this first when no
    single run is in question."""
    from ...services.analysing import analyse
    from ...services.findings import top_findings
    from ...services.listing import list_traces
    from ...services.rendering.failures import failures_text

    listing = list_traces(caller.store, query, limit=_LOOKED_AT)
    ids = [trace.id for trace in listing.traces]
    if not ids:
        from .search import search_traces

        return search_traces.function(caller, query)
    analyse(caller.store, ids, limit=_ANALYSED_AT_ONCE)
    findings = top_findings(caller.store, ids, limit)
    return failures_text(findings, looked_at=len(ids), total=listing.total, query=query)
