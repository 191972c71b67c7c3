"""What reviewers have typed and not yet kept as an answer, saved while they type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...model.clock import utc_text
from ...model.text.secrets import json_without_secrets
from ..contract import Connection
from ..fields import upsert_row

SELECT_TYPED = "SELECT fields, saved_at FROM review_typed WHERE item_id = :item AND reviewer = :who"
DELETE_TYPED = "DELETE FROM review_typed WHERE item_id = :item AND reviewer = :who"
SELECT_BEGUN = """
SELECT item_id FROM review_typed WHERE reviewer = :who UNION SELECT item_id FROM review_draft WHERE reviewer = :who
"""


HAND_OVER = (
    "UPDATE review_typed SET reviewer = :fresh WHERE reviewer = :former",
    "UPDATE review_draft SET reviewer = :fresh WHERE reviewer = :former",
    "UPDATE review_slot SET holder = :fresh WHERE holder = :former AND state = 'claimed'",
)


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of a form as they stood when they were last saved."""

    fields: Mapping[str, str]
    saved_at: str


def save_typed(con: Connection, item_id: int, reviewer: str, fields: Mapping[str, str], now: datetime) -> None:
    """Save what stands in a form; no claim is needed, so that words outlive a lost one. Secrets are not kept."""
    text = json.dumps(json_without_secrets(dict(fields)), ensure_ascii=False)
    row = {"item_id": item_id, "reviewer": reviewer, "fields": text, "saved_at": utc_text(now)}
    upsert_row(con, "review_typed", row, key=("item_id", "reviewer"))


def get_typed(con: Connection, item_id: int, reviewer: str) -> Typed | None:
    """What this reviewer has typed so far."""
    row = con.execute(SELECT_TYPED, _mine(item_id, reviewer)).fetchone()
    return None if row is None else Typed(json.loads(row["fields"]), row["saved_at"])


def forget_typed(con: Connection, item_id: int, reviewer: str) -> None:
    """Drop it: it is kept as an answer, or the item is left to others."""
    con.execute(DELETE_TYPED, _mine(item_id, reviewer))


def hand_over_words(con: Connection, former: str, fresh: str) -> None:
    """What a person typed and answered under a former key, unsigned, goes on under the new one; what they have open
    stays theirs."""
    for statement in HAND_OVER:
        con.execute(statement, {"former": former, "fresh": fresh})


def begun_items(con: Connection, reviewer: str) -> set[int]:
    """Items that this reviewer has typed or answered something on, unsigned."""
    return {row["item_id"] for row in con.execute(SELECT_BEGUN, {"who": reviewer})}


def _mine(item_id: int, reviewer: str) -> dict[str, Any]:
    return {"item": item_id, "who": reviewer}
