"""Who is signed in: sessions in memory with an unlocked key, invitations, and a limit on guessing."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..model.errors import RefusedError, RetrospanError
from ..services.reviewing.people import invite_in, unlock_reviewer
from ..services.serving.limiting import Limiter, TooMany, Turns
from ..store.audit.access import AccessKind, record_access
from ..store.contract import Store
from ..trust.files import slug
from ..trust.folders import keys_folder
from ..trust.keys import key_path
from ..trust.session import ReviewSession

IDLE_SECONDS = 30 * 60
INVITATION_SECONDS = 7 * 24 * 3600
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


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link for one person to choose a passphrase. Used once."""

    name: str
    expires_at: float


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
        self._invitations: dict[str, Invitation] = {}
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
        token = secrets.token_urlsafe(32)
        self._invitations[token] = Invitation(name, self._clock() + INVITATION_SECONDS)
        return token

    def invitation(self, token: str) -> Invitation | None:
        """The invitation of a link, while it holds."""
        found = next((i for known, i in list(self._invitations.items()) if same_text(known, token)), None)
        return found if found is not None and found.expires_at > self._clock() else None

    def accept(self, token: str, passphrase: str) -> str:
        """Make the invited person's key, vouch for it, and sign them in; returns the cookie.

        Raises:
            RefusedError: if the invitation is used or over.
            UsageError: if the passphrase is weak; the invitation stays.
        """
        with self._turns.turn("people signing in"):
            invitation = self.invitation(token)
            if invitation is None or self._host is None:
                raise RefusedError("This invitation was used already, or is over. Ask for a new one.")
            session = invite_in(self._store, self._host, invitation.name, passphrase)
            self._invitations.pop(token, None)
        self._note(invitation.name, "by invitation", "")
        return self._admit(session)

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
