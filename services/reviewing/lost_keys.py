"""Keys that are kept elsewhere, brought back, or replaced because nobody can open them any more."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from ...model.clock import utc_now, utc_text
from ...model.errors import RefusedError
from ...model.reviews import Reviewer, ReviewerStatus
from ...store.contract import Store
from ...store.reviews.reviewers import find_record, load_roster
from ...store.reviews.typed import hand_over_words
from ...trust.config import pin_reviewer, revoke_reviewer, trusted_pins
from ...trust.files import write_atomic
from ...trust.folders import keys_folder
from ...trust.keys import KdfCost, check_passphrase, key_path, open_key, read_key_file, retire_key
from ...trust.session import ReviewSession
from .people import add_reviewer, vouch_for


def backup_key(name: str, path: Path) -> Path:
    """Copy an encrypted key file; returns where it is.

    Raises:
        UsageError: if the file is there already, or its name is not plain.
        StoreError: if the disk refuses.
    """
    _, data = read_key_file(key_path(keys_folder(), name))
    return write_atomic(path.resolve().parent, path.name, data, mode=0o600, fresh=True)


def restore_key(path: Path, passphrase: str) -> str:
    """Bring a key back from its copy; returns whose it is.

    Raises:
        BadInputError: if the file is no key file.
        RefusedError: if the passphrase does not open it; nothing is left behind.
        UsageError: if a key of that name is here.
    """
    name, data = read_key_file(path)
    place = key_path(keys_folder(), name)
    write_atomic(keys_folder(), place.name, data, mode=0o600, fresh=True)
    try:
        open_key(keys_folder(), name, passphrase)
    except BaseException:
        place.unlink(missing_ok=True)
        raise
    return name


def replace_lost_key(
    store: Store,
    key_fingerprint: str,
    passphrase: str,
    voucher: ReviewSession | None,
    *,
    now: datetime | None = None,
    cost: KdfCost | None = None,
) -> Reviewer:
    """Give a person a new key where nobody can open the old one. What the old one signed stays valid.

    Args:
        store: A store that knows the person.
        key_fingerprint: Of the old key.
        passphrase: Of the new one, as typed on a terminal.
        voucher: A trusted reviewer, unlocked, who vouches for the new key. None where the old key is the only one that
            is pinned here: then the new one takes its place, as this user's own decision.
        now: For tests.
        cost: Of the passphrase derivation.

    Raises:
        UsageError: if the passphrase is weak.
        RefusedError: if nobody vouches and others are trusted here who could, or the voucher is the lost key.
    """
    check_passphrase(passphrase)
    record = find_record(store, key_fingerprint)
    alone = [pin.fingerprint for pin in trusted_pins()] == [record.fingerprint]
    if voucher is None and not alone:
        raise RefusedError(f"Others are trusted here. Let one of them vouch for {record.name}'s new key: --as NAME.")
    if voucher is not None:
        key = load_roster(store).trust.find(voucher.fingerprint)
        if key is None or key.revoked or voucher.fingerprint == record.fingerprint:
            raise RefusedError(f"The key of {voucher.name!r} does not count here, so it cannot vouch for a new one.")
    clock = now or utc_now()
    if key_path(keys_folder(), record.name).exists():
        retire_key(keys_folder(), record.name, record.fingerprint)
    fresh = add_reviewer(store, record.name, passphrase, now=clock, cost=cost)
    if voucher is not None:
        fresh = vouch_for(store, voucher, fresh.fingerprint, now=clock)
    else:
        pin_reviewer(fresh.name, fresh.public_key, now=utc_text(clock))
    # A second later, since moments are told in seconds: what was signed in this one still counts.
    revoke_reviewer(record.fingerprint, now=utc_text(clock + timedelta(seconds=1)), compromised=False)
    with store.write() as con:
        hand_over_words(con, record.fingerprint, fresh.fingerprint)
    return next(
        entry
        for entry in load_roster(store).reviewers
        if entry.fingerprint == fresh.fingerprint and entry.status is not ReviewerStatus.UNTRUSTED
    )
