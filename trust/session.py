"""The unlocked key of a reviewer, held by the review process while a person reviews, and by nothing else."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import NoReturn

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ..model.errors import RefusedError
from .keys import KdfCost, create_key, fingerprint, key_path, open_key, public_key_of

_DEMO_PASSPHRASE = "a demo store guards nothing"
_DEMO_COST = KdfCost(n=2**10)


class ReviewSession:
    """A reviewer who has typed their passphrase. Signs until `lock`; cannot be pickled, and its repr shows no secret.

    Attributes:
        name: The reviewer's name, part of each signature.
        public_key: Ed25519, base64.
        fingerprint: `SHA256:…` of the public key.
        demo: Made by `open_demo_session`; signs for one demo store only.
    """

    __slots__ = ("_private", "demo", "fingerprint", "name", "public_key")

    def __init__(self, name: str, private: Ed25519PrivateKey, *, demo: bool = False) -> None:
        self.name = name
        self.public_key = public_key_of(private)
        self.fingerprint = fingerprint(self.public_key)
        self.demo = demo
        self._private: Ed25519PrivateKey | None = private

    def sign(self, message: bytes) -> str:
        """The signature over `message`, base64.

        Raises:
            RefusedError: if the session is locked.
        """
        if self._private is None:
            raise RefusedError("The review session is locked. Type the passphrase again.")
        return base64.b64encode(self._private.sign(message)).decode()

    @property
    def locked(self) -> bool:
        return self._private is None

    def lock(self) -> None:
        """Forget the private key."""
        self._private = None

    def __repr__(self) -> str:
        return f"ReviewSession({self.name!r}, {self.fingerprint})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A review session holds a private key and is never copied out of its process.")


def open_session(folder: Path, name: str, passphrase: str) -> ReviewSession:
    """Unlock the key of `name` that lies in `folder`.

    Args:
        folder: Where the keys lie; `trust.config.keys_folder()`.
        name: The reviewer.
        passphrase: As typed on a terminal or the review page; see `trust.passphrase`.

    Raises:
        UnknownIdError: if there is no such key here.
        RefusedError: if the passphrase is wrong.

    Cost: one scrypt derivation, about 0.4 s.
    """
    opened = open_key(folder, name, passphrase)
    return ReviewSession(opened.name, opened.private, demo=opened.demo)


def open_demo_session(folder: Path, store_id: str, *, now: str) -> ReviewSession:
    """The reviewer of one throw-away demo store; its key is made on the first call and guards nothing.

    The passphrase is printed here on purpose: the key is refused by every store but the demo store it is pinned for.
    """
    name = f"demo-{store_id}"
    if not key_path(folder, name).exists():
        create_key(folder, name, _DEMO_PASSPHRASE, created_at=now, cost=_DEMO_COST, demo=True)
    opened = open_key(folder, name, _DEMO_PASSPHRASE)
    return ReviewSession("Demo reviewer", opened.private, demo=True)
