"""The closed sets of reviewing: labels, severities, and where items, signatures and keys stand."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum


class Label(StrEnum):
    """An answer to a review question."""

    PASS = "pass"
    FAIL = "fail"
    CANT_TELL = "cant_tell"


def overall(labels: Collection[Label]) -> Label:
    """The answer to the whole: fail where one criterion fails, can't tell where one is open, else pass."""
    for label in (Label.FAIL, Label.CANT_TELL):
        if label in labels:
            return label
    return Label.PASS


class Severity(StrEnum):
    """How much harm the failure does."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class ItemState(StrEnum):
    """Where a review item stands."""

    OPEN = "open"
    NEEDS_ANSWER = "needs_answer"
    """A reviewer sent it back with a question to whoever asked."""
    DISPUTED = "disputed"
    """Its reviewers disagree; an adjudicator decides."""
    DECIDED = "decided"
    CLOSED = "closed"
    """Taken out of the queue without a decision."""


class SignatureState(StrEnum):
    """What a signature is worth now. Only `valid` counts as confirmed."""

    VALID = "valid"
    STALE = "stale"
    """Signed by a trusted reviewer, but the trace has grown since."""
    REDACTED = "redacted"
    """Signed by a trusted reviewer, but what was seen is no longer here."""
    INVALID = "invalid"
    """The signature, the key or the content does not fit."""
    UNSIGNED = "unsigned"


class ReviewerStatus(StrEnum):
    """How far a reviewer's key is trusted on this machine."""

    PINNED = "pinned"
    """Named in the user's own configuration."""
    COUNTERSIGNED = "countersigned"
    """Vouched for by a trusted reviewer."""
    DEMO = "demo"
    """Counts in the demo store it was made for, nowhere else."""
    REVOKED = "revoked"
    UNTRUSTED = "untrusted"
