"""The private key opens with its passphrase only, and no field of its file can be exchanged."""

from __future__ import annotations

import json
import pickle
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from retrospan.model.errors import BadInputError, RefusedError, UnknownIdError, UsageError
from retrospan.trust.keys import KdfCost, create_key, fingerprint, key_names, key_path, signature_fits
from retrospan.trust.session import ReviewSession, open_session

PASSPHRASE = "correct horse battery"
QUICK = KdfCost(n=2**10)
NOW = "2026-11-22T11:00:00Z"


def test_opened_key_signs_for_the_public_key_that_was_announced(tmp_path: Path) -> None:
    public = create_key(tmp_path, "Ada", PASSPHRASE, created_at=NOW, cost=QUICK)

    session = open_session(tmp_path, "Ada", PASSPHRASE)

    assert session.public_key == public
    assert signature_fits(public, session.sign(b"words"), b"words")
    assert not signature_fits(public, session.sign(b"words"), b"other words")


def test_key_file_is_readable_by_its_owner_only_and_holds_no_secret_in_clear(tmp_path: Path) -> None:
    create_key(tmp_path, "Ada", PASSPHRASE, created_at=NOW, cost=QUICK)
    path = key_path(tmp_path, "Ada")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["kdf"]["n"] == 2**10
    assert key_names(tmp_path) == ["ada"]


def test_default_cost_is_a_hundred_megabytes() -> None:
    assert 128 * KdfCost().n * KdfCost().r >= 128 * 1024 * 1024


def test_wrong_passphrase_is_refused(tmp_path: Path) -> None:
    create_key(tmp_path, "Ada", PASSPHRASE, created_at=NOW, cost=QUICK)

    with pytest.raises(RefusedError, match="does not open"):
        open_session(tmp_path, "Ada", PASSPHRASE + "x")


@pytest.mark.parametrize("field", ["name", "public_key", "created_at", "demo"])
def test_exchanged_field_makes_the_file_unusable(tmp_path: Path, field: str) -> None:
    create_key(tmp_path, "Ada", PASSPHRASE, created_at=NOW, cost=QUICK)
    path = key_path(tmp_path, "Ada")
    other: object = True if field == "demo" else ReviewSession("Eve", Ed25519PrivateKey.generate()).public_key
    fields = json.loads(path.read_text()) | {field: other}
    path.write_text(json.dumps(fields))

    with pytest.raises(RefusedError):
        open_session(tmp_path, "Ada", PASSPHRASE)


def test_key_file_with_absurd_cost_is_refused_before_it_is_tried(tmp_path: Path) -> None:
    create_key(tmp_path, "Ada", PASSPHRASE, created_at=NOW, cost=QUICK)
    path = key_path(tmp_path, "Ada")
    fields = json.loads(path.read_text())
    fields["kdf"]["n"] = 2**40
    path.write_text(json.dumps(fields))

    with pytest.raises(BadInputError, match="no reviewer key file"):
        open_session(tmp_path, "Ada", PASSPHRASE)


def test_short_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least 12"):
        create_key(tmp_path, "Ada", "short", created_at=NOW, cost=QUICK)
    assert key_names(tmp_path) == []


def test_second_key_of_a_name_is_refused_and_the_first_kept(tmp_path: Path) -> None:
    public = create_key(tmp_path, "Ada", PASSPHRASE, created_at=NOW, cost=QUICK)

    with pytest.raises(UsageError, match="exists already"):
        create_key(tmp_path, "ada", "another passphrase", created_at=NOW, cost=QUICK)
    assert open_session(tmp_path, "Ada", PASSPHRASE).public_key == public


def test_unknown_name_says_which_keys_are_here(tmp_path: Path) -> None:
    create_key(tmp_path, "Ada", PASSPHRASE, created_at=NOW, cost=QUICK)

    with pytest.raises(UnknownIdError, match="here: ada"):
        open_session(tmp_path, "Bob", PASSPHRASE)


def test_key_file_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    create_key(tmp_path / "real", "Ada", PASSPHRASE, created_at=NOW, cost=QUICK)
    (tmp_path / "keys").mkdir()
    key_path(tmp_path / "keys", "Ada").symlink_to(key_path(tmp_path / "real", "Ada"))

    with pytest.raises(BadInputError, match="is a link"):
        open_session(tmp_path / "keys", "Ada", PASSPHRASE)


def test_locked_session_signs_no_more() -> None:
    session = ReviewSession("Ada", Ed25519PrivateKey.generate())
    session.lock()

    with pytest.raises(RefusedError, match="locked"):
        session.sign(b"words")


def test_session_leaves_its_process_by_no_door() -> None:
    session = ReviewSession("Ada", Ed25519PrivateKey.generate())

    with pytest.raises(TypeError, match="never copied"):
        pickle.dumps(session)
    assert "Private" not in repr(session)


@pytest.mark.parametrize("key", ["", "AAAA", "%%%", "A" * 400])
def test_fingerprint_of_no_key_is_refused(key: str) -> None:
    with pytest.raises(BadInputError):
        fingerprint(key)
