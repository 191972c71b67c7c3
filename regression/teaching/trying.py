"""Try a case on recorded runs before anyone signs it: red on the run it comes from, green on one that went well.

Nothing is run. A judge's question is answered on the failed run by the signed verdict that the case comes from, where
that asked it, and by nobody on the good one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...model.cases import Case
from ...model.errors import UnknownIdError, UsageError
from ...model.reviews import Label, Verdict
from ...model.traces import Step, Trace, TraceSummary
from ...services.understanding.siblings import find_siblings, went_well
from ...store.contract import Store
from ...store.reading.summaries import get_trace, resolve_trace
from ...store.reviews.rubrics import rubric_of
from ...store.reviews.verdicts import verdicts_by_uid
from ..protocol import RunResult
from ..recorded import hold_against, hold_run
from ..results import CaseOutcome, CaseResult, CheckStatus, Judge, JudgeAnswer
from .turns import blamed_turn


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
    """A case on the run that it comes from, up to the blamed turn, and on a good run."""

    case_id: str
    bad: CaseResult
    good: CaseResult | None
    """None where no good run was at hand."""
    runs: tuple[TraceSummary, ...]
    """The bad run and, where there is one, the good run."""
    each: bool = False
    """Whether every check must fail on the bad run, as those must that were made for it alone."""

    @property
    def bad_run(self) -> str:
        """Short id."""
        return self.runs[0].short_id

    @property
    def good_run(self) -> str | None:
        """Short id."""
        return self.runs[1].short_id if len(self.runs) > 1 else None

    @property
    def checks(self) -> tuple[TriedCheck, ...]:
        """Check by check."""
        here = {check.check: check.status for check in self.good.checks} if self.good is not None else {}
        return tuple(TriedCheck(check.check, check.status, here.get(check.check)) for check in self.bad.checks)

    @property
    def judge_alone(self) -> bool:
        """Whether nothing but a judge can tell; without one, a run of the case is skipped."""
        return all(check.check.startswith("judge ") for check in self.bad.checks)

    @property
    def why_not(self) -> str:
        """Why it may not be signed; empty where it may: red there, not red here, as far as there are runs."""
        idle = [entry.check for entry in self.checks if entry.on_bad is not CheckStatus.FAILED]
        asked = self.bad.outcome is not CaseOutcome.SKIPPED
        if idle and self.each:
            return f"the check {idle[0]} does not fail on {self.bad_run}, the run that it comes from"
        if asked and self.bad.outcome is not CaseOutcome.FAILED:
            return f"it does not fail on {self.bad_run}, where the failure happened: no check sees it"
        if self.good is not None and self.good.outcome in (CaseOutcome.FAILED, CaseOutcome.ERROR):
            wrong = [entry.check for entry in self.checks if entry.on_good is CheckStatus.FAILED]
            return (
                f"it fails on {self.good_run} too, which went well: {', '.join(wrong)}"
                if wrong
                else f"it cannot be decided on {self.good_run}, which went well"
            )
        return ""

    @property
    def in_words(self) -> str:
        """What keeps it from being signed, or that nothing does."""
        if why_not := self.why_not:
            return why_not
        if self.bad.outcome is CaseOutcome.SKIPPED:
            return f"only a judge can tell, and nobody asked one about {self.bad_run}"
        where = f", and passes on {self.good_run}" if self.good_run else "; no good run of its request is at hand"
        return f"it fails on {self.bad_run} as it must{where}"


def try_case(
    case: Case,
    bad: Trace,
    good: Trace | None,
    *,
    step: Step | None = None,
    judge: Judge | None = None,
    each: bool = False,
) -> Tried:
    """Hold a case against both runs.

    Args:
        case: What is held.
        bad: The run that it comes from.
        good: A run of the same request that went well.
        step: Where the bad run went wrong: what came after that turn does not count.
        judge: Answers the judge's checks on the bad run.
        each: See `Tried.each`.

    Cost: the checks alone.
    """
    on_bad = hold_run(case, blamed_turn(bad, step).run, judge)
    on_good = hold_against(case, good) if good is not None else None
    runs = (bad.summary,) if good is None else (bad.summary, good.summary)
    return Tried(case.id, on_bad, on_good, runs, each)


def try_stored(store: Store, case: Case, good: str | None = None) -> Tried | None:
    """Try a case on the runs of a store.

    Args:
        store: Where.
        case: Any.
        good: The run that went well; by default the newest of the same request.

    Returns:
        None where the case names no run, or one that this store does not hold.

    Raises:
        UnknownIdError: if there is no run `good`.
        UsageError: if `good` is the run that the case comes from.
    """
    bad = _origin(store, case)
    if bad is None:
        return None
    chosen = get_trace(store, resolve_trace(store, good)) if good else good_run(store, bad)
    if chosen is not None and chosen.summary.id == bad.summary.id:
        raise UsageError(f"{good!r} is the run that {case.id} comes from. Name one that went well.")
    blamed = set(case.provenance.spans)
    step = next((entry for entry in bad.steps if entry.span_id in blamed), None)
    uid = case.provenance.verdict
    judge = _signed(store, verdicts_by_uid(store, [uid]).get(uid)) if uid is not None else None
    return try_case(case, bad, chosen, step=step, judge=judge)


def why_not_signed(store: Store, case: Case) -> str:
    """Why a case may not be signed as it stands; empty where it may, and where no run is here to try it on."""
    tried = try_stored(store, case)
    return tried.why_not if tried is not None else ""


def good_run(store: Store, trace: Trace) -> Trace | None:
    """A sibling of the same words that went well: of another request, another call may be the right one."""
    asked = _folded(trace.summary.input)
    for summary in find_siblings(store, trace.summary).summaries:
        if asked and _folded(summary.input) == asked and went_well(summary):
            return get_trace(store, summary.id)
    return None


def answered_by(verdict: Verdict, asks: Callable[[str], bool]) -> Judge:
    """A judge that answers the questions of a signed fail on its own run, and no other."""

    def signed(question: str, run: RunResult, case: Case) -> JudgeAnswer:
        said = verdict.answer.label is Label.FAIL and asks(question)
        return JudgeAnswer(False if said else None, f"{verdict.reviewer_name} failed this run in {verdict.short_id}")

    return signed


def _origin(store: Store, case: Case) -> Trace | None:
    if case.provenance.trace is None:
        return None
    try:
        return get_trace(store, resolve_trace(store, case.provenance.trace))
    except UnknownIdError:
        return None


def _signed(store: Store, verdict: Verdict | None) -> Judge | None:
    if verdict is None or not verdict.confirmed:
        return None
    rubric = rubric_of(store, verdict.rubric)
    failed = {entry.criterion for entry in verdict.answer.criteria if entry.label is Label.FAIL}
    criteria = rubric.criteria if rubric is not None else ()
    asked = {verdict.question, *(entry.question for entry in criteria if entry.id in failed or len(criteria) == 1)}
    return answered_by(verdict, asked.__contains__)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
