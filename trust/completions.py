"""The engineer's part of a verdict: step, cause, lesson and case, as a signed record of its own.

An expert signs what is wrong; an engineer, later, what it came from. The record names the verdict by its id and by the
hash of its signed manifest, so that it speaks of exactly those words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..model.errors import BadInputError
from ..model.fields import record_of
from ..model.findings import CauseClass
from ..model.reviews import SignatureState, Verdict
from ..model.text.jsontext import parse
from ..model.traces import JsonValue
from .root import Trust
from .session import ReviewSession
from .signing import SignatureCheck, check_signature, content_sha256, read_signature, sign_manifest

FORMAT = "retrospan.completion/1"
_TEXT = 20_000
_KEYS = {"format", "manifest", "signature"}
_NOT_SIGNED = ("engineer", "signed_at", "state", "state_reason", "record")


class _Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    uid: str = Field(pattern="^[0-9a-f]{32}$")
    verdict: str = Field(pattern="^[0-9a-f]{32}$")
    verdict_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    cause: CauseClass | None = None
    cause_span: str | None = Field(default=None, max_length=500)
    lesson: str | None = Field(default=None, max_length=100)
    case: str | None = Field(default=None, max_length=100)
    note: str = Field(default="", max_length=_TEXT)
    supersedes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """What an engineer made of a verdict."""

    uid: str
    verdict: str
    """Uid of the verdict."""
    verdict_sha256: str
    """Hash of the verdict's manifest."""
    cause: CauseClass | None = None
    cause_span: str | None = None
    """Span id of the step where it went wrong."""
    lesson: str | None = None
    """Id of the lesson."""
    case: str | None = None
    """Id of the regression case."""
    note: str = ""
    supersedes: tuple[str, ...] = ()
    """Uids of completions that this one replaces."""
    engineer: str = ""
    """Name of who signed."""
    signed_at: str = ""
    state: SignatureState = SignatureState.UNSIGNED
    state_reason: str = ""
    record: Mapping[str, JsonValue] = field(default_factory=dict)

    @property
    def confirmed(self) -> bool:
        return self.state is SignatureState.VALID


def verdict_sha256(verdict: Verdict) -> str:
    """The hash by which a completion names a verdict's words."""
    return content_sha256(verdict.record.get("manifest"))


def sign_completion(session: ReviewSession, completion: Completion, *, signed_at: str) -> dict[str, JsonValue]:
    """The record of a completion, signed: `{"format", "manifest", "signature"}`; empty parts are left out."""
    parts = record_of(completion, leave_out=_NOT_SIGNED, supersedes=list(completion.supersedes))
    manifest: dict[str, JsonValue] = {name: value for name, value in parts.items() if value not in (None, "", [])}
    signature = sign_manifest(session, "completion", manifest, signed_at=signed_at)
    return {"format": FORMAT, "manifest": manifest, "signature": cast(JsonValue, signature.model_dump(mode="json"))}


def parse_completion(data: str | bytes | Mapping[str, Any]) -> Completion:
    """A completion from its record; `unsigned` until `verify_completion` has looked at it.

    Raises:
        BadInputError: if it is none.
    """
    try:
        record = dict(data) if isinstance(data, Mapping) else parse(data)
        if not isinstance(record, dict) or record.get("format") != FORMAT or set(record) - _KEYS:
            raise BadInputError(f"This is no completion; one is {{format: {FORMAT}, manifest, signature}}.")
        manifest = _Manifest.model_validate(record.get("manifest"))
    except (ValidationError, ValueError) as err:
        raise BadInputError("This is no completion: its manifest cannot be read.") from err
    signature = read_signature(record.get("signature"))
    return Completion(
        **manifest.model_dump(),
        engineer=signature.name if signature else "",
        signed_at=signature.signed_at if signature else "",
        record=record,
    )


def verify_completion(completion: Completion, verdict: Verdict | None, trust: Trust) -> SignatureCheck:
    """What a completion is worth now: its signature, and that of the verdict it speaks of.

    Args:
        completion: From `parse_completion`; only its `record` is believed.
        verdict: The verdict it names, with its state as of now; None where it is not here.
        trust: Whom the user trusts.
    """
    signature = read_signature(completion.record.get("signature"))
    check = check_signature("completion", completion.record.get("manifest"), signature, trust)
    if check.state is not SignatureState.VALID:
        return check
    if verdict is None:
        return SignatureCheck(SignatureState.REDACTED, "its verdict is not in this store", check.signed_by)
    for seen in verdict.seen:
        if signature is None or trust.find(signature.reviewer, seen.project) is None:
            return SignatureCheck(SignatureState.INVALID, f"{check.signed_by} is not trusted for {seen.project!r}")
    if verdict.uid != completion.verdict or verdict_sha256(verdict) != completion.verdict_sha256:
        return SignatureCheck(SignatureState.INVALID, "it speaks of a verdict with other words")
    if verdict.state is not SignatureState.VALID:
        return SignatureCheck(verdict.state, f"its verdict is {verdict.state.value}", check.signed_by)
    return check
