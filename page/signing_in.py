"""Who is signed in: sessions in memory with an unlocked key, invitations, and a limit on guessing."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..model.errors import RefusedError, RetrospanError
from ..services.colleagues.inviting import accept, invitation_of, invite
from ..services.reviewing.people import unlock_reviewer
from ..services.serving.limiting import Limiter, TooMany, Turns
from ..store.audit.access import AccessKind, record_access
from ..store.contract import Store
from ..store.reviews.invitations import Invitation
from ..trust.files import slug
from ..trust.folders import keys_folder
from ..trust.keys import key_path
from ..trust.session import ReviewSession
from .passkeys import hand_over

IDLE_SECONDS = 30 * 60
TRIES = 5
TRIES_OF_ADDRESS = 50
TRIES_WINDOW = 5 * 60
_MOST_SESSIONS = 200
_MOST_WAITING = 8
"""Sign-ins that wait for their turn; each holds a thread."""
_WRONG = "That name and passphrase do not fit together. Try again, or ask whoever invited you."


@dataclass(slots=True)
class SignedIn:
    """One browser in which a reviewer's key is unlocked. Dropped, key and all, when it idles or signs out."""

    session: ReviewSession
    form_token: str
    """Sent with every form, so that another site's page cannot send one."""
    seen_at: float
    challenge: bytes = b""
    """For the passkey that is being registered; used once."""


class FrontDoor:
    """Signing in, signing out and invitations of one page server.

    Args:
        store: The store that reviewers sign in.
        host: The unlocked key of who runs the page; it vouches for the people they invite. None: nobody is invited.
        clock: Seconds; for tests.
    """

    def __init__(self, store: Store, host: ReviewSession | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._host = host
        self._clock = clock
        self._lock = threading.Lock()
        self._signed_in: dict[str, SignedIn] = {}
        self._by_key = Limiter(TRIES, TRIES_WINDOW, clock)
        # Behind a proxy all browsers share one address, so it may fail more often than one name.
        self._by_address = Limiter(TRIES_OF_ADDRESS, TRIES_WINDOW, clock)
        self._refusals = Limiter(TRIES_OF_ADDRESS, TRIES_WINDOW, clock)
        self._turns = Turns(_MOST_WAITING)

    def invite(self, name: str) -> str:
        """The token of a new invitation for `name`.

        Raises:
            RefusedError: if the page was started without an inviter's key.
        """
        if self._host is None:
            raise RefusedError("Inviting needs the key of a trusted reviewer. Start the page with --reviewer NAME.")
        return invite(self._store, self._host, name)

    def invitation(self, token: str) -> Invitation | None:
        """The invitation of a link, while it holds, whichever page of this store made it."""
        return invitation_of(self._store, token)

    def accept(self, token: str, passphrase: str) -> str:
        """Make the invited person's key, vouch for it, and sign them in; returns the cookie.

        Raises:
            RefusedError: if the invitation is used or over, or nobody vouches where a lost key is to be replaced.
            UsageError: if the passphrase is weak; the invitation stays.
        """
        with self._turns.turn("people signing in"):
            invitation = self.invitation(token)
            voucher = self._voucher(invitation.made_by) if invitation else None
            session = accept(self._store, token, passphrase, voucher)
            if invitation is not None and invitation.replaces:
                hand_over(invitation.replaces, session.fingerprint)
        self._note(session.name, "by invitation", "")
        return self._admit(session)

    def _voucher(self, made_by: str) -> ReviewSession | None:
        """The unlocked key of whoever made an invitation: who runs the page, or is signed in on it."""
        if self._host is not None and self._host.fingerprint == made_by:
            return self._host
        with self._lock:
            self._drop_idle()
            open_keys = [found.session for found in self._signed_in.values()]
        return next((session for session in open_keys if session.fingerprint == made_by), None)

    def sign_in(self, name: str, passphrase: str, address: str) -> str:
        """Unlock a reviewer's key; returns the cookie.

        A try is counted before the passphrase is looked at, by the key that it would open, and given back where it was
        right: tries at once, and names that differ only in signs, are tries all the same.

        Raises:
            TooMany: after five failures for this key, or fifty from this address, within five minutes, or where many
                are signing in at once.
            RefusedError: if name and passphrase do not fit; it is not said which is wrong.
        """
        name, key = name.strip(), slug(name)
        wait = self._by_address.take(address)
        if not wait and (wait := self._by_key.take(key)):
            self._by_address.give_back(address)
        if wait:
            # Whoever goes on all the same would fill the log, and the disk.
            if not self._refusals.take(""):
                self._note(name, "refused: too many tries", address)
            raise TooMany("tries", wait)
        try:
            with self._turns.turn("people signing in"):
                session = unlock_reviewer(name, passphrase)
        except TooMany:
            self._by_key.give_back(key)
            self._by_address.give_back(address)
            raise
        except RetrospanError as err:
            self._note(name, "failed", address)
            raise RefusedError(_WRONG) from err
        self._by_key.give_back(key)
        self._by_address.give_back(address)
        self._note(name, "signed in", address)
        return self._admit(session)

    def _note(self, name: str, what: str, address: str) -> None:
        """In the access log; of a name that is nobody's only that it was tried, since it may be a passphrase."""
        known = key_path(keys_folder(), name).exists()
        detail = f"{what} from {address}" if address else what
        record_access(
            self._store, AccessKind.SIGN_IN, slug(name) if known else "unknown name", actor="page", detail=detail
        )

    def _admit(self, session: ReviewSession) -> str:
        cookie = secrets.token_urlsafe(32)
        with self._lock:
            self._drop_idle()
            if len(self._signed_in) >= _MOST_SESSIONS:
                raise RefusedError("Too many people are signed in at once. Try again in a while.")
            self._signed_in[cookie] = SignedIn(session, secrets.token_urlsafe(32), self._clock())
        return cookie

    def who(self, cookie: str | None) -> SignedIn | None:
        """Who this browser is; None where nobody is signed in, or it idled for half an hour."""
        with self._lock:
            self._drop_idle()
            found = self._signed_in.get(cookie or "")
            if found is not None:
                found.seen_at = self._clock()
            return found

    def sign_out(self, cookie: str | None) -> None:
        """Lock the key and forget the browser."""
        with self._lock:
            found = self._signed_in.pop(cookie or "", None)
        if found is not None:
            found.session.lock()

    def close(self) -> None:
        """Lock every key."""
        for cookie in list(self._signed_in):
            self.sign_out(cookie)

    def _drop_idle(self) -> None:
        over = [c for c, s in self._signed_in.items() if s.seen_at < self._clock() - IDLE_SECONDS]
        for cookie in over:
            self._signed_in.pop(cookie).session.lock()


def same_text(known: str, given: str) -> bool:
    """Whether two texts are the same, in a time that tells nothing; any characters may come."""
    return hmac.compare_digest(known.encode("utf-8", "surrogatepass"), given.encode("utf-8", "surrogatepass"))
