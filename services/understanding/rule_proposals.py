"""Rules that a project's runs keep, proposed for its people."""

from __future__ import annotations

from ...analysis.mining import ProposedRule, mine_rules
from ...model.errors import UsageError
from ...model.traces import Outcome
from ...store.contract import Store
from ...store.reading.summaries import get_summaries
from .readings import readings_of

_MOST_RUNS = 400

SELECT_NEWEST = "SELECT id FROM trace WHERE project = :project AND dirty = 0 ORDER BY id DESC LIMIT :most"


def propose_rules(store: Store, project: str) -> tuple[ProposedRule, ...]:
    """Rules that the newest 400 runs of a project keep, but for those that are known to have failed.

    Raises:
        UsageError: if the project has no runs.

    Cost: some milliseconds a run.
    """
    with store.read() as con:
        rows = con.execute(SELECT_NEWEST, {"project": project, "most": _MOST_RUNS}).fetchall()
    if not rows:
        raise UsageError(f"Project {project!r} has no runs. Name one that has: retrospan trace list --json shows them.")
    summaries = get_summaries(store, [row["id"] for row in rows])
    good = [summary.id for summary in summaries if summary.outcome is not Outcome.FAIL]
    return mine_rules(list(readings_of(store, good)))
