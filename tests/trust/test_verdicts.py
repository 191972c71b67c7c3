"""What a signed record is worth against the trace as it is now."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from retrospan.model.findings import CauseClass
from retrospan.model.reviews import (
    Answer,
    CriterionAnswer,
    Label,
    ReviewerStatus,
    RubricRef,
    SeenTrace,
    Severity,
    SignatureState,
    Verdict,
)
from retrospan.trust.config import Revocation
from retrospan.trust.root import Trust, TrustedKey
from retrospan.trust.session import ReviewSession
from retrospan.trust.verdicts import (
    CurrentTrace,
    answer_from_json,
    answer_json,
    parse_verdict_record,
    sign_verdict_record,
    verify_record,
)

NOW = "2026-11-22T11:00:00Z"
STEPS = {"a": "1" * 64, "b": "2" * 64}
ADA = ReviewSession("Ada", Ed25519PrivateKey.generate())


def trust(projects: frozenset[str] | None = None, revoked: Revocation | None = None) -> Trust:
    key = TrustedKey(ADA.public_key, "Ada", ReviewerStatus.PINNED, projects=projects, revoked=revoked)
    return Trust({ADA.fingerprint: key})


def signed() -> Verdict:
    answer = Answer(Label.FAIL, reason="no")
    seen = SeenTrace("run-1", "support", 3, STEPS)
    rubric = RubricRef("outcome", 1, "0" * 64)
    verdict = Verdict("f" * 32, "Was it right?", rubric, (seen,), answer, answer, ADA.fingerprint, "Ada", NOW)
    return parse_verdict_record(sign_verdict_record(ADA, verdict, signed_at=NOW))


def state(current: CurrentTrace | None, given_trust: Trust | None = None) -> SignatureState:
    return verify_record(signed(), given_trust or trust(), {("support", "run-1"): current}).state


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        (CurrentTrace(3, STEPS), SignatureState.VALID),
        (CurrentTrace(4, STEPS), SignatureState.VALID),
        (CurrentTrace(4, STEPS | {"c": "3"}), SignatureState.STALE),
        (CurrentTrace(4, STEPS | {"b": "9"}), SignatureState.STALE),
        (CurrentTrace(3, dict(reversed(STEPS.items()))), SignatureState.STALE),
        (CurrentTrace(3, STEPS | {"b": "9"}), SignatureState.INVALID),
        (CurrentTrace(3, {"a": STEPS["a"]}), SignatureState.INVALID),
        (CurrentTrace(3, {"a": STEPS["a"]}, erased=frozenset({"b"})), SignatureState.REDACTED),
        (None, SignatureState.REDACTED),
    ],
)
def test_state_follows_the_trace(current: CurrentTrace | None, expected: SignatureState) -> None:
    assert state(current) is expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (CurrentTrace(4, STEPS | {"c": "3"}), None, SignatureState.REDACTED),
        (None, CurrentTrace(4, STEPS | {"c": "3"}), SignatureState.REDACTED),
        (CurrentTrace(3, STEPS | {"b": "9"}), None, SignatureState.INVALID),
        (CurrentTrace(3, STEPS), CurrentTrace(4, STEPS | {"c": "3"}), SignatureState.STALE),
    ],
)
def test_of_several_traces_the_worst_counts(
    first: CurrentTrace | None, second: CurrentTrace | None, expected: SignatureState
) -> None:
    seen = tuple(SeenTrace(key, "support", 3, STEPS) for key in ("run-1", "run-2"))
    verdict = parse_verdict_record(sign_verdict_record(ADA, replace(signed(), seen=seen), signed_at=NOW))
    current = {("support", "run-1"): first, ("support", "run-2"): second}

    assert verify_record(verdict, trust(), current).state is expected


def test_reviewer_of_one_project_does_not_count_in_another() -> None:
    assert state(CurrentTrace(3, STEPS), trust(frozenset({"support"}))) is SignatureState.VALID
    assert state(CurrentTrace(3, STEPS), trust(frozenset({"billing"}))) is SignatureState.INVALID


@pytest.mark.parametrize(
    ("revoked_at", "compromised", "expected"),
    [
        ("2026-11-23T00:00:00Z", False, SignatureState.VALID),
        ("2026-11-22T11:00:00Z", False, SignatureState.INVALID),
        ("2026-11-23T00:00:00Z", True, SignatureState.INVALID),
    ],
)
def test_revocation_leaves_what_was_signed_before_unless_the_key_was_stolen(
    revoked_at: str, compromised: bool, expected: SignatureState
) -> None:
    revoked = Revocation(fingerprint=ADA.fingerprint, revoked_at=revoked_at, compromised=compromised)

    assert state(CurrentTrace(3, STEPS), trust(revoked=revoked)) is expected


@given(
    label=st.sampled_from(Label),
    severity=st.none() | st.sampled_from(Severity),
    cause=st.none() | st.sampled_from(CauseClass),
    expected=st.text(max_size=30),
    reason=st.text(max_size=30),
    note=st.text(max_size=30),
)
def test_answer_comes_back_as_it_was_given(
    label: Label, severity: Severity | None, cause: CauseClass | None, expected: str, reason: str, note: str
) -> None:
    answer = Answer(label, severity, expected, reason, (CriterionAnswer("c", label, note),), cause, "span-1")

    assert answer_from_json(answer_json(answer)) == answer
