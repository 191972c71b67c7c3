"""The tool that finds traces."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..arguments import unlisted
from ..paging import offset_of, page_token, read_page
from ..registry import Caller, tool


@tool("Search traces")
def search_traces(
    caller: Caller,
    query: Annotated[str, Field(max_length=2_000)] = "",
    limit: Annotated[int, Field(ge=1, le=50)] = 10,
    page: Annotated[str | None, unlisted(max_length=4_000)] = None,
) -> str:
    """Find runs by words, "phrases", filters, - excludes: outcome:fail status:error signal:loop tool:NAME run:ID
    task: session: version: mode:M3 verdict:none since:7d steps:>20 attr:NAME=VALUE. With counts by facet."""
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
