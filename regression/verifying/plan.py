"""The plan of a comparison: fixed, hashed and kept before the first run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from ...analysis.verification.planning import (
    Steadiness,
    confirming_rule,
    expected_rate,
    rule_for,
    smallest_drop,
    smallest_rise,
    smallest_suite_drop,
    steadiness,
)
from ...analysis.verification.single_case import Rule
from ...analysis.verification.verdicts import UNRATED, Policy
from ...model.cases import Case, CaseStatus
from ...model.errors import BadInputError, UsageError
from ...model.experiments import TargetPrint
from ...model.fields import from_record, record_of
from ...model.text.jsontext import canonical
from ..casehash import hash_case


@dataclass(frozen=True, slots=True)
class PlannedCase:
    """How one case will be run."""

    case_id: str
    case_hash: str
    severity: str
    kind: Steadiness
    known_passed: int
    """Of the runs of this very case on the base that are known already."""
    known_runs: int
    pairs: int
    look: int
    quarantined: bool
    middle: int | None = None
    """See `Rule.middle`; a plan of before has none."""

    @property
    def rule(self) -> Rule:
        return Rule(self.pairs, self.look, middle=self.middle)

    @property
    def confirming(self) -> Rule:
        return confirming_rule(self.rule)

    @property
    def told_kind(self) -> str:
        """`flaky, 3/5`."""
        return f"{self.kind.value}, {self.known_passed}/{self.known_runs}" if self.known_runs else self.kind.value


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be run. Its hash covers all of it."""

    base: TargetPrint
    candidate: TargetPrint
    cases: tuple[PlannedCase, ...]
    margins: Mapping[str, float]
    judge_hash: str | None = None

    @property
    def policy(self) -> Policy:
        return Policy(dict(self.margins))

    @property
    def most_runs(self) -> int:
        """Runs of both versions, if nothing stops early; a fresh batch for a case that is called worse comes on top."""
        return 2 * sum(case.pairs for case in self.cases)

    @property
    def usual_runs(self) -> int:
        """Runs of both versions, if every case that is not flaky behaves alike on both."""
        return 2 * sum(
            case.middle or case.pairs if case.kind is Steadiness.FLAKY else min(case.look, case.pairs)
            for case in self.cases
        )

    @property
    def smallest_suite_drop(self) -> float:
        """The smallest fall of the suite's pass rate that it shows four times in five."""
        rates = [expected_rate(case.known_passed, case.known_runs) for case in self.cases]
        return smallest_suite_drop(rates, [case.pairs for case in self.cases])

    def text(self) -> str:
        """Canonical JSON."""
        record = {
            "base": record_of(self.base),
            "candidate": record_of(self.candidate),
            "cases": [record_of(case) for case in self.cases],
            "margins": dict(self.margins),
            "judge_hash": self.judge_hash,
        }
        return canonical(record).decode()


def plan_hash(text: str) -> str:
    """The hash by which a plan is named."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_plan(text: str) -> Plan:
    """A plan from its text.

    Raises:
        BadInputError: if it was written by another version of this program.
    """
    try:
        found = orjson.loads(text)
        return Plan(
            TargetPrint(**found["base"]),
            TargetPrint(**found["candidate"]),
            tuple(from_record(PlannedCase, case) for case in found["cases"]),
            found["margins"],
            found["judge_hash"],
        )
    except (ValueError, KeyError, TypeError) as err:
        raise BadInputError(
            f"The plan cannot be read ({err}). Make a new one with `retrospan verify … --plan`."
        ) from err


def make_plan(
    cases: Sequence[Case],
    base: TargetPrint,
    candidate: TargetPrint,
    *,
    known: Mapping[str, tuple[int, int]],
    policy: Policy,
    pairs: int | None = None,
    judge_hash: str | None = None,
) -> Plan:
    """Plan how often each case is run.

    Args:
        cases: Retired ones are left out.
        base: What the candidate is held against.
        candidate: The version in question.
        known: By case: passes and runs of this very case that are known of the base.
        policy: Margins; what must hold is looked at later.
        pairs: Runs a version for every case, where the caller fixes them.
        judge_hash: Of whatever answers the judge's checks.

    Raises:
        UsageError: if no case is left to run.
    """
    planned = tuple(
        _planned(case, known.get(case.id, (0, 0)), policy, pairs)
        for case in cases
        if case.status is not CaseStatus.RETIRED
    )
    if not planned:
        raise UsageError("No case to run: a comparison needs one at least. `retrospan case list` shows which count.")
    return Plan(base, candidate, planned, dict(policy.margins), judge_hash)


def _planned(case: Case, known: tuple[int, int], policy: Policy, pairs: int | None) -> PlannedCase:
    severity = case.severity.value if case.severity else UNRATED
    kind = steadiness(*known)
    rule = rule_for(kind, must_hold=policy.must_hold(severity), pairs=pairs)
    quarantined = case.status is CaseStatus.FLAKY
    look = rule.look or rule.pairs
    return PlannedCase(case.id, hash_case(case), severity, kind, *known, rule.pairs, look, quarantined, rule.middle)


def visible_change(case: PlannedCase) -> tuple[float | None, float | None]:
    """The smallest fall and rise of the case's pass rate that its runs show four times in five."""
    rate = expected_rate(case.known_passed, case.known_runs)
    return smallest_drop(rate, case.pairs), smallest_rise(rate, case.pairs)


def check_unchanged(plan: Plan, cases: Mapping[str, Case], base: TargetPrint, candidate: TargetPrint) -> None:
    """Refuse to run a plan over something else than what was planned.

    Raises:
        UsageError: naming what has changed since.
    """
    changed = [entry.case_id for entry in plan.cases if _is_other(entry, cases.get(entry.case_id))]
    moved = [
        f"{side} {then.version!r} ({then.target_hash} then, {now.target_hash} now)"
        for side, then, now in (("base", plan.base, base), ("candidate", plan.candidate, candidate))
        if then.target_hash != now.target_hash
    ]
    if changed or moved:
        told = [f"cases {', '.join(changed[:8])}"] if changed else []
        raise UsageError(
            f"The plan was made for something else; changed since: {'; '.join(told + moved)}. "
            "Restore it to go on, or plan anew with `retrospan verify BASE CANDIDATE`."
        )


def _is_other(planned: PlannedCase, case: Case | None) -> bool:
    return case is None or hash_case(case) != planned.case_hash
