"""Who answers what, and until when: slots, leases and fencing tokens.

An item has one slot for each answer it wants. A claim is one UPDATE that takes a free or outrun slot; the token grows
with each claim, so that a holder whose lease went to somebody else cannot submit any more.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ...model.clock import utc_text
from ...model.errors import RefusedError
from ...model.reviews import Answer, Claim, Draft
from ...model.text.secrets import json_without_secrets, without_secrets
from ...trust.verdicts import answer_from_json, answer_json
from ..contract import Connection
from ..fields import from_row, insert_row, upsert_row, values_of

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
SELECT_HOLDERS = "SELECT state, lease_until FROM review_slot WHERE item_id = :item ORDER BY lease_until"
SELECT_ANSWERED = """
SELECT 1 FROM review_slot WHERE item_id = :item AND state = 'answered' AND holder IN :reviewers LIMIT 1
"""
_MINE = "item_id = :item AND reviewer = :who"
SELECT_DRAFT = f"SELECT * FROM review_draft WHERE {_MINE}"  # noqa: S608
UPDATE_FINAL = f"UPDATE review_draft SET final = :final WHERE {_MINE}"  # noqa: S608
UPDATE_REVEALED = f"UPDATE review_draft SET revealed = :proposal WHERE {_MINE} AND revealed IS NULL"  # noqa: S608
DELETE_DRAFT = f"DELETE FROM review_draft WHERE {_MINE}"  # noqa: S608
MOST_PAUSE = timedelta(minutes=2)
"""A longer pause between two acts of a reviewer counts as this long."""
RUN_CLOCK = f"""
UPDATE review_time SET last_ms = :moment,
  active_ms = active_ms + CASE WHEN :moment - last_ms < :most THEN :moment - last_ms ELSE :most END
WHERE {_MINE} AND last_ms < :moment
"""  # noqa: S608
"""A clock that went back adds nothing."""


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
    started = {"item_id": item_id, "reviewer": reviewer, "active_ms": 0, "last_ms": _ms(now)}
    insert_row(con, "review_time", started, "ON CONFLICT(item_id, reviewer) DO UPDATE SET last_ms = excluded.last_ms")
    return Claim(item_id, row["slot"], reviewer, row["token"], until)


def renew_claim(con: Connection, claim: Claim, now: datetime) -> Claim:
    """Extend the lease, as every key pressed does.

    Raises:
        RefusedError: if the slot has gone to somebody else meanwhile.
    """
    until = utc_text(now + LEASE)
    if con.execute(RENEW, _values(claim) | {"until": until}).rowcount != 1:
        raise RefusedError(lost_lease(claim))
    note_activity(con, claim, now)
    return replace(claim, lease_until=until)


def note_activity(con: Connection, claim: Claim, now: datetime) -> None:
    """Add the time since this reviewer's last act on the item to their active time."""
    moment, most = _ms(now), int(MOST_PAUSE.total_seconds() * 1_000)
    con.execute(RUN_CLOCK, _mine(claim.item_id, claim.reviewer) | {"moment": moment, "most": most})


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
    return con.execute(SELECT_ANSWERED, {"item": item_id, "reviewers": reviewers}).fetchone() is not None


def skip_item(con: Connection, item_id: int, reviewer: str, reason: str, now: datetime) -> None:
    """This reviewer does not answer the item; it stays open to others."""
    skip = {"item_id": item_id, "reviewer": reviewer, "reason": without_secrets(reason), "skipped_at": utc_text(now)}
    upsert_row(con, "review_skip", skip, key=("item_id", "reviewer"))


def get_draft(con: Connection, item_id: int, reviewer: str) -> Draft | None:
    """What this reviewer has answered so far, unsigned."""
    row = con.execute(SELECT_DRAFT, _mine(item_id, reviewer)).fetchone()
    if row is None:
        return None
    return from_row(Draft, row, first=_answer(row["first"]), final=_answer(row["final"]))


def insert_draft(con: Connection, item_id: int, reviewer: str, answer: Answer, now: datetime) -> Draft:
    """Keep a reviewer's first answer, without secrets: what is signed later is what is kept here."""
    answer = _answer(_answer_text(answer))
    draft = Draft(item_id, reviewer, answer, answer, first_at=utc_text(now))
    text = _answer_text(answer)
    insert_row(con, "review_draft", values_of(draft, first=text, final=text))
    return draft


def update_final(con: Connection, item_id: int, reviewer: str, answer: Answer) -> None:
    """Replace the final answer; the first one stays as it was."""
    con.execute(UPDATE_FINAL, _mine(item_id, reviewer) | {"final": _answer_text(answer)})


def mark_revealed(con: Connection, item_id: int, reviewer: str, proposal_id: int) -> None:
    """Note that the reviewer has seen a proposal (0: that there is none); only the first time counts."""
    con.execute(UPDATE_REVEALED, _mine(item_id, reviewer) | {"proposal": proposal_id})


def delete_draft(con: Connection, item_id: int, reviewer: str) -> None:
    """Forget an unsigned answer."""
    con.execute(DELETE_DRAFT, _mine(item_id, reviewer))


def lost_lease(claim: Claim) -> str:
    """What a holder is told whose claim does not hold any more."""
    return (
        f"The claim on R{claim.item_id} is over: it ran out and somebody else has taken it, or it is signed already. "
        "An unsigned answer is kept; claim the item again if it is still open."
    )


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000)


def _mine(item_id: int, reviewer: str) -> dict[str, Any]:
    return {"item": item_id, "who": reviewer}


def _values(claim: Claim) -> dict[str, Any]:
    return _mine(claim.item_id, claim.reviewer) | {"slot": claim.slot, "token": claim.token}


def _answer(text: str) -> Answer:
    return answer_from_json(json.loads(text))


def _answer_text(answer: Answer) -> str:
    return json.dumps(json_without_secrets(answer_json(answer)))


def _taken(con: Connection, item_id: int) -> str:
    slots = con.execute(SELECT_HOLDERS, {"item": item_id}).fetchall()
    ends = [row["lease_until"] for row in slots if row["state"] == "claimed" and row["lease_until"]]
    if ends:
        return f"R{item_id} is being answered; its first claim ends {ends[0]}. Take another item meanwhile."
    return f"R{item_id} has all the answers it wants, or yours already. Take another item."
