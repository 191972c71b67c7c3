"""Invitations to the review page: who may choose a passphrase by a link, kept by the hash of the link's token."""

from __future__ import annotations

from dataclasses import dataclass

from ..contract import Connection
from ..fields import from_row, insert_row, values_of

SELECT_INVITATION = "SELECT * FROM review_invitation WHERE token_sha256 = :token"
SELECT_OPEN = """
SELECT * FROM review_invitation WHERE used_at IS NULL AND expires_at > :now ORDER BY made_at, name
"""
USE = """
UPDATE review_invitation SET used_at = :now WHERE token_sha256 = :token AND used_at IS NULL AND expires_at > :now
"""
GIVE_BACK = "UPDATE review_invitation SET used_at = NULL WHERE token_sha256 = :token"
WITHDRAW = "UPDATE review_invitation SET used_at = :now WHERE name = :name AND used_at IS NULL"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link for one person to choose a passphrase. Used once."""

    token_sha256: str
    name: str
    replaces: str
    """Fingerprint of the key that the new one takes the place of; empty for a new person."""
    made_by: str
    """Fingerprint of whoever made it, who vouches for whom they invite."""
    made_at: str
    expires_at: str
    used_at: str | None = None
    signature: str = ""
    """JSON of the block by which `made_by` signed all but `used_at`: who can write the file cannot let anybody in."""


def insert_invitation(con: Connection, invitation: Invitation) -> None:
    """Keep an invitation; earlier ones of the same name are over."""
    con.execute(WITHDRAW, {"name": invitation.name, "now": invitation.made_at})
    insert_row(con, "review_invitation", values_of(invitation))


def get_invitation(con: Connection, token_sha256: str, now: str) -> Invitation | None:
    """The invitation of a link while it holds."""
    row = con.execute(SELECT_INVITATION, {"token": token_sha256}).fetchone()
    found = None if row is None else from_row(Invitation, row)
    return found if found is not None and found.used_at is None and found.expires_at > now else None


def use_invitation(con: Connection, token_sha256: str, now: str) -> bool:
    """Take it, once; whether it was there to take."""
    return con.execute(USE, {"token": token_sha256, "now": now}).rowcount == 1


def give_back_invitation(con: Connection, token_sha256: str) -> None:
    """It was taken for nothing."""
    con.execute(GIVE_BACK, {"token": token_sha256})


def open_invitations(con: Connection, now: str) -> list[Invitation]:
    """Those that nobody has used yet."""
    return [from_row(Invitation, row) for row in con.execute(SELECT_OPEN, {"now": now})]
