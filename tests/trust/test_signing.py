"""Signatures: what their bytes are, that others can verify them, and that former ones still count."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from retrospan.trust.session import ReviewSession
from retrospan.trust.signing import Signature, _message, sign_manifest, signed_by_key
from reviewdesk import Desk

NOW = "2026-11-22T11:00:00Z"
CONTENT: Any = {"ü": 1, "a": [1.0, 1e21, "é"], "\U0001f600": None, "\ufb33": True}


@pytest.fixture
def ada(desk: Desk) -> ReviewSession:
    return desk.reviewer()


def test_another_program_verifies_a_signature_by_the_standard_alone(ada: ReviewSession) -> None:
    signed = sign_manifest(ada, "lesson", CONTENT, signed_at=NOW)
    message: Any = {
        "kind": "lesson",
        "sha256": hashlib.sha256(rfc8785.dumps(CONTENT)).hexdigest(),
        "reviewer": signed.reviewer,
        "name": signed.name,
        "signed_at": NOW,
        "demo": signed.demo,
    }
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(ada.public_key))
    key.verify(base64.b64decode(signed.value), b"retrospan signature 2\n" + rfc8785.dumps(message))


def test_a_signature_of_the_former_form_still_counts(ada: ReviewSession) -> None:
    former = Signature(reviewer=ada.fingerprint, name=ada.name, signed_at=NOW, demo=ada.demo, value="")
    value = ada.sign(_message("lesson", CONTENT, former))
    assert signed_by_key("lesson", CONTENT, former.model_copy(update={"value": value}), ada.public_key)


def test_a_signature_says_nothing_in_the_other_form(ada: ReviewSession) -> None:
    signed = sign_manifest(ada, "lesson", {"a": "b"}, signed_at=NOW)
    assert signed_by_key("lesson", {"a": "b"}, signed, ada.public_key)
    assert not signed_by_key("lesson", {"a": "b"}, signed.model_copy(update={"form": 1}), ada.public_key)


@pytest.mark.parametrize("content", [{"id": 2**70}, {"id": -(2**53) - 1}, {"text": "\ud800"}])
def test_what_the_standard_cannot_hold_is_signed_in_the_former_form(ada: ReviewSession, content: object) -> None:
    signed = sign_manifest(ada, "case", content, signed_at=NOW)
    assert signed.form == 1 and signed_by_key("case", content, signed, ada.public_key)
    forced = signed.model_copy(update={"form": 2})
    assert not signed_by_key("case", content, forced, ada.public_key)


def test_numbers_that_are_equal_are_signed_alike(ada: ReviewSession) -> None:
    signed = sign_manifest(ada, "case", {"amount": 30.0}, signed_at=NOW)
    assert signed_by_key("case", {"amount": 30}, signed, ada.public_key)
    assert not signed_by_key("case", {"amount": 30.5}, signed, ada.public_key)
