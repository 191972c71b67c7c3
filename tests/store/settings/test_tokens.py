"""Tokens: valid for what they were made for, until they end, and never readable from the store."""

from __future__ import annotations

from pathlib import Path

import pytest
from retrospan.model.errors import UnknownIdError, UsageError
from retrospan.store.contract import Store
from retrospan.store.settings.tokens import Role, add_token, list_tokens, revoke_token, verify_token


def test_a_token_is_known_by_its_role_until_it_is_revoked(store: Store) -> None:
    token = add_token(store, "ci", Role.INGEST)
    found = verify_token(store, token)
    assert found is not None
    assert (found.name, found.role) == ("ci", Role.INGEST)
    revoke_token(store, "ci")
    assert verify_token(store, token) is None
    assert [(t.name, t.revoked_at is not None) for t in list_tokens(store)] == [("ci", True)]


def test_tokens_are_long_and_differ(store: Store) -> None:
    one, two = add_token(store, "one", Role.READ), add_token(store, "two", Role.READ)
    assert one != two
    assert all(len(token.rsplit("_", 1)[0]) >= 16 and len(token) >= 60 for token in (one, two))


def test_neither_the_token_nor_its_secret_is_in_the_store(store: Store) -> None:
    secret = add_token(store, "ci", Role.INGEST).split("_", 2)[2].encode()
    files = b"".join(path.read_bytes() for path in Path(store.location).parent.glob("store.db*"))
    assert secret not in files


@pytest.mark.parametrize("change", ["shorter", "longer", "upper case", "empty", "not ASCII"])
def test_anything_else_is_no_token(store: Store, change: str) -> None:
    token = add_token(store, "ci", Role.INGEST)
    changed = {"shorter": token[:-1], "longer": f"{token}x", "upper case": token.upper(), "empty": ""}
    assert verify_token(store, changed.get(change, "é")) is None


def test_the_secret_of_one_does_not_open_another(store: Store) -> None:
    one, two = add_token(store, "one", Role.READ), add_token(store, "two", Role.AGENT)
    mixed = "_".join((*two.split("_", 2)[:2], one.split("_", 2)[2]))
    assert verify_token(store, mixed) is None


def test_a_token_expires(store: Store) -> None:
    token = add_token(store, "ci", Role.INGEST, days=1)
    assert verify_token(store, token) is not None
    with store.write() as con:
        con.execute("UPDATE token SET expires_at = '2026-01-01T00:00:00+00:00'")
    assert verify_token(store, token) is None


def test_names_are_used_once(store: Store) -> None:
    add_token(store, "ci", Role.INGEST)
    revoke_token(store, "ci")
    with pytest.raises(UsageError, match="'ci' already"):
        add_token(store, "ci", Role.READ)
    with pytest.raises(UsageError, match="not allowed"):
        add_token(store, "../ci", Role.READ)
    with pytest.raises(UnknownIdError, match="No valid token 'ci'"):
        revoke_token(store, "ci")
