"""The tool that compares two runs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..arguments import unlisted
from ..paging import offset_of, page_token, read_page
from ..registry import Caller, tool

_SHOWN = 12


@tool("Compare two runs")
def diff_traces(
    caller: Caller,
    left: Annotated[str, Field(max_length=200)],
    right: Annotated[str | None, Field(max_length=200, description="Default: an alike good run")] = None,
    page: Annotated[str | None, unlisted(max_length=4_000)] = None,
) -> str:
    """A failing run against a good one: what differs, writes and final answer first."""
    from ...answers.differences import differences_text
    from ...services.understanding.explaining import compare_traces
    from ...store.reading.summaries import resolve_trace

    offset = 0
    if page is not None:
        place = read_page("diff_traces", page)
        right, offset = str(place.get("right") or "") or right, offset_of(place)
    left_id = resolve_trace(caller.store, left)
    right_id = None if right is None else resolve_trace(caller.store, right)
    comparison = compare_traces(caller.store, left_id, right_id)
    caller.read(comparison.left.summary.id, comparison.right.summary.id, by="diff_traces")
    chosen = comparison.right.summary.short_id
    token = page_token("diff_traces", right=chosen, offset=offset + _SHOWN)
    following = f'diff_traces(left="{comparison.left.summary.short_id}", right="{chosen}", page="{token}")'
    return differences_text(comparison, limit=_SHOWN, offset=offset, next_call=following)
