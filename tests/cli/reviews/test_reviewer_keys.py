"""`retrospan reviewer passkeys|backup|restore|lost` and `review decides`: people at a terminal, and nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import run
from retrospan.cli.reviews import reviewer_keys
from retrospan.page import passkeys
from retrospan.services.reviewing.asking import get_review, request_review
from retrospan.trust.folders import keys_folder
from retrospan.trust.keys import key_path
from reviewdesk import PASSPHRASE, QUESTION, Desk


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person who types the passphrase."""
    monkeypatch.setattr(reviewer_keys, "read_passphrase", lambda _: PASSPHRASE)
    monkeypatch.setattr(reviewer_keys, "require_terminal", lambda: None)


def have_passkey(reviewer: str) -> None:
    entry = passkeys._Passkey(
        reviewer=reviewer, rp_id="localhost", credential_id="AAAA", public_key="AAAA", sign_count=0
    )
    passkeys._save(passkeys._File(passkeys=[entry]))


@pytest.mark.usefixtures("typed")
def test_an_administrator_lists_and_removes_passkeys(desk: Desk) -> None:
    ada = desk.reviewer()
    desk.reviewer("Ben", pin=False)
    have_passkey(ada.fingerprint)
    at = ("--store", str(desk.store.location))
    assert "localhost" in run("reviewer", "passkeys", "Ada", *at).out
    refused = run("reviewer", "passkeys", "Ada", "--remove", "--as", "Ben", *at)
    assert refused.code != 0 and passkeys.has_passkey(ada.fingerprint)
    assert "1 removed" in run("reviewer", "passkeys", "Ada", "--remove", "--as", "Ada", *at).out
    assert not passkeys.has_passkey(ada.fingerprint)


@pytest.mark.usefixtures("typed")
def test_a_key_is_backed_up_and_brought_back(desk: Desk, tmp_path: Path) -> None:
    desk.reviewer()
    copy = str(tmp_path / "ada.key.json")
    assert "is in" in run("reviewer", "backup", "Ada", copy).out
    key_path(keys_folder(), "Ada").unlink()
    assert "here again" in run("reviewer", "restore", copy).out


@pytest.mark.parametrize(
    "command", [("reviewer", "lost", "Ada"), ("reviewer", "passkeys", "Ada", "--remove"), ("review", "decides", "R1")]
)
def test_without_a_terminal_nothing_is_done(desk: Desk, command: tuple[str, ...]) -> None:
    ada = desk.reviewer()
    have_passkey(ada.fingerprint)
    request_review(desk.store, "T1", QUESTION, by="agent:x")
    done = run(*command, "--store", str(desk.store.location))
    assert done.code != 0 and "terminal" in done.err
    assert passkeys.has_passkey(ada.fingerprint)
    assert get_review(desk.store, "R1").item.decides == ""
