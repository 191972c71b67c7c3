"""What the runs of two versions prove, case by case and for the whole suite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from .planning import CONFIRMING_ALPHA, SUITE_ALPHA
from .single_case import Call, Rule, Stop, Tally, call_of, fisher_one_sided, stop_of
from .suite import Flips, holm, majority_flips, non_inferiority_p, rate_changes, sign_flip_p

DEFAULT_MARGINS: Mapping[str, float] = MappingProxyType({"critical": 0.0, "high": 0.0, "medium": 0.0, "low": 0.05})
UNRATED = "medium"
"""The severity of a case that names none."""


class CaseVerdict(StrEnum):
    """What the runs of one case prove."""

    FIXED = "fixed"
    """Better than chance explains, and the candidate passed every run."""
    IMPROVED = "improved"
    """Better than chance explains, and the candidate still fails at times."""
    UNCHANGED = "unchanged"
    BROKEN = "broken"
    """Worse than chance explains, on a fresh batch too where one could be run."""
    FLAKY = "flaky"
    """A version passes at times and fails at times, and no change is beyond chance."""
    TOO_FEW = "too few runs"
    """The runs could not have shown a change, or some of them could not be decided."""


class SuiteVerdict(StrEnum):
    """What the whole suite says of the candidate."""

    HOLDS = "holds"
    BLOCKED = "blocked"
    NOT_ENOUGH = "not enough evidence"

    @property
    def exit_code(self) -> int:
        """0, 1, and 4 for what nobody can say: 2 and 3 mean wrong usage and trouble with the store."""
        return {SuiteVerdict.HOLDS: 0, SuiteVerdict.BLOCKED: 1, SuiteVerdict.NOT_ENOUGH: 4}[self]


@dataclass(frozen=True, slots=True)
class CaseEvidence:
    """The runs of one case, and how it was planned to be run."""

    case: str
    rule: Rule
    first: Tally
    confirming: Tally | None = None
    """The fresh batch, where the first one called the case worse and runs could be made."""
    can_rerun: bool = True
    undecided: int = 0
    """Runs that could not be decided: errors, time-outs, checks without an answer."""
    severity: str = UNRATED
    quarantined: bool = False
    """Known to be flaky: listed, and no ground for the verdict."""
    slices: tuple[str, ...] = ()
    """Guard slices it belongs to: `mode:M3`, `tool:issue_refund`, `task:refund`."""
    failed_checks: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """Checks that failed at least once, on the base and on the candidate."""


@dataclass(frozen=True, slots=True)
class JudgedCase:
    """One case with its verdict and the reason in words."""

    evidence: CaseEvidence
    verdict: CaseVerdict
    because: str
    stop: Stop | None = None
    fails_differently: tuple[str, ...] = ()
    """Checks that fail on the candidate and did not on the base, where both versions fail."""


@dataclass(frozen=True, slots=True)
class SeverityJudgement:
    """All cases of one severity against its margin."""

    severity: str
    margin: float
    cases: int
    broken: tuple[str, ...]
    flips: Flips
    p_worse: float
    """The smaller of the two suite tests, adjusted by Holm."""
    drop: float
    """The fall of the pass rate, averaged over cases; negative where it rose."""
    verdict: SuiteVerdict
    because: str


@dataclass(frozen=True, slots=True)
class GuardSlice:
    """Cases that share a mode, a tool or a task, beside the ones that were fixed."""

    name: str
    cases: int
    broken: tuple[str, ...]
    fixed: tuple[str, ...]
    says: str
    """`improved`, `regressed`, `relocated`, `mixed` or `flat`."""


@dataclass(frozen=True, slots=True)
class SuiteJudgement:
    """The whole comparison."""

    verdict: SuiteVerdict
    because: str
    cases: tuple[JudgedCase, ...]
    severities: tuple[SeverityJudgement, ...]
    slices: tuple[GuardSlice, ...]
    flips: Flips
    """Over all cases, by the majority of their runs, whatever their severity."""

    def of(self, *verdicts: CaseVerdict) -> tuple[str, ...]:
        """Ids of the cases with one of these verdicts."""
        return tuple(judged.evidence.case for judged in self.cases if judged.verdict in verdicts)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the candidate may cost."""

    margins: Mapping[str, float] = field(default_factory=lambda: DEFAULT_MARGINS)
    """Severity → largest share of its cases that may break; 0 allows none."""

    def margin(self, severity: str) -> float:
        return self.margins.get(severity, DEFAULT_MARGINS.get(severity, DEFAULT_MARGINS[UNRATED]))

    def must_hold(self, severity: str) -> bool:
        """Whether a regression of this severity is worth a later look: a grave one, of which none may break."""
        return severity in ("critical", "high") and self.margin(severity) == 0


def judge_suite(evidence: Sequence[CaseEvidence], policy: Policy | None = None) -> SuiteJudgement:
    """Judge all cases, then each severity against its margin, then the whole.

    A case called worse blocks only if it is worse on a fresh batch too, by a p that Holm adjusts over the cases of its
    severity that were confirmed at all. The suite's own tests have no second batch, so they use a level of .005, shared
    by the severities.

    Args:
        evidence: One entry a case, retired ones left out.
        policy: Margins by severity.
    """
    policy = policy or Policy()
    confirmed = _confirmed(evidence)
    cases = tuple(_judge(entry, confirmed.get(entry.case, False)) for entry in evidence)
    kinds = sorted({entry.severity for entry in evidence}, key=_weight)
    severities = tuple(
        _judge_severity(kind, [judged for judged in cases if judged.evidence.severity == kind], policy, len(kinds))
        for kind in kinds
    )
    verdict, because = _whole(severities)
    flips = majority_flips({entry.case: entry.first for entry in evidence})
    return SuiteJudgement(verdict, because, cases, severities, _slices(cases), flips)


def _confirmed(evidence: Sequence[CaseEvidence]) -> dict[str, bool]:
    """By case: whether the fresh batch called it worse again.

    Recorded runs have no fresh batch; there Holm adjusts over all cases of the severity instead.
    """
    found: dict[str, bool] = {}
    for severity in {entry.severity for entry in evidence}:
        own = [entry for entry in evidence if entry.severity == severity]
        fresh = {e.case: _p_worse(e.confirming) for e in own if e.confirming is not None}
        recorded = {e.case: _p_worse(e.first) for e in own if not e.can_rerun}
        for group in (recorded, fresh):
            found |= {case: p <= CONFIRMING_ALPHA for case, p in holm(group).items()}
    return found


def _p_worse(tally: Tally) -> float:
    return fisher_one_sided(*tally[2:], *tally[:2])


def _judge(entry: CaseEvidence, confirmed: bool) -> JudgedCase:
    tally = entry.first
    call = call_of(tally, entry.rule.alpha)
    told = f"{tally.base_passed}/{tally.base_runs} → {tally.candidate_passed}/{tally.candidate_runs}"
    if call is Call.BETTER:
        every = tally.candidate_passed == tally.candidate_runs
        return _judged(entry, CaseVerdict.FIXED if every else CaseVerdict.IMPROVED, told)
    if call is Call.WORSE:
        return _worse(entry, told, confirmed)
    if entry.undecided:
        return _judged(entry, CaseVerdict.TOO_FEW, f"{told}, {entry.undecided} runs could not be decided")
    if not _could_tell(entry):
        return _judged(entry, CaseVerdict.TOO_FEW, f"{told}: so few runs cannot show a change")
    if _mixed(tally):
        return _judged(entry, CaseVerdict.FLAKY, f"{told}: no change beyond chance")
    return _judged(entry, CaseVerdict.UNCHANGED, told)


def _worse(entry: CaseEvidence, told: str, confirmed: bool) -> JudgedCase:
    if entry.confirming is None:
        if entry.can_rerun:
            return _judged(entry, CaseVerdict.TOO_FEW, f"{told}, and no fresh batch was run to confirm it")
        if confirmed:
            return _judged(entry, CaseVerdict.BROKEN, f"{told} in recorded runs")
        return _judged(entry, CaseVerdict.FLAKY, f"{told}: among so many cases, no change beyond chance")
    again = entry.confirming
    fresh = f"{again.base_passed}/{again.base_runs} → {again.candidate_passed}/{again.candidate_runs} on a fresh batch"
    if confirmed:
        return _judged(entry, CaseVerdict.BROKEN, f"{told}, then {fresh}")
    return _judged(entry, CaseVerdict.FLAKY, f"{told}, not confirmed: {fresh}")


def _judged(entry: CaseEvidence, verdict: CaseVerdict, because: str) -> JudgedCase:
    before, after = entry.failed_checks
    new = tuple(check for check in after if check not in before) if before else ()
    return JudgedCase(entry, verdict, because, _stop_of(entry), new)


def _stop_of(entry: CaseEvidence) -> Stop | None:
    """Why the runs of a case ended; None where they did not come to their end."""
    return stop_of(entry.first, entry.rule)


def _could_tell(entry: CaseEvidence) -> bool:
    return entry.rule.can_tell and _stop_of(entry) is not None


def _mixed(tally: Tally) -> bool:
    return 0 < tally.base_passed + tally.candidate_passed < tally.base_runs + tally.candidate_runs


def _weight(severity: str) -> tuple[int, str]:
    order = tuple(DEFAULT_MARGINS)
    return (order.index(severity) if severity in order else len(order), severity)


def _judge_severity(severity: str, cases: Sequence[JudgedCase], policy: Policy, severities: int) -> SeverityJudgement:
    counted = [judged for judged in cases if not judged.evidence.quarantined]
    tallies = {judged.evidence.case: judged.evidence.first for judged in counted}
    flips, changes, margin = majority_flips(tallies), rate_changes(tallies), policy.margin(severity)
    p_worse = min(holm({"majority": flips.p_worse, "rate": sign_flip_p(changes)}).values())
    drop = -sum(changes) / len(changes) if changes else 0.0
    broken = tuple(judged.evidence.case for judged in counted if judged.verdict is CaseVerdict.BROKEN)
    undecided = [judged.evidence.case for judged in counted if judged.verdict is CaseVerdict.TOO_FEW]
    fell = p_worse <= SUITE_ALPHA / severities and drop > margin
    verdict, because = SuiteVerdict.HOLDS, f"all {len(counted)} decided, none broken"
    if len(broken) > margin * len(counted):
        verdict, because = SuiteVerdict.BLOCKED, f"{len(broken)} of {len(counted)} broken, {margin:.0%} allowed"
    elif fell:
        verdict, because = SuiteVerdict.BLOCKED, f"the pass rate fell by {drop:.0%} (p = {p_worse:.2g})"
    elif not counted:
        verdict, because = SuiteVerdict.NOT_ENOUGH, "no case of it counts"
    elif undecided:
        shown = margin > 0 and non_inferiority_p(changes, margin) <= SUITE_ALPHA
        verdict = SuiteVerdict.HOLDS if shown else SuiteVerdict.NOT_ENOUGH
        told = f"{len(undecided)} of {len(counted)} with too few runs"
        because = f"{told}; a fall of {margin:.0%} is ruled out" if shown else told
    elif broken:
        because = f"{len(broken)} of {len(counted)} broken, which {margin:.0%} allows"
    return SeverityJudgement(severity, margin, len(cases), broken, flips, p_worse, drop, verdict, because)


def _whole(severities: Sequence[SeverityJudgement]) -> tuple[SuiteVerdict, str]:
    for verdict in (SuiteVerdict.BLOCKED, SuiteVerdict.NOT_ENOUGH):
        found = [entry for entry in severities if entry.verdict is verdict]
        if found:
            return verdict, "; ".join(f"{entry.severity}: {entry.because}" for entry in found)
    if not severities:
        return SuiteVerdict.NOT_ENOUGH, "no case was compared"
    return SuiteVerdict.HOLDS, "; ".join(f"{entry.severity}: {entry.because}" for entry in severities)


def _slices(cases: Sequence[JudgedCase]) -> tuple[GuardSlice, ...]:
    """Slices in which something moved. A failure is relocated where one slice gains what another loses."""
    better = (CaseVerdict.FIXED, CaseVerdict.IMPROVED)
    gained = {name for judged in cases if judged.verdict in better for name in judged.evidence.slices}
    found = []
    for name in sorted({name for judged in cases for name in judged.evidence.slices}):
        own = [judged for judged in cases if name in judged.evidence.slices]
        broken = tuple(judged.evidence.case for judged in own if judged.verdict is CaseVerdict.BROKEN)
        fixed = tuple(judged.evidence.case for judged in own if judged.verdict in better)
        if broken or fixed:
            elsewhere = bool(gained - {name})
            found.append(GuardSlice(name, len(own), broken, fixed, _says(bool(broken), bool(fixed), elsewhere)))
    return tuple(found)


def _says(broken: bool, fixed: bool, fixed_elsewhere: bool) -> str:
    if broken and fixed:
        return "mixed"
    if broken:
        return "relocated" if fixed_elsewhere else "regressed"
    return "improved"
