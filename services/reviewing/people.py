"""Reviewers: add one, vouch for one, believe one no longer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import platformdirs

from ...model.clock import utc_now, utc_text
from ...model.errors import RefusedError, UsageError
from ...model.reviews import Reviewer, ReviewerStatus
from ...store.contract import Store
from ...store.reviews.reviewers import (
    find_record,
    find_reviewer,
    insert_reviewer,
    load_records,
    load_roster,
    place_of,
)
from ...store.reviews.typed import hand_over_words
from ...trust.config import forget_demo_pins, load_trust_file, pin_reviewer, revoke_reviewer
from ...trust.folders import keys_folder
from ...trust.keys import KdfCost, check_passphrase, create_key, key_path, retire_key
from ...trust.reviewers import ReviewerRecord, countersign, make_reviewer
from ...trust.session import ReviewSession, open_demo_session, open_session

NAME_LIMIT = 100


def list_reviewers(store: Store) -> list[Reviewer]:
    """Everybody known here, by name, with how far their key is trusted."""
    return list(load_roster(store).reviewers)


def nobody_is_trusted() -> bool:
    """Whether the user's configuration pins no reviewer yet, so that the first one may be pinned."""
    return not any(pin.demo_store is None for pin in load_trust_file().pins)


def add_reviewer(
    store: Store,
    name: str,
    passphrase: str,
    *,
    pin: bool = False,
    now: datetime | None = None,
    cost: KdfCost | None = None,
) -> Reviewer:
    """Make a key for a reviewer, keep it encrypted in the user's configuration, and announce it to the store.

    Args:
        store: Where the reviewer is to sign.
        name: Their name, as it stands in signatures.
        passphrase: As typed on a terminal; see `store.trust.passphrase`.
        pin: Trust the key from now on; the face has asked the person. Allowed while nobody is trusted yet; after that
            a trusted reviewer countersigns with `vouch_for`.
        now: For tests.
        cost: Of the passphrase derivation.

    Raises:
        UsageError: if the name is empty, too long or taken, or the passphrase weak.
        RefusedError: if `pin` is asked for and somebody is trusted already, or the store is a demo store.
    """
    name = name.strip()
    if not name or len(name) > NAME_LIMIT or not name.isprintable():
        raise UsageError(f"A reviewer's name has 1 to {NAME_LIMIT} printable characters.")
    if store.kind == "demo":
        raise RefusedError("A demo store has its own demo reviewer. Use your own store to add reviewers.")
    check_passphrase(passphrase)
    if pin and not nobody_is_trusted():
        names = ", ".join(sorted(entry.name for entry in load_trust_file().pins if entry.demo_store is None))
        raise RefusedError(
            f"A reviewer is trusted here already ({names}). "
            f"Add {name!r} without a pin, then let one of them countersign."
        )
    moment = utc_text(now or utc_now())
    create_key(keys_folder(), name, passphrase, created_at=moment, cost=cost)
    session = open_session(keys_folder(), name, passphrase)
    _announce(store, make_reviewer(session, now=moment), moment)
    if pin:
        pin_reviewer(name, session.public_key, now=moment)
    session.lock()
    return _listed(store, session.fingerprint)


def invite_in(store: Store, host: ReviewSession, name: str, passphrase: str) -> ReviewSession:
    """Make an invited person's key, vouch for it and unlock it; where vouching fails no key is left behind.

    Raises:
        UsageError: if the passphrase is weak, or the name taken.
        RefusedError: if the host's key is not trusted here.
    """
    add_reviewer(store, name, passphrase)
    try:
        session = unlock_reviewer(name, passphrase)
        vouch_for(store, host, session.fingerprint)
    except BaseException:
        key_path(keys_folder(), name).unlink(missing_ok=True)
        raise
    return session


def unlock_reviewer(name: str, passphrase: str) -> ReviewSession:
    """The session of a reviewer whose key lies in this user's configuration.

    Raises:
        UnknownIdError: if there is no such key.
        RefusedError: if the passphrase is wrong.
    """
    return open_session(keys_folder(), name, passphrase)


def announce(store: Store, session: ReviewSession, *, now: str) -> None:
    """Make the reviewer's public record known to a store that does not have it yet, before they sign in it."""
    with store.read() as con:
        known = any(record.fingerprint == session.fingerprint for record in load_records(con))
    if not known:
        _announce(store, make_reviewer(session, now=now), now)


def vouch_for(store: Store, session: ReviewSession, name: str, *, now: datetime | None = None) -> Reviewer:
    """Countersign a reviewer's key, as one who is trusted: from then on their signatures count.

    Args:
        store: The store that knows both.
        session: The trusted reviewer, unlocked.
        name: Name or fingerprint of the new one; compare the fingerprint with them first.
        now: For tests.

    Raises:
        UnknownIdError: if the store does not know the new one.
        RefusedError: if the session's key is not trusted here.
    """
    moment = utc_text(now or utc_now())
    record = countersign(session, find_record(store, name), load_roster(store).trust, now=moment)
    _announce(store, record, moment)
    return _listed(store, record.fingerprint)


def trust_reviewer(store: Store, name: str, *, now: datetime | None = None) -> Reviewer:
    """Pin a reviewer that the store knows, as this user's own decision; the face has shown the fingerprint and asked.

    Raises:
        UnknownIdError: if the store does not know them.
        RefusedError: if it is a demo reviewer.
    """
    record = find_record(store, name)
    if record.demo:
        raise RefusedError(f"{record.name!r} is a demo reviewer and counts in its demo store only.")
    pin_reviewer(record.name, record.public_key, now=utc_text(now or utc_now()))
    return _listed(store, record.fingerprint)


def rotate_key(
    store: Store,
    session: ReviewSession,
    passphrase: str,
    *,
    now: datetime | None = None,
    cost: KdfCost | None = None,
) -> Reviewer:
    """Give a reviewer a new key under their name; the old one vouches for it, and signs nothing from then on.

    What the old key signed stays valid. Its file moves to `keys/retired`, still encrypted.

    Args:
        store: A store that knows the reviewer.
        session: The reviewer, unlocked with the old key.
        passphrase: Of the new key, as typed on a terminal.
        now: For tests.
        cost: Of the passphrase derivation.

    Raises:
        UsageError: if the passphrase is weak.
        RefusedError: if the old key is a demo key, or does not count here.
    """
    clock = now or utc_now()
    moment = utc_text(clock)
    if session.demo:
        raise RefusedError("A demo reviewer keeps its key; it guards nothing.")
    check_passphrase(passphrase)
    trust = load_roster(store).trust
    former = trust.find(session.fingerprint)
    if former is None or former.refuses(moment):
        raise RefusedError(f"The key of {session.name!r} does not count here, so it cannot vouch for a new one.")
    announce(store, session, now=moment)
    retire_key(keys_folder(), session.name, session.fingerprint)
    create_key(keys_folder(), session.name, passphrase, created_at=moment, cost=cost)
    fresh = open_session(keys_folder(), session.name, passphrase)
    record = countersign(session, make_reviewer(fresh, now=moment), trust, now=moment)
    _announce(store, record, moment)
    with store.write() as con:
        hand_over_words(con, session.fingerprint, fresh.fingerprint)
    if former.status is ReviewerStatus.PINNED:
        pin_reviewer(session.name, fresh.public_key, now=moment)
    fresh.lock()
    # A second later, so that the old key's last signature, the one for the new key, still counts.
    revoke_reviewer(session.fingerprint, now=utc_text(clock + timedelta(seconds=1)), compromised=False)
    return _listed(store, record.fingerprint)


def distrust_reviewer(store: Store, name: str, *, compromised: bool, now: datetime | None = None) -> Reviewer:
    """Believe a reviewer's key no longer: nothing signed from now on, or nothing at all where it is `compromised`.

    Raises:
        UnknownIdError: if the store does not know them.
    """
    record = find_record(store, name)
    revoke_reviewer(record.fingerprint, now=utc_text(now or utc_now()), compromised=compromised)
    return _listed(store, record.fingerprint)


def demo_reviewer(store: Store, *, now: datetime | None = None) -> ReviewSession:
    """The reviewer of a demo store, unlocked without a passphrase. It counts in this store and nowhere else.

    Raises:
        RefusedError: if the store is no demo store, is the user's own, or has real reviewers.
    """
    with store.read() as con:
        real = any(not record.demo for record in load_records(con))
    own = Path(platformdirs.user_data_dir("retrospan", appauthor=False)) / "store.db"
    if store.kind != "demo" or real or store.location == str(own):
        raise RefusedError("A demo reviewer signs in demo stores only; this is an ordinary store.")
    moment = utc_text(now or utc_now())
    session = open_demo_session(_demo_keys(), store.id, now=moment)
    if load_roster(store).trust.find(session.fingerprint) is None:
        forget_lost_demos()
        pin_reviewer(session.name, session.public_key, now=moment, demo_store=store.id, demo_place=place_of(store))
        _announce(store, make_reviewer(session, now=moment), moment)
    return session


def forget_demo(store: Store) -> None:
    """Remove a demo store's reviewer from the user's configuration, when the store is thrown away."""
    _drop_demo_keys([*forget_demo_pins(store.id), store.id])


def forget_lost_demos() -> int:
    """Remove the reviewers of demo stores that are not there any more; returns how many."""
    return _drop_demo_keys(forget_demo_pins())


def _drop_demo_keys(stores: Sequence[str]) -> int:
    for store_id in stores:
        key_path(_demo_keys(), f"demo-{store_id}").unlink(missing_ok=True)
    return len(stores)


def _demo_keys() -> Path:
    """Apart from people's keys, so that nobody is asked for the passphrase of one."""
    return keys_folder() / "demo"


def _announce(store: Store, record: ReviewerRecord, now: str) -> None:
    with store.write() as con:
        insert_reviewer(con, record, now=now)


def _listed(store: Store, key_fingerprint: str) -> Reviewer:
    found = find_reviewer(load_roster(store), key_fingerprint)
    assert found is not None
    return found
