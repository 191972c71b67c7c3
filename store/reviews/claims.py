"""Who answers what, and until when: slots, leases and fencing tokens.

An item has one slot for each answer it wants. A claim is one UPDATE that takes a free or outrun slot; the token grows
with each claim, so that a holder whose lease went to somebody else cannot submit any more.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from ...model.clock import utc_text
from ...model.errors import RefusedError
from ...model.reviews import Answer, Claim, Draft
from ...model.text.secrets import json_without_secrets, without_secrets
from ...trust.verdicts import answer_from_json, answer_json
from ..contract import Connection

LEASE = timedelta(minutes=15)

CLAIM_SLOT = """
UPDATE review_slot SET state = 'claimed', holder = :who, lease_until = :until, token = token + 1
WHERE item_id = :item AND slot = (
  SELECT slot FROM review_slot
  WHERE item_id = :item AND (state = 'open' OR (state = 'claimed' AND (
    holder = :who OR lease_until <= :now OR lease_until > :until)))
  ORDER BY CASE WHEN holder = :who THEN 0 WHEN state = 'open' THEN 1 ELSE 2 END, slot LIMIT 1)
AND NOT EXISTS (SELECT 1 FROM review_slot WHERE item_id = :item AND holder = :who AND state = 'answered')
RETURNING slot, token
"""
RENEW = """
UPDATE review_slot SET lease_until = :until
WHERE item_id = :item AND slot = :slot AND holder = :who AND token = :token AND state = 'claimed'
"""
RELEASE = """
UPDATE review_slot SET state = 'open', holder = NULL, lease_until = NULL
WHERE item_id = :item AND slot = :slot AND holder = :who AND token = :token AND state = 'claimed'
"""
ANSWER_SLOT = """
UPDATE review_slot SET state = 'answered', lease_until = NULL
WHERE item_id = :item AND slot = :slot AND holder = :who AND token = :token AND state = 'claimed'
"""
SELECT_HOLDERS = "SELECT state, lease_until FROM review_slot WHERE item_id = ? ORDER BY lease_until"
SELECT_ANSWERED = "SELECT 1 FROM review_slot WHERE item_id = ? AND holder = ? AND state = 'answered'"
INSERT_SKIP = """
INSERT INTO review_skip(item_id, reviewer, reason, skipped_at) VALUES (?, ?, ?, ?)
ON CONFLICT(item_id, reviewer) DO UPDATE SET reason = excluded.reason, skipped_at = excluded.skipped_at
"""
SELECT_DRAFT = "SELECT first, final, revealed, first_at FROM review_draft WHERE item_id = ? AND reviewer = ?"
INSERT_DRAFT = "INSERT INTO review_draft(item_id, reviewer, first, final, first_at) VALUES (?, ?, ?, ?, ?)"
UPDATE_FINAL = "UPDATE review_draft SET final = ? WHERE item_id = ? AND reviewer = ?"
UPDATE_REVEALED = "UPDATE review_draft SET revealed = ? WHERE item_id = ? AND reviewer = ? AND revealed IS NULL"
DELETE_DRAFT = "DELETE FROM review_draft WHERE item_id = ? AND reviewer = ?"
MOST_PAUSE = timedelta(minutes=2)
"""A longer pause between two acts of a reviewer counts as this long."""
START_CLOCK = """
INSERT INTO review_time(item_id, reviewer, active_ms, last_ms) VALUES (?, ?, 0, ?)
ON CONFLICT(item_id, reviewer) DO UPDATE SET last_ms = excluded.last_ms
"""
RUN_CLOCK = """
UPDATE review_time SET active_ms = active_ms + max(0, min(? - last_ms, ?)), last_ms = max(last_ms, ?)
WHERE item_id = ? AND reviewer = ?
"""


def claim_slot(con: Connection, item_id: int, reviewer: str, now: datetime) -> Claim:
    """Take a slot of the item for 15 minutes; a second claim by the same reviewer renews the first.

    Raises:
        RefusedError: if every slot is answered or held by somebody else, or this reviewer has answered.
    """
    until = utc_text(now + LEASE)
    values = {"item": item_id, "who": reviewer, "until": until, "now": utc_text(now)}
    row = con.execute(CLAIM_SLOT, values).fetchone()
    if row is None:
        raise RefusedError(_taken(con, item_id))
    con.execute(START_CLOCK, (item_id, reviewer, _ms(now)))
    return Claim(item_id, row[0], reviewer, row[1], until)


def renew_claim(con: Connection, claim: Claim, now: datetime) -> Claim:
    """Extend the lease, as every key pressed does.

    Raises:
        RefusedError: if the slot has gone to somebody else meanwhile.
    """
    until = utc_text(now + LEASE)
    if con.execute(RENEW, _values(claim) | {"until": until}).rowcount != 1:
        raise RefusedError(lost_lease(claim))
    note_activity(con, claim, now)
    return Claim(claim.item_id, claim.slot, claim.reviewer, claim.token, until)


def note_activity(con: Connection, claim: Claim, now: datetime) -> None:
    """Add the time since this reviewer's last act on the item to their active time."""
    moment, most = _ms(now), int(MOST_PAUSE.total_seconds() * 1_000)
    con.execute(RUN_CLOCK, (moment, most, moment, claim.item_id, claim.reviewer))


def release_claim(con: Connection, claim: Claim) -> bool:
    """Give the slot back; False where it was no longer held."""
    return bool(con.execute(RELEASE, _values(claim)).rowcount)


def answer_slot(con: Connection, claim: Claim) -> None:
    """Mark the slot as answered, in the transaction that stores the verdict.

    A lease that ran out still counts as long as nobody else has taken the slot.

    Raises:
        RefusedError: if the token is outrun.
    """
    if con.execute(ANSWER_SLOT, _values(claim)).rowcount != 1:
        raise RefusedError(lost_lease(claim))


def has_answered(con: Connection, item_id: int, reviewers: Sequence[str]) -> bool:
    """Whether one of these keys holds an answered slot of the item."""
    return any(con.execute(SELECT_ANSWERED, (item_id, who)).fetchone() for who in reviewers)


def skip_item(con: Connection, item_id: int, reviewer: str, reason: str, now: datetime) -> None:
    """This reviewer does not answer the item; it stays open to others."""
    con.execute(INSERT_SKIP, (item_id, reviewer, without_secrets(reason), utc_text(now)))


def get_draft(con: Connection, item_id: int, reviewer: str) -> Draft | None:
    """What this reviewer has answered so far, unsigned."""
    row = con.execute(SELECT_DRAFT, (item_id, reviewer)).fetchone()
    if row is None:
        return None
    first, final = answer_from_json(json.loads(row[0])), answer_from_json(json.loads(row[1]))
    return Draft(item_id, reviewer, first, final, row[2], row[3])


def insert_draft(con: Connection, item_id: int, reviewer: str, answer: Answer, now: datetime) -> Draft:
    """Keep a reviewer's first answer, without secrets: what is signed later is what is kept here."""
    kept = json_without_secrets(answer_json(answer))
    text, answer = json.dumps(kept), answer_from_json(kept)
    con.execute(INSERT_DRAFT, (item_id, reviewer, text, text, utc_text(now)))
    return Draft(item_id, reviewer, answer, answer, None, utc_text(now))


def update_final(con: Connection, item_id: int, reviewer: str, answer: Answer) -> None:
    """Replace the final answer; the first one stays as it was."""
    con.execute(UPDATE_FINAL, (json.dumps(json_without_secrets(answer_json(answer))), item_id, reviewer))


def mark_revealed(con: Connection, item_id: int, reviewer: str, proposal_id: int) -> None:
    """Note that the reviewer has seen a proposal (0: that there is none); only the first time counts."""
    con.execute(UPDATE_REVEALED, (proposal_id, item_id, reviewer))


def delete_draft(con: Connection, item_id: int, reviewer: str) -> None:
    """Forget an unsigned answer."""
    con.execute(DELETE_DRAFT, (item_id, reviewer))


def lost_lease(claim: Claim) -> str:
    """What a holder is told whose claim does not hold any more."""
    return (
        f"The claim on R{claim.item_id} is over: it ran out and somebody else has taken it, or it is signed already. "
        "An unsigned answer is kept; claim the item again if it is still open."
    )


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000)


def _values(claim: Claim) -> dict[str, Any]:
    return {"item": claim.item_id, "slot": claim.slot, "who": claim.reviewer, "token": claim.token}


def _taken(con: Connection, item_id: int) -> str:
    slots = con.execute(SELECT_HOLDERS, (item_id,)).fetchall()
    ends = [row[1] for row in slots if row[0] == "claimed" and row[1]]
    if ends:
        return f"R{item_id} is being answered; its first claim ends {ends[0]}. Take another item meanwhile."
    return f"R{item_id} has all the answers it wants, or yours already. Take another item."
