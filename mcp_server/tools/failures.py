"""The tools that say what is failing, and take down what an assistant noticed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ...store.search.outcome_counts import GroupedBy
from ..arguments import unlisted
from ..registry import Caller, tool

_AT_ONCE = 200
"""Runs analysed and placed first; the background of `retrospan serve` does the rest."""
_NEWEST = 2_000
_MODES = 8
_ROWS = 40


@tool("Summarize failures")
def summarize_failures(
    caller: Caller,
    query: Annotated[str, Field(max_length=2_000)] = "",
    mode: Annotated[str | None, Field(max_length=20, description="M3 whole")] = None,
    sample: Annotated[int, Field(ge=0, le=30, description="Unlike runs to read")] = 0,
    by: GroupedBy | None = None,
    limit: Annotated[int | None, unlisted(ge=1, le=100)] = None,
) -> str:
    """What is failing: modes of alike runs with share, trend, example; by="task": pass rates, what never passed."""
    from ...answers.judges import rates_text
    from ...answers.modes import mode_text, modes_text, sample_text
    from ...model.query import parse_query
    from ...services.finding.listing import list_traces
    from ...services.modes.gathering import update_modes
    from ...services.modes.sampling import discovery_sample
    from ...services.modes.views import list_modes, show_mode
    from ...services.understanding.analysing import analyse
    from ...store.search.lines import facet_counts

    if mode is not None:
        return mode_text(show_mode(caller.store, mode))
    if by is not None:
        from ...answers.outcome_counts import outcome_counts_text
        from ...services.finding.outcome_counts import count_outcomes

        return outcome_counts_text(count_outcomes(caller.store, query, by=by), query=query, limit=limit or _ROWS)
    if sample:
        return sample_text(discovery_sample(caller.store, query, size=sample))
    ids = [trace.id for trace in list_traces(caller.store, query, limit=_NEWEST, by_meaning=False).traces]
    if not ids:
        from .search import search_traces

        return search_traces.function(caller, query)
    analyse(
        caller.store,
        ids,
        limit=_AT_ONCE,
        on_progress=lambda done, total: caller.report(done, total, "runs looked at"),
    )
    update_modes(caller.store, _AT_ONCE, ids)
    signals = facet_counts(caller.store, parse_query(query))["signal"]
    page = list_modes(caller.store, query, limit=limit or _MODES)
    return modes_text(page, query=query, signals=signals) + rates_text(caller.store)


@tool("Record an observation", writes=True)
def record_observation(
    caller: Caller,
    label: Annotated[str, Field(max_length=100)],
    step: Annotated[str | None, Field(max_length=40, description="T412.7")] = None,
    quote: Annotated[str, Field(max_length=1_000, description="Its words")] = "",
    note: Annotated[str, unlisted(max_length=2_000)] = "",
    good: bool = False,
    mode: Annotated[str | None, Field(max_length=20)] = None,
    ask: Annotated[bool, unlisted()] = False,
) -> str:
    """File what you noticed in a step, in words that fit other runs; without step: name a mode."""
    from ...model.errors import UsageError
    from ...services.modes.observing import name_mode
    from ...services.modes.observing import record_observation as record
    from .proposals import as_read

    if step is None:
        if mode is None:
            raise UsageError('Name the step that shows it, as step="T412.7", or the mode to name, as mode="M3".')
        return f"{name_mode(caller.store, mode, label, by=caller.actor)}: name proposed; a person may rename it."
    recorded = record(
        caller.store, step, label, as_read(quote), by=caller.actor, note=note, good=good, mode=mode, ask=ask
    )
    asked = f" {recorded.review.short_id} asks people." if recorded.review else ""
    opened = "new" if recorded.opened else f"{recorded.mode_size} runs"
    return f"{recorded.observation.short_id} is in {recorded.mode} ({opened}).{asked}"
