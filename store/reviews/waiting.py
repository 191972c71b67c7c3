"""How much assistants have put before people that nobody has looked at yet."""

from __future__ import annotations

from typing import NamedTuple

from ..contract import Store

COUNT_WAITING = """
SELECT (SELECT count(*) FROM review_item WHERE requested_by {whose} AND state IN ('open', 'needs_answer')) AS items,
       (SELECT count(*) FROM proposal WHERE proposed_by {whose} AND created_at >= :since) AS proposals,
       (SELECT count(*) FROM observation WHERE observed_by {whose} AND created_at >= :since) AS observations,
       (SELECT count(*) FROM knowledge_file WHERE folder = '' AND kind = 'lesson') AS drafts
"""


class Waiting(NamedTuple):
    """Of agents: questions that wait, proposals and observations since a moment. Drafts of lessons are of anybody."""

    items: int
    proposals: int
    observations: int
    drafts: int


def waiting_of_agents(store: Store, name: str | None, *, since: str) -> Waiting:
    """What one agent, or all of them together, have put down.

    Args:
        store: Where.
        name: As its proposals are kept, `agent:claude`; None for all.
        since: UTC text; older proposals and observations do not count.
    """
    whose = "LIKE 'agent:%'" if name is None else "= :name"
    with store.read() as con:
        values = {"name": name, "since": since}
        return Waiting(*con.execute(COUNT_WAITING.format(whose=whose), values).fetchone())
