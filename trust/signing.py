"""Signatures over canonical content, and what they are worth under a trust root.

What is signed is the domain, the kind, the SHA-256 of the canonical content, and who signs when: a signature fits one
kind of thing and one content, and says nothing on any other. Content and message are written as RFC 8785 says (JSON
Canonicalization Scheme), so that other programs can verify them. Signatures of before, and over what RFC 8785 cannot
hold (whole numbers beyond 2^53), are of form 1, whose bytes are `jsontext.canonical`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import rfc8785
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..model.reviews import SignatureState
from ..model.text.jsontext import canonical
from ..model.traces import JsonValue
from .keys import signature_fits
from .root import Trust
from .session import ReviewSession

_DOMAINS = {1: b"retrospan signature 1\n", 2: b"retrospan signature 2\n"}


class Signature(BaseModel):
    """A signature block as it stands in records and files."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    reviewer: str = Field(max_length=64)
    """Fingerprint of the key."""
    name: str = Field(max_length=200)
    signed_at: str = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
    demo: bool = False
    value: str = Field(max_length=128)
    """Ed25519 over the message, base64."""
    form: Literal[1, 2] = 1
    """How the signed bytes are written: 2 is RFC 8785."""


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """What a signature is worth, why, and whose it is where it counts."""

    state: SignatureState
    reason: str
    signed_by: str | None = None
    """Name under which the trusted key is known here; None where the signature is not one of a trusted reviewer."""


def sign_manifest(session: ReviewSession, kind: str, content: Any, *, signed_at: str) -> Signature:
    """Sign `content` as a thing of `kind`.

    Args:
        session: The unlocked reviewer.
        kind: verdict, lesson, rubric, case, reviewer, countersignature, …
        content: A JSON value.
        signed_at: UTC, `2026-11-22T11:00:00Z`.
    """
    unsigned = Signature(
        reviewer=session.fingerprint,
        name=session.name,
        signed_at=signed_at,
        demo=session.demo,
        value="",
        form=_form_for(content),
    )
    return unsigned.model_copy(update={"value": session.sign(_message(kind, content, unsigned))})


def read_signature(value: JsonValue) -> Signature | None:
    """The signature block of a record or file; None where there is none that can be read."""
    if not isinstance(value, Mapping):
        return None
    try:
        return Signature.model_validate(dict(value))
    except ValidationError:
        return None


def check_signature(
    kind: str, content: Any, signature: Signature | None, trust: Trust, *, project: str | None = None
) -> SignatureCheck:
    """What a signature over `content` is worth under `trust`: valid, invalid or unsigned, with the reason.

    Args:
        kind: The kind of thing it must be a signature of.
        content: The content as read, signature left out.
        signature: The block read from the record.
        trust: Whom the user trusts, from their own configuration.
        project: Where given, the reviewer must be trusted for it.

    Cost: one Ed25519 verification, about 0.1 ms.
    """
    if signature is None:
        return SignatureCheck(SignatureState.UNSIGNED, "no signature")
    key = trust.find(signature.reviewer, project)
    if key is None:
        return SignatureCheck(SignatureState.INVALID, f"{signature.reviewer} is no reviewer trusted here")
    if signature.demo != key.demo:
        return SignatureCheck(SignatureState.INVALID, "a demo reviewer's signature counts in its demo store only")
    if key.refuses(signature.signed_at):
        return SignatureCheck(SignatureState.INVALID, f"the key of {key.name} was revoked")
    if not signature_fits(key.public_key, signature.value, _message(kind, content, signature)):
        return SignatureCheck(SignatureState.INVALID, "the signature does not fit the content")
    return SignatureCheck(SignatureState.VALID, f"signed by {key.name}", key.name)


def signed_by_key(kind: str, content: Any, signature: Signature, public_key: str) -> bool:
    """Whether the signature over `content` was made with this key, trusted or not."""
    return signature_fits(public_key, signature.value, _message(kind, content, signature))


def content_sha256(content: Any) -> str:
    """Hex digest of a content in canonical form."""
    return hashlib.sha256(canonical(content)).hexdigest()


def _form_for(content: Any) -> Literal[1, 2]:
    try:
        rfc8785.dumps(content)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        return 1
    return 2


def _message(kind: str, content: Any, signature: Signature) -> bytes:
    written = rfc8785.dumps if signature.form == 2 else canonical
    try:
        digest = hashlib.sha256(written(content)).hexdigest()
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        # What was signed in this form could be written in it, so nothing fits this signature.
        digest = ""
    return _DOMAINS[signature.form] + written(
        {
            "kind": kind,
            "sha256": digest,
            "reviewer": signature.reviewer,
            "name": signature.name,
            "signed_at": signature.signed_at,
            "demo": signature.demo,
        }
    )
