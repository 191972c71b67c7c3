"""Try a case on recorded runs before anyone is asked to sign it: red on the run it comes from, green on a good one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..model.cases import Case
from ..model.traces import Trace
from .recorded import hold_against
from .results import CaseOutcome, CaseResult, CheckStatus

_UNKNOWN = CheckStatus.SKIPPED


@dataclass(frozen=True, slots=True)
class TriedCheck:
    """One check on both runs."""

    check: str
    on_bad: CheckStatus
    on_good: CheckStatus | None
    """None where no good run was at hand."""

    @property
    def tells_apart(self) -> bool:
        """Red on the bad run, and green on the good one where there is one."""
        return self.on_bad is CheckStatus.FAILED and self.on_good in (None, CheckStatus.PASSED)

    @property
    def guards(self) -> bool:
        """Green on both: it keeps what went well, and says nothing of the failure."""
        return self.on_bad is CheckStatus.PASSED and self.on_good in (None, CheckStatus.PASSED)


@dataclass(frozen=True, slots=True)
class Tried:
    """A case on the run that it comes from, and on a good run."""

    case_id: str
    checks: tuple[TriedCheck, ...]
    bad: str
    good: str | None
    red: bool
    green: bool | None

    @property
    def ready(self) -> bool:
        """Whether it is red where it must be, and green where it must be, as far as there are runs."""
        return self.red and self.green is not False

    @property
    def in_words(self) -> str:
        """What keeps it from being signed, or that nothing does."""
        if not self.red:
            return f"it does not fail on {self.bad}, where the failure happened: no check sees it"
        if self.green is False:
            wrong = [tried.check for tried in self.checks if tried.on_good is CheckStatus.FAILED]
            return f"it fails on {self.good} too, which went well: {', '.join(wrong) or 'a check is undecided there'}"
        where = f", and passes on {self.good}" if self.good else "; no good run is at hand to try it on"
        return f"it fails on {self.bad} as it must{where}"


def try_case(case: Case, bad: Trace, good: Trace | None) -> Tried:
    """Hold a case against both runs. Judge's checks are not asked. Cost: the checks alone."""
    on_bad, on_good = hold_against(case, bad), hold_against(case, good) if good is not None else None
    bad_status, good_status = _by_check(on_bad), _by_check(on_good) if on_good is not None else {}
    checks = tuple(
        TriedCheck(name, status, good_status.get(name, _UNKNOWN) if on_good is not None else None)
        for name, status in bad_status.items()
    )
    return Tried(
        case.id,
        checks,
        bad.summary.short_id,
        good.summary.short_id if good is not None else None,
        on_bad.outcome is CaseOutcome.FAILED,
        None if on_good is None else on_good.outcome is CaseOutcome.PASSED,
    )


def _by_check(result: CaseResult) -> Mapping[str, CheckStatus]:
    return {check.check: check.status for check in result.checks}
