"""Reviewer records: a public key with its name, signed by itself, and countersigned by who vouches for it.

Records travel in stores and knowledge folders, and are worth nothing there until a countersignature leads back to a
key of the trust root.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..model.errors import BadInputError, RefusedError
from ..model.reviews import Reviewer, ReviewerStatus, SignatureState
from ..model.traces import JsonValue
from .config import load_trust_file
from .keys import fingerprint
from .root import Trust, TrustedKey, trusted_keys
from .session import ReviewSession
from .signing import Signature, check_signature, sign_manifest, signed_by_key

_MOST_COUNTERSIGNATURES = 32


class ReviewerRecord(BaseModel):
    """One reviewer as kept in a store (`trust_record`) or a file (`reviewers/*.json`)."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    format: str = Field(default="retrospan.reviewer/1", pattern=r"^retrospan\.reviewer/1$")
    name: str = Field(min_length=1, max_length=200)
    public_key: str
    created_at: str
    demo: bool = False
    signature: Signature
    """Made with the key itself: its owner holds the private half."""
    countersignatures: list[Signature] = Field(default=[], max_length=_MOST_COUNTERSIGNATURES)

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.public_key)

    def content(self) -> dict[str, JsonValue]:
        """What its own signature and each countersignature cover."""
        return {
            "name": self.name,
            "public_key": self.public_key,
            "created_at": self.created_at,
            "demo": self.demo,
        }

    def holds(self) -> bool:
        """Whether the record is signed by its own key."""
        own = self.signature.reviewer == self.fingerprint and self.signature.demo == self.demo
        return own and signed_by_key("reviewer", self.content(), self.signature, self.public_key)


@dataclass(frozen=True, slots=True)
class Roster:
    """All reviewer records at hand, and whom of them to trust."""

    trust: Trust
    reviewers: tuple[Reviewer, ...]


def make_reviewer(session: ReviewSession, *, now: str) -> ReviewerRecord:
    """The record of the reviewer whose key is unlocked, signed by that key."""
    content: dict[str, JsonValue] = {
        "name": session.name,
        "public_key": session.public_key,
        "created_at": now,
        "demo": session.demo,
    }
    signature = sign_manifest(session, "reviewer", content, signed_at=now)
    return ReviewerRecord(
        name=session.name, public_key=session.public_key, created_at=now, demo=session.demo, signature=signature
    )


def read_reviewer(data: str | bytes) -> ReviewerRecord:
    """A reviewer record from its JSON.

    Raises:
        BadInputError: if it is none, or is not signed by its own key.
    """
    try:
        record = ReviewerRecord.model_validate_json(data)
        holds = record.holds()
    except ValidationError as err:
        raise BadInputError(f"This is no reviewer record ({err.error_count()} mistakes).") from err
    if not holds:
        raise BadInputError(f"The record of {record.name!r} is not signed by its own key. Ask its owner for a new one.")
    return record


def countersign(session: ReviewSession, record: ReviewerRecord, trust: Trust, *, now: str) -> ReviewerRecord:
    """Vouch for a reviewer, as one who is trusted.

    Raises:
        RefusedError: if the session's own key is not trusted here, or one of the two is a demo reviewer.
    """
    if record.demo or session.demo:
        raise RefusedError("Demo reviewers neither vouch nor are vouched for; they count in their demo store only.")
    own = trust.find(session.fingerprint)
    if own is None or own.refuses(now):
        raise RefusedError(f"The key of {session.name!r} is not trusted here, so it cannot vouch for {record.name!r}.")
    signature = sign_manifest(session, "countersignature", record.content(), signed_at=now)
    others = [entry for entry in record.countersignatures if entry.reviewer != session.fingerprint]
    return record.model_copy(update={"countersignatures": [*others, signature]})


def resolve(
    records: Iterable[ReviewerRecord], *, store_id: str | None, demo_kind: bool, place: str | None = None
) -> Roster:
    """Whom to trust for a store: the user's pins, and who is vouched for by them, directly or through others.

    Args:
        records: Reviewer records from the store and from knowledge folders; they may come from anyone.
        store_id: The store's id, for demo pins.
        demo_kind: Whether the store calls itself a demo store. One that has real reviewers is none.
        place: Where the store's file lies, resolved; for demo pins.

    Raises:
        BadInputError: if the user's trust file is damaged.

    Cost: one signature check per countersignature and round; rounds are as many as the longest chain of vouching.
    """
    file = load_trust_file()
    known = {record.fingerprint: record for record in records if record.holds()}
    demo_kind = demo_kind and all(record.demo for record in known.values())
    trust = trusted_keys(file, store_id=store_id, demo_kind=demo_kind, place=place)
    revoked = {entry.fingerprint: entry for entry in file.revoked}
    keys = dict(trust.keys)
    if not trust.demo_store:
        growing = True
        while growing:
            growing = False
            for name, record in known.items():
                if name in keys or record.demo:
                    continue
                voucher = _voucher(record, Trust(keys))
                if voucher is not None:
                    keys[name] = replace(
                        voucher,
                        public_key=record.public_key,
                        name=record.name,
                        status=ReviewerStatus.COUNTERSIGNED,
                        vouched_by=voucher.name,
                        revoked=revoked.get(name),
                    )
                    growing = True
    trust = Trust(keys, demo_store=trust.demo_store)
    return Roster(trust, tuple(_listed(known, keys)))


def _voucher(record: ReviewerRecord, trust: Trust) -> TrustedKey | None:
    for signature in record.countersignatures:
        check = check_signature("countersignature", record.content(), signature, trust)
        if check.state is SignatureState.VALID:
            return trust.find(signature.reviewer)
    return None


def _listed(known: Mapping[str, ReviewerRecord], keys: Mapping[str, TrustedKey]) -> Iterable[Reviewer]:
    for name in sorted(known.keys() | keys.keys(), key=lambda entry: _label(entry, known, keys)):
        key, record = keys.get(name), known.get(name)
        status = ReviewerStatus.UNTRUSTED if key is None else key.status
        if key is not None and key.revoked is not None:
            status = ReviewerStatus.REVOKED
        source = key or record
        assert source is not None
        yield Reviewer(
            name=source.name,
            public_key=source.public_key,
            fingerprint=name,
            created_at=record.created_at if record else "",
            demo=source.demo,
            status=status,
            vouched_by=key.vouched_by if key else None,
        )


def _label(name: str, known: Mapping[str, ReviewerRecord], keys: Mapping[str, TrustedKey]) -> tuple[str, str]:
    source = keys.get(name) or known.get(name)
    return (source.name.lower() if source else "", name)
