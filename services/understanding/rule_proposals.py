"""Rules that a project's runs keep, proposed for its people."""

from __future__ import annotations

from ...analysis.mining import ProposedRule, mine_rules
from ...analysis.reading import read
from ...model.errors import UsageError
from ...model.traces import Outcome
from ...store.contract import Store
from ...store.reading.summaries import get_summaries, get_trace
from ...store.reading.trace_ids import list_trace_ids

_MOST_RUNS = 400


def propose_rules(store: Store, project: str) -> tuple[ProposedRule, ...]:
    """Rules that the newest 400 runs of a project keep, but for those that are known to have failed.

    Raises:
        UsageError: if the project has no runs.

    Cost: some milliseconds a run.
    """
    newest = list_trace_ids(store, project)[-_MOST_RUNS:]
    if not newest:
        raise UsageError(f"Project {project!r} has no runs. Name one that has: retrospan trace list --json shows them.")
    summaries = get_summaries(store, newest[::-1])
    good = [summary.id for summary in summaries if summary.outcome is not Outcome.FAIL]
    return mine_rules([read(get_trace(store, trace_id)) for trace_id in good])
