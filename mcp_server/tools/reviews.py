"""The tools of the review queue."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..arguments import unlisted
from ..paging import offset_of, page_token, read_page
from ..registry import Caller, tool


@tool("List reviews")
def list_reviews(
    caller: Caller,
    item: Annotated[str | None, Field(max_length=40, description="R31 whole")] = None,
    state: Literal["open", "needs_answer", "disputed", "decided", "closed", "all"] = "open",
    trace: Annotated[str | None, Field(max_length=200)] = None,
    limit: Annotated[int, unlisted(ge=1, le=50)] = 15,
    page: Annotated[str | None, unlisted(max_length=4_000)] = None,
) -> str:
    """What people were asked and decided."""
    from ...answers.review_card import review_card
    from ...answers.reviews import queue_text, review_text
    from ...services.judging.known import record_note
    from ...services.reviewing import asking as reviewing
    from ...store.traces.revisions import step_numbers

    if item is not None:
        view = reviewing.get_review(caller.store, item)
        evidence = review_card(caller.store, item).evidence
        if view.item.trace_id is not None:
            caller.read(view.item.trace_id, by="list_reviews")
        records = {entry.proposed_by: record_note(caller.store, entry.proposed_by) for entry in view.proposals}
        return review_text(view, step_numbers(caller.store, view.item.trace_id), records, evidence)
    chosen = None if state == "all" else state
    offset = 0 if page is None else offset_of(read_page("list_reviews", page))
    items = reviewing.list_reviews(caller.store, state=chosen, trace=trace, limit=offset + limit + 1)[offset:]
    following = None
    if len(items) > limit:
        token = page_token("list_reviews", offset=offset + limit)
        given = [f'state="{state}"', *([f'trace="T{items[0].trace_id}"'] if trace else []), f"limit={limit}"]
        following = f'list_reviews({", ".join(given)}, page="{token}")'
    decided = reviewing.verdicts_on(caller.store, items[:limit])
    return queue_text(items[:limit], state=state, next_call=following, decided=decided)


@tool("Ask people", writes=True)
def request_review(
    caller: Caller,
    trace: Annotated[str, Field(max_length=200)],
    question: Annotated[str, Field(max_length=2_000)],
    steps: Annotated[list[str], Field(max_length=20)] = [],  # noqa: B006
    reason: Annotated[str, Field(max_length=2_000)] = "",
    rubric: Annotated[str | None, unlisted(max_length=80)] = None,
) -> str:
    """Ask a human expert one observable fact about a run, past tense."""
    from ...services.reviewing import asking as reviewing

    item = reviewing.request_review(
        caller.store, trace, question, by=caller.actor, focus=steps, reason=reason, rubric=rubric
    )
    return (
        f"{item.short_id} is {item.state.value} on T{item.trace_id}. A person decides it: `retrospan review`. "
        f'Your own answer: propose_verdict(subject="{item.short_id}", …). Later: list_reviews(item="{item.short_id}").'
    )
