"""A key that is kept elsewhere, brought back, or replaced where nobody can open it."""

from __future__ import annotations

from pathlib import Path

import pytest
from retrospan.model.errors import BadInputError, RefusedError, UsageError
from retrospan.model.reviews import ReviewerStatus
from retrospan.services.reviewing.lost_keys import backup_key, replace_lost_key, restore_key
from retrospan.services.reviewing.people import unlock_reviewer, vouch_for
from retrospan.store.reviews.verdicts import get_verdict
from retrospan.trust.folders import keys_folder
from retrospan.trust.keys import KdfCost, key_path
from reviewdesk import PASSPHRASE, Desk

CHEAP = KdfCost(n=2**10)
FRESH = "another four plain words"


def test_a_key_comes_back_from_its_backup(desk: Desk, tmp_path: Path) -> None:
    desk.reviewer()
    copy = backup_key("Ada", tmp_path / "ada.key.json")
    assert copy.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError, match="exists already"):
        backup_key("Ada", copy)
    key_path(keys_folder(), "Ada").unlink()
    with pytest.raises(RefusedError):
        restore_key(copy, "wrong words entirely")
    assert not key_path(keys_folder(), "Ada").exists()
    assert restore_key(copy, PASSPHRASE) == "Ada"
    assert unlock_reviewer("Ada", PASSPHRASE).name == "Ada"
    with pytest.raises(UsageError, match="exists already"):
        restore_key(copy, PASSPHRASE)


def test_what_is_no_key_file_is_not_brought_back(tmp_path: Path) -> None:
    other = tmp_path / "notes.json"
    other.write_text("{}")
    with pytest.raises(BadInputError, match="no reviewer key file"):
        restore_key(other, PASSPHRASE)


def test_a_lost_key_is_replaced_by_whoever_vouches(desk: Desk) -> None:
    ada, _ = desk.reviewer(), desk.reviewer("Ben", pin=False)
    vouch_for(desk.store, ada, "Ben")
    ben = desk.unlock("Ben")
    verdict = desk.decide(ben)
    with pytest.raises(RefusedError, match="--as NAME"):
        replace_lost_key(desk.store, ben.fingerprint, FRESH, None, cost=CHEAP)

    fresh = replace_lost_key(desk.store, ben.fingerprint, FRESH, ada, cost=CHEAP)

    assert (fresh.status, fresh.vouched_by) == (ReviewerStatus.COUNTERSIGNED, "Ada")
    assert unlock_reviewer("Ben", FRESH).fingerprint == fresh.fingerprint != ben.fingerprint
    assert list((keys_folder() / "retired").iterdir())
    with pytest.raises(RefusedError, match="revoked"):
        desk.decide(ben, trace="T2")
    assert get_verdict(desk.store, verdict.short_id).reviewer == ben.fingerprint


def test_the_only_reviewer_is_pinned_anew(desk: Desk) -> None:
    ada = desk.reviewer()
    fresh = replace_lost_key(desk.store, ada.fingerprint, FRESH, None, cost=CHEAP)
    assert fresh.status is ReviewerStatus.PINNED
    assert desk.decide(unlock_reviewer("Ada", FRESH)).confirmed


def test_a_lost_key_vouches_for_nothing(desk: Desk) -> None:
    ada = desk.reviewer()
    with pytest.raises(RefusedError, match="cannot vouch"):
        replace_lost_key(desk.store, ada.fingerprint, FRESH, ada, cost=CHEAP)
    mallory = desk.reviewer("Mallory", pin=False)
    with pytest.raises(RefusedError, match="cannot vouch"):
        replace_lost_key(desk.store, ada.fingerprint, FRESH, mallory, cost=CHEAP)
