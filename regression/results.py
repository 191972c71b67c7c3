"""What running a case says: per check, per run, and over repeats."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Protocol

from ..model.cases import Case
from ..model.traces import JsonValue
from .protocol import RunResult


class CheckStatus(StrEnum):
    """What became of one check."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not asked: no judge at hand, or the judge gave no verdict."""
    ERROR = "error"
    """Could not be decided: the target does not report what the check needs."""


class CaseOutcome(StrEnum):
    """What became of one run of a case."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    """The machinery failed, not the agent: the target raised, or a check could not be decided."""
    SKIPPED = "skipped"
    """No check was decided."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check of one run."""

    check: str
    """The check in words: `tool_argument issue_refund.order_id`."""
    status: CheckStatus
    reason: str
    observed: JsonValue = None
    """What the run had where the check looked."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One run of a case."""

    case_id: str
    outcome: CaseOutcome
    checks: tuple[CheckResult, ...] = ()
    run: RunResult | None = None
    error: str | None = None
    """What the target raised, with its traceback."""
    duration_ms: float = 0.0
    spans: tuple[Any, ...] = field(default=(), repr=False, compare=False)
    """OpenTelemetry SDK spans that ended in this process during the run, until the run is kept."""

    @property
    def failures(self) -> tuple[CheckResult, ...]:
        """The checks that failed or could not be decided."""
        return tuple(c for c in self.checks if c.status in (CheckStatus.FAILED, CheckStatus.ERROR))


@dataclass(frozen=True, slots=True)
class CaseRuns:
    """All repeats of a case."""

    case: Case
    results: tuple[CaseResult, ...]

    def without_spans(self) -> CaseRuns:
        """The same without what takes room once it is kept."""
        return CaseRuns(self.case, tuple(replace(result, spans=()) for result in self.results))

    @property
    def passed(self) -> int:
        """How many of the repeats passed."""
        return sum(result.outcome is CaseOutcome.PASSED for result in self.results)

    @property
    def outcome(self) -> CaseOutcome:
        """The worst of the repeats: error, then failed, then passed, then skipped."""
        outcomes = {result.outcome for result in self.results}
        for worst in (CaseOutcome.ERROR, CaseOutcome.FAILED, CaseOutcome.PASSED):
            if worst in outcomes:
                return worst
        return CaseOutcome.SKIPPED


@dataclass(frozen=True, slots=True)
class JudgeAnswer:
    """A judge's answer to one question."""

    passed: bool | None
    """None is no verdict: a refusal, a time-out, or evidence that does not suffice."""
    explanation: str = ""


class Judge(Protocol):
    """Whatever answers a question about a run; given to the runner by its caller."""

    def __call__(self, question: str, run: RunResult, case: Case) -> JudgeAnswer:
        """Judge one run. Raises nothing for a refusal or a time-out: these are no verdict."""
        ...


def outcome_of(checks: tuple[CheckResult, ...]) -> CaseOutcome:
    """What a run becomes by its checks: a failed check weighs more than an undecided one."""
    statuses = {check.status for check in checks}
    for status, outcome in (
        (CheckStatus.FAILED, CaseOutcome.FAILED),
        (CheckStatus.ERROR, CaseOutcome.ERROR),
        (CheckStatus.PASSED, CaseOutcome.PASSED),
    ):
        if status in statuses:
            return outcome
    return CaseOutcome.SKIPPED
