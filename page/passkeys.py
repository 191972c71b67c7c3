"""Passkeys: a second proof, asked for at each signature, that the person is at their own device.

A registered passkey answers a challenge that is made of exactly what the page shows, so an answer cannot be kept and
used for another verdict. Once a person has one, it is asked for under every name by which the page is reached; browsers
offer it under the name where it was registered only, so that is where they sign. A further one is registered with the
help of one that is there; `remove_passkeys` is an administrator's. Needs the extra `passkeys`, and a host *name*:
browsers give IP addresses no passkeys.

Source: W3C Web Authentication, level 3.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ..model.errors import BadInputError, RefusedError
from ..model.extras import is_installed
from ..trust.files import read_bounded, write_atomic
from ..trust.folders import config_folder

_FILE = "passkeys.json"
_LIMIT = 1 << 20
_SHOWN = 12
_REFUSED = "The passkey was not accepted. Try again, with the device that you registered."


@dataclass(frozen=True, slots=True)
class Site:
    """How a browser reaches the page."""

    rp_id: str
    """Host name without port."""
    origin: str

    @property
    def fit(self) -> bool:
        """Whether browsers offer passkeys here."""
        try:
            ipaddress.ip_address(self.rp_id.strip("[]"))
        except ValueError:
            return is_installed("passkeys") and bool(self.rp_id)
        return False


class _Passkey(BaseModel):
    """One registered authenticator; nothing in it is secret."""

    model_config = ConfigDict(extra="forbid", strict=True)
    reviewer: str
    rp_id: str
    credential_id: str
    public_key: str
    sign_count: int
    registered_at: str = ""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    passkeys: list[_Passkey] = []


@dataclass(frozen=True, slots=True)
class Registered:
    """A passkey that somebody has registered."""

    id: str
    """How its credential id begins."""
    host: str
    """The name of the page under which browsers offer it."""
    registered_at: str


def has_passkey(reviewer: str) -> bool:
    """Whether this reviewer must answer with a passkey, under whatever name the page is reached."""
    return bool(list_passkeys(reviewer))


def list_passkeys(reviewer: str) -> list[Registered]:
    """The passkeys of a reviewer."""
    return [
        Registered(entry.credential_id[:_SHOWN], entry.rp_id, entry.registered_at)
        for entry in _load().passkeys
        if entry.reviewer == reviewer
    ]


def remove_passkeys(reviewer: str, name: str | None = None) -> int:
    """Forget the passkeys of a reviewer, or the one whose id begins with `name`; returns how many.

    The face has made sure that an administrator asks: whoever knows only the passphrase must not come by this way.
    """
    file = _load()
    kept = [e for e in file.passkeys if e.reviewer != reviewer or not e.credential_id.startswith(name or "")]
    _save(_File(passkeys=kept))
    return len(file.passkeys) - len(kept)


def hand_over(former: str, fresh: str) -> None:
    """Ask the passkeys of a person's former key at signatures with the new one too; a new key must not shed them."""
    file = _load()
    for entry in file.passkeys:
        if entry.reviewer == former:
            entry.reviewer = fresh
    _save(file)


def may_register(reviewer: str, site: Site) -> bool:
    """Whether this person can add a passkey here: their first, or a further one beside one of this site."""
    return site.fit and (not has_passkey(reviewer) or bool(_of(reviewer, site)))


def registration(reviewer: str, name: str, site: Site, challenge: bytes) -> dict[str, Any]:
    """What the browser is asked: `create` for the new passkey and, where there is one already, `proof` with that first.

    Raises:
        RefusedError: where a passkey is registered that this site's browsers cannot offer.
    """
    if not may_register(reviewer, site):
        raise RefusedError(_elsewhere(reviewer))
    proof = question(reviewer, site, _proof(challenge)) if has_passkey(reviewer) else None
    return {"create": _creation(reviewer, name, site, challenge), "proof": proof}


def _creation(reviewer: str, name: str, site: Site, challenge: bytes) -> dict[str, Any]:
    import webauthn

    options = webauthn.generate_registration_options(
        rp_id=site.rp_id,
        rp_name="Retrospan review",
        user_name=name,
        user_id=hashlib.sha256(reviewer.encode()).digest(),
        challenge=challenge,
    )
    return json.loads(webauthn.options_to_json(options))  # type: ignore[no-any-return]


def register(reviewer: str, site: Site, challenge: bytes, answer: str, proof: str, *, now: str) -> None:
    """Keep a new passkey.

    Args:
        reviewer: Fingerprint.
        site: How the browser reached the page.
        challenge: As `registration` was given; used once.
        answer: The new passkey's answer.
        proof: The answer of one that is registered already; empty for the first.
        now: UTC text.

    Raises:
        RefusedError: if an answer does not fit the challenge or the site.
    """
    if not challenge:
        raise RefusedError(_REFUSED)
    if has_passkey(reviewer):
        check(reviewer, site, _proof(challenge), proof)
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        found = webauthn.verify_registration_response(
            credential=answer, expected_challenge=challenge, expected_rp_id=site.rp_id, expected_origin=site.origin
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as err:
        raise RefusedError(_REFUSED) from err
    file = _load()
    key = _Passkey(
        reviewer=reviewer,
        rp_id=site.rp_id,
        credential_id=_text(found.credential_id),
        public_key=_text(found.credential_public_key),
        sign_count=found.sign_count,
        registered_at=now,
    )
    _save(_File(passkeys=[*file.passkeys, key]))


def question(reviewer: str, site: Site, challenge: bytes) -> dict[str, Any]:
    """What the browser's `navigator.credentials.get` is asked before a signature.

    Raises:
        RefusedError: where this site's browsers cannot offer a passkey of this reviewer.
    """
    if not _of(reviewer, site):
        raise RefusedError(_elsewhere(reviewer))
    import webauthn
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    known = [_bytes(entry.credential_id) for entry in _of(reviewer, site)]
    options = webauthn.generate_authentication_options(
        rp_id=site.rp_id,
        challenge=challenge,
        allow_credentials=[PublicKeyCredentialDescriptor(id=credential) for credential in known],
    )
    return json.loads(webauthn.options_to_json(options))  # type: ignore[no-any-return]


def check(reviewer: str, site: Site, challenge: bytes, answer: str) -> None:
    """Make sure that a registered passkey of this reviewer answered this very challenge.

    Raises:
        RefusedError: if it did not, or their passkey is of another site.
    """
    if not is_installed("passkeys"):
        raise RefusedError("A passkey is registered, and the extra `passkeys` is missing here. Install it again.")
    if not _of(reviewer, site):
        raise RefusedError(_elsewhere(reviewer))
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    file = _load()
    for entry in (e for e in file.passkeys if e.reviewer == reviewer and e.rp_id == site.rp_id):
        try:
            found = webauthn.verify_authentication_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=site.rp_id,
                expected_origin=site.origin,
                credential_public_key=_bytes(entry.public_key),
                credential_current_sign_count=entry.sign_count,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError):
            continue
        entry.sign_count = found.new_sign_count
        _save(file)
        return
    raise RefusedError(_REFUSED)


def challenge_of(mark: str) -> bytes:
    """The challenge for what a page shows, from the mark that stands in its form."""
    return hashlib.sha256(b"retrospan.sign\n" + mark.encode()).digest()


def _proof(challenge: bytes) -> bytes:
    return hashlib.sha256(b"retrospan.further-passkey\n" + challenge).digest()


def _elsewhere(reviewer: str) -> str:
    hosts = ", ".join(sorted({entry.host for entry in list_passkeys(reviewer)}))
    return (
        f"Your passkey was registered at {hosts}; open the page under that name. Where the device is lost, whoever "
        "runs the page removes it: `retrospan reviewer passkeys NAME --remove`."
    )


def _of(reviewer: str, site: Site) -> list[_Passkey]:
    return [entry for entry in _load().passkeys if entry.reviewer == reviewer and entry.rp_id == site.rp_id]


def _load() -> _File:
    path = config_folder() / _FILE
    if not path.exists():
        return _File()
    try:
        return _File.model_validate_json(read_bounded(path, _LIMIT))
    except ValidationError as err:
        raise BadInputError(f"{path} is damaged. Repair it, or remove it and register the passkeys again.") from err


def _save(file: _File) -> None:
    write_atomic(config_folder(), _FILE, file.model_dump_json(indent=2).encode(), mode=0o600)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text)
