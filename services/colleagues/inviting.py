"""Invitations and resets: links by which one person chooses a passphrase, made by whoever may, kept in the store."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from ...model.clock import utc_now, utc_text
from ...model.errors import RefusedError, UsageError
from ...model.fields import record_of
from ...model.reviews import Reviewer, ReviewerStatus, SignatureState
from ...model.traces import JsonValue
from ...store.contract import Store
from ...store.reviews.invitations import (
    Invitation,
    get_invitation,
    give_back_invitation,
    insert_invitation,
    open_invitations,
    use_invitation,
)
from ...store.reviews.reviewers import find_reviewer, load_roster, load_trust
from ...trust.session import ReviewSession
from ...trust.signing import check_signature, read_signature, sign_manifest
from ..reviewing.lost_keys import replace_lost_key
from ..reviewing.people import NAME_LIMIT, add_reviewer, invite_in, unlock_reviewer

_KIND = "invitation"
LASTS = timedelta(days=7)
_OVER = "This invitation was used already, or is over. Ask for a new one."


def may_invite(store: Store, session: ReviewSession) -> bool:
    """Whether this person may let others in and renew their keys: those whom the user's configuration pins."""
    known = find_reviewer(load_roster(store), session.fingerprint)
    return known is not None and known.status is ReviewerStatus.PINNED


def invite(store: Store, session: ReviewSession, name: str, *, now: datetime | None = None) -> str:
    """The token of a new invitation; earlier ones of this name are over.

    Args:
        store: Where the invited person is to sign.
        session: Who invites, and vouches for whom they invite.
        name: Of the new person.
        now: For tests.

    Raises:
        RefusedError: if this person may not invite.
        UsageError: if the name is none, or somebody has it.
    """
    _require(store, session)
    name = " ".join(name.split())
    if not name or len(name) > NAME_LIMIT or not name.isprintable():
        raise UsageError(f"A name has 1 to {NAME_LIMIT} printable characters.")
    if any(entry.name.casefold() == name.casefold() for entry in load_roster(store).reviewers):
        raise UsageError(f"{name} is here already. Where the passphrase is lost, let them choose a new one instead.")
    return _insert(store, session, name, "", now)


def invite_again(store: Store, session: ReviewSession, reviewer: str, *, now: datetime | None = None) -> str:
    """The token by which a person whose passphrase is lost chooses a new one; what they signed stays valid.

    Args:
        store: Where.
        session: Who vouches for the new key.
        reviewer: Fingerprint of the old key.
        now: For tests.

    Raises:
        RefusedError: if this person may not, or the key is pinned: that is changed where it is pinned.
        UsageError: if nobody has this key.
    """
    _require(store, session)
    known = _known(store, reviewer)
    if known.status is ReviewerStatus.PINNED:
        raise RefusedError(
            f"The key of {known.name} is pinned in the settings of whoever runs the page. It is replaced there: "
            f"`retrospan reviewer lost '{known.name}'`."
        )
    return _insert(store, session, known.name, reviewer, now)


def invitation_of(store: Store, token: str, *, now: datetime | None = None) -> Invitation | None:
    """The invitation of a link, while it holds, on whichever page it is opened.

    A row that no trusted reviewer signed, or that was changed since, is none: accepting it has their key vouch for
    whoever has the link.
    """
    with store.read() as con:
        found = get_invitation(con, _hash(token), utc_text(now or utc_now()))
    return found if found is not None and _is_signed(store, found) else None


def waiting_invitations(store: Store, *, now: datetime | None = None) -> list[Invitation]:
    """Invitations that nobody has used yet."""
    with store.read() as con:
        found = open_invitations(con, utc_text(now or utc_now()))
    return [invitation for invitation in found if _is_signed(store, invitation)]


def accept(store: Store, token: str, passphrase: str, voucher: ReviewSession | None) -> ReviewSession:
    """Make the invited person's key and unlock it; where that fails, the invitation holds on.

    Args:
        store: Where.
        token: Of the link.
        passphrase: As typed by the invited person.
        voucher: Whose unlocked key vouches for them. None: they are in, and what they sign counts once somebody does.

    Raises:
        RefusedError: if the invitation is used or over, or a lost key is to be replaced and nobody vouches.
        UsageError: if the passphrase is weak.
    """
    moment = utc_text(utc_now())
    found = invitation_of(store, token)
    if found is None:
        raise RefusedError(_OVER)
    if found.replaces and voucher is None:
        raise RefusedError(
            "Whoever sent you this link must be signed in on this page while you choose. Ask them to, and try again."
        )
    with store.write() as con:
        if not use_invitation(con, found.token_sha256, moment):
            raise RefusedError(_OVER)
    try:
        return _make(store, found, passphrase, voucher)
    except BaseException:
        with store.write() as con:
            give_back_invitation(con, found.token_sha256)
        raise


def _make(store: Store, found: Invitation, passphrase: str, voucher: ReviewSession | None) -> ReviewSession:
    if found.replaces:
        replace_lost_key(store, found.replaces, passphrase, voucher)
    elif voucher is not None:
        return invite_in(store, voucher, found.name, passphrase)
    else:
        add_reviewer(store, found.name, passphrase)
    return unlock_reviewer(found.name, passphrase)


def _insert(store: Store, session: ReviewSession, name: str, replaces: str, now: datetime | None) -> str:
    moment = now or utc_now()
    token = secrets.token_urlsafe(32)
    invitation = Invitation(
        _hash(token), name, replaces, session.fingerprint, utc_text(moment), utc_text(moment + LASTS)
    )
    block = sign_manifest(session, _KIND, _content(store, invitation), signed_at=invitation.made_at)
    with store.write() as con:
        insert_invitation(con, replace(invitation, signature=block.model_dump_json()))
    return token


def _content(store: Store, invitation: Invitation) -> dict[str, JsonValue]:
    return record_of(invitation, leave_out=("used_at", "signature"), store=store.id)


def _is_signed(store: Store, invitation: Invitation) -> bool:
    """Whether the reviewer in `made_by` signed this very invitation, for this store, and is trusted."""
    try:
        block = read_signature(json.loads(invitation.signature))
    except ValueError:
        return False
    if block is None or block.reviewer != invitation.made_by:
        return False
    checked = check_signature(_KIND, _content(store, invitation), block, load_trust(store))
    return checked.state is SignatureState.VALID


def _require(store: Store, session: ReviewSession) -> None:
    if not may_invite(store, session):
        raise RefusedError("Only those whose key is pinned here may let others in. Ask whoever invited you.")


def _known(store: Store, fingerprint: str) -> Reviewer:
    known = find_reviewer(load_roster(store), fingerprint)
    if known is None:
        raise UsageError("Nobody here has this key any more. Open the list of people again.")
    return known


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
