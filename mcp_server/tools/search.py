"""The tool that finds traces."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..paging import offset_of, page_token, read_page
from ..registry import Caller, tool


@tool("Search traces")
def search_traces(
    caller: Caller,
    query: Annotated[str, Field(max_length=2_000)] = "",
    limit: Annotated[int, Field(ge=1, le=50, description="1 to 50")] = 10,
    page: Annotated[str | None, Field(max_length=4_000, description="From the answer before")] = None,
) -> str:
    """Find runs of the agent; start here. Words, "phrases" and filters, all must hold, - excludes:
    outcome:fail status:error signal:tool_error mode:M3 tool:NAME agent: kind:llm task: session: user: version: model:
    tag: project: verdict:none since:7d until:2026-11-20 steps:>20 duration:>30s tokens:>10k. No words: newest first.
    Answers with counts by facet and, a hit, id, outcome, !signals and best step. Next: get_trace, open_case."""
    from ...answers.hits import hits_text
    from ...services.finding.searching import search_runs

    offset = 0
    if page is not None:
        place = read_page("search_traces", page)
        query, offset = str(place.get("query") or ""), offset_of(place)
    found = search_runs(caller.store, query, limit=limit, offset=offset)
    following = None
    if found.next_offset is not None:
        token = page_token("search_traces", query=query, offset=found.next_offset)
        following = f'search_traces(page="{token}"{f", limit={limit}" if limit != 10 else ""})'
    return hits_text(found, query, store_name=caller.store.name, next_call=following)
