"""Who is signed in: sessions in memory with an unlocked key, invitations, and a brake on guessing."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ..model.errors import RefusedError, RetrospanError
from ..services.reviewing.people import add_reviewer, unlock_reviewer, vouch_for
from ..store.contract import Store
from ..trust.session import ReviewSession

IDLE_SECONDS = 30 * 60
INVITATION_SECONDS = 7 * 24 * 3600
TRIES = 5
TRIES_OF_ADDRESS = 50
TRIES_WINDOW = 5 * 60
_MOST_SESSIONS = 200
_WRONG = "That name and passphrase do not fit together. Try again, or ask whoever invited you."


@dataclass(slots=True)
class SignedIn:
    """One browser in which a reviewer's key is unlocked. Dropped, key and all, when it idles or signs out."""

    session: ReviewSession
    form_token: str
    """Sent with every form, so that another site's page cannot send one."""
    seen_at: float


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link for one person to choose a passphrase. Used once."""

    name: str
    expires_at: float


class TooManyTries(RetrospanError):
    """Guessing is slowed down.

    Attributes:
        wait_seconds: When the next try is taken.
    """

    def __init__(self, wait_seconds: int) -> None:
        self.wait_seconds = wait_seconds
        super().__init__(f"Too many tries. Wait {wait_seconds} seconds and try again.")


@dataclass
class Brake:
    """At most `tries` failures per key within `window` seconds."""

    clock: Callable[[], float]
    tries: int = TRIES
    window: float = TRIES_WINDOW
    _failures: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def check(self, key: str) -> None:
        """Raise `TooManyTries` where `key` has failed too often lately."""
        now = self.clock()
        failures = self._failures[key]
        while failures and failures[0] <= now - self.window:
            failures.popleft()
        if len(failures) >= self.tries:
            raise TooManyTries(int(failures[0] + self.window - now) + 1)
        if not failures:
            del self._failures[key]

    def failed(self, key: str) -> None:
        """Note a failure."""
        self._failures[key].append(self.clock())


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
        self._by_name = Brake(clock)
        # Behind a proxy all browsers share one address, so it may fail more often than one name.
        self._by_address = Brake(clock, TRIES_OF_ADDRESS)

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
        found = next((i for known, i in self._invitations.items() if hmac.compare_digest(known, token)), None)
        return found if found is not None and found.expires_at > self._clock() else None

    def accept(self, token: str, passphrase: str) -> str:
        """Make the invited person's key, vouch for it, and sign them in; returns the cookie.

        Raises:
            RefusedError: if the invitation is used or over.
            UsageError: if the passphrase is weak; the invitation stays.
        """
        invitation = self.invitation(token)
        if invitation is None or self._host is None:
            raise RefusedError("This invitation was used already, or is over. Ask for a new one.")
        add_reviewer(self._store, invitation.name, passphrase)
        vouch_for(self._store, self._host, invitation.name)
        self._invitations.pop(token, None)
        return self._admit(unlock_reviewer(invitation.name, passphrase))

    def sign_in(self, name: str, passphrase: str, address: str) -> str:
        """Unlock a reviewer's key; returns the cookie.

        Raises:
            TooManyTries: after five failures for this name, or fifty from this address, within five minutes.
            RefusedError: if name and passphrase do not fit; it is not said which is wrong.
        """
        known_as = name.strip().lower()
        with self._lock:
            self._by_name.check(known_as)
            self._by_address.check(address)
        try:
            session = unlock_reviewer(name.strip(), passphrase)
        except RetrospanError as err:
            with self._lock:
                self._by_name.failed(known_as)
                self._by_address.failed(address)
            raise RefusedError(_WRONG) from err
        return self._admit(session)

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
