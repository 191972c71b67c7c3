"""The user's trust file: pinned keys, revoked keys, and the `retrospan.toml` files that were allowed.

It lies in the user's own configuration, never in a store or repository, which others could hand over.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..model.errors import BadInputError, UsageError
from .files import read_bounded, write_atomic
from .folders import config_folder
from .keys import fingerprint

_LIMIT = 1_048_576


class Pin(BaseModel):
    """A reviewer's key that the user believes."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    name: str
    public_key: str
    pinned_at: str
    demo_store: str | None = None
    """Id of the one demo store where this key counts; None for a real reviewer."""
    demo_place: str | None = None
    """Where that store lies. A store elsewhere that calls itself the same is none of it."""

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.public_key)


class Revocation(BaseModel):
    """A key that is believed no longer."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    fingerprint: str
    revoked_at: str
    compromised: bool = False
    """True where nothing that the key ever signed counts; else what was signed before `revoked_at` stays."""


class AllowedFile(BaseModel):
    """A `retrospan.toml` that the user has read and allowed; an edit of it takes that back."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    path: str
    sha256: str
    allowed_at: str


class TrustFile(BaseModel):
    """`trust.json`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    format: str = Field(default="retrospan.trust/1", pattern=r"^retrospan\.trust/1$")
    pins: list[Pin] = []
    revoked: list[Revocation] = []
    allowed: list[AllowedFile] = []


def load_trust_file() -> TrustFile:
    """The user's trust file, empty where there is none.

    Raises:
        BadInputError: if it cannot be read as one: nobody is trusted on a guess.
    """
    path = config_folder() / "trust.json"
    if not path.exists():
        return TrustFile()
    try:
        return TrustFile.model_validate_json(read_bounded(path, _LIMIT))
    except ValidationError as err:
        first = err.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInputError(f"{path} is damaged at {where!r}: {first['msg']}. Repair or remove it.") from err


def pin_reviewer(
    name: str, public_key: str, *, now: str, demo_store: str | None = None, demo_place: str | None = None
) -> Pin:
    """Believe this key from now on. A face asks the person first, showing the fingerprint.

    Raises:
        BadInputError: if the key is no Ed25519 key.
        UsageError: if it was revoked here.
    """
    pin = Pin(name=name, public_key=public_key, pinned_at=now, demo_store=demo_store, demo_place=demo_place)
    file = load_trust_file()
    if any(entry.fingerprint == pin.fingerprint for entry in file.revoked):
        raise UsageError(f"The key {pin.fingerprint} of {name!r} was revoked here. Make a new key for {name}.")
    others = [other for other in file.pins if (other.fingerprint, other.demo_store) != (pin.fingerprint, demo_store)]
    save_trust_file(file.model_copy(update={"pins": [*others, pin]}))
    return pin


def trusted_pins() -> list[Pin]:
    """The pins of real reviewers that are not revoked."""
    file = load_trust_file()
    revoked = {entry.fingerprint for entry in file.revoked}
    return [pin for pin in file.pins if pin.demo_store is None and pin.fingerprint not in revoked]


def forget_demo_pins(store_id: str | None = None) -> list[str]:
    """Drop the pins of a demo store that is thrown away, and of all whose store is gone; returns the stores' ids."""
    file = load_trust_file()
    kept = [pin for pin in file.pins if pin.demo_store is None or (pin.demo_store != store_id and _is_there(pin))]
    gone = [pin.demo_store for pin in file.pins if pin not in kept and pin.demo_store]
    if gone:
        save_trust_file(file.model_copy(update={"pins": kept}))
    return gone


def _is_there(pin: Pin) -> bool:
    return pin.demo_place is not None and Path(pin.demo_place).is_file()


def revoke_reviewer(key_fingerprint: str, *, now: str, compromised: bool) -> None:
    """Believe this key no longer: nothing signed from now on, and nothing at all where it was `compromised`.

    `signed_at` is what the signer claims, so a stolen key can sign for the past: revoke it as compromised.
    """
    file = load_trust_file()
    kept = [entry for entry in file.revoked if entry.fingerprint != key_fingerprint]
    entry = Revocation(fingerprint=key_fingerprint, revoked_at=now, compromised=compromised)
    save_trust_file(file.model_copy(update={"revoked": [*kept, entry]}))


def save_trust_file(file: TrustFile) -> None:
    """Replace the trust file, readable by its owner only."""
    write_atomic(config_folder(), "trust.json", file.model_dump_json(indent=2).encode() + b"\n", mode=0o600)
