"""Access tokens of the server: made, checked, revoked. The store keeps hashes; a token is shown once."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from ...model.errors import UnknownIdError, UsageError, did_you_mean
from ..contract import Store
from ..fields import from_row, insert_row, values_of

PREFIX = "rts"
"""First part of every token, so that secret scanners can be told of it."""

_SECRET_BYTES = 32
_HANDLE_BYTES = 6
_TOKEN = re.compile(rf"{PREFIX}_([0-9a-f]{{12}})_([A-Za-z0-9_-]{{43}})")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

SELECT_TOKENS = "SELECT * FROM token ORDER BY id"
SELECT_NAME = "SELECT 1 FROM token WHERE name = :name"
SELECT_TOKEN = "SELECT * FROM token WHERE handle = :handle"
REVOKE_TOKEN = "UPDATE token SET revoked_at = :now WHERE name = :name AND revoked_at IS NULL"


class Role(StrEnum):
    """What a token may do; no role includes another."""

    INGEST = "ingest"
    """Send traces."""
    READ = "read"
    """Use the read-only tools at /mcp."""
    AGENT = "agent"
    """Use all tools at /mcp: read, propose, request reviews. No token confirms anything."""


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token; the token itself is not. Times are UTC, ISO 8601."""

    name: str
    role: Role
    created_at: str
    expires_at: str | None = None
    revoked_at: str | None = None


def add_token(store: Store, name: str, role: Role, *, days: int | None = None) -> str:
    """Make a token and return it; it cannot be shown again.

    Args:
        store: Where it will be valid.
        name: How people call it: letters, digits, `.`, `_`, `-`; 64 characters at most.
        role: What it may do.
        days: How long it lasts; None for until it is revoked.

    Raises:
        UsageError: if the name is taken or not allowed.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"Token name {name!r} is not allowed (letters, digits, '.', '_', '-'; 64 at most).")
    handle, secret = secrets.token_hex(_HANDLE_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
    now = datetime.now(UTC)
    expires = None if days is None else _iso(now + timedelta(days=days))
    token = Token(name=name, role=role, created_at=_iso(now), expires_at=expires)
    with store.write() as con:
        if con.execute(SELECT_NAME, {"name": name}).fetchone():
            raise UsageError(f"There was a token {name!r} already. Names are not used twice; choose another.")
        insert_row(con, "token", values_of(token, handle=handle, secret_sha256=_hash(secret)))
    return f"{PREFIX}_{handle}_{secret}"


def list_tokens(store: Store) -> list[Token]:
    """All tokens, also revoked ones, oldest first."""
    with store.read() as con:
        return [from_row(Token, row) for row in con.execute(SELECT_TOKENS)]


def revoke_token(store: Store, name: str) -> None:
    """Make a token invalid from the next request on.

    Raises:
        UnknownIdError: if there is no valid token of that name.
    """
    with store.write() as con:
        revoked = con.execute(REVOKE_TOKEN, {"now": _iso(datetime.now(UTC)), "name": name}).rowcount
    if not revoked:
        valid = [token.name for token in list_tokens(store) if token.revoked_at is None]
        raise UnknownIdError(
            "valid token", name, known=did_you_mean(name, valid), next_step="Run `retrospan token list`."
        )


def verify_token(store: Store, presented: str) -> Token | None:
    """The token if it is valid now, else None. Takes the same time whichever part of the secret is wrong."""
    parts = _TOKEN.fullmatch(presented)
    if parts is None:
        return None
    with store.read() as con:
        row = con.execute(SELECT_TOKEN, {"handle": parts[1]}).fetchone()
    if row is None or not hmac.compare_digest(row["secret_sha256"], _hash(parts[2])):
        return None
    token = from_row(Token, row)
    expired = token.expires_at is not None and token.expires_at <= _iso(datetime.now(UTC))
    return None if expired or token.revoked_at is not None else token


def _hash(secret: str) -> bytes:
    """One round is enough: the secret is 32 random bytes, so there is nothing to guess."""
    return hashlib.sha256(secret.encode()).digest()


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
