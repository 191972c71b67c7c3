"""Does a lesson help? Its case on one version, with the lesson in the agent's context and without it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from ...analysis.verification.verdicts import CaseVerdict, JudgedCase, SuiteJudgement
from ...model.cases import Case
from ...model.errors import UsageError
from ...model.experiments import LiftVerdict, TargetPrint
from ...model.reviews import Lesson
from ...model.traces import JsonValue
from ...store.experiments.experiments import LESSON
from ..protocol import RunResult
from ..targets.runnable import Runnable

VARIABLE = "RETROSPAN_LESSON"
"""Environment variable that holds the lesson in a run that is made with it."""
_NOTHING_SEEN = (CaseVerdict.UNCHANGED, CaseVerdict.FLAKY)


class Way(StrEnum):
    """How a lesson gets to the agent."""

    INPUT = "input"
    """Before what is asked: as a message of the system's where there are messages, else as text."""
    ENVIRONMENT = "environment"
    """In the variable alone; the application puts it where its prompts are made."""


@dataclass(frozen=True, slots=True)
class WithLesson:
    """A version whose runs have a lesson in their context."""

    inner: Runnable
    lesson: Lesson
    way: Way

    @property
    def target_print(self) -> TargetPrint:
        own = self.inner.target_print
        told = f"{own.target_hash}\n{self.way.value}\n{advice_of(self.lesson)}"
        digest = hashlib.sha256(told.encode()).hexdigest()[:16]
        return replace(own, version=f"{LESSON}{self.lesson.id}", target_hash=digest)

    def run(self, case: Case, environment: Mapping[str, str]) -> RunResult:
        advice = advice_of(self.lesson)
        if self.way is Way.INPUT:
            case = case.model_copy(update={"input": with_advice(case.input, advice)})
        return self.inner.run(case, {**environment, VARIABLE: advice})


def advice_of(lesson: Lesson) -> str:
    """The lesson as an agent reads it."""
    return f"A lesson from an earlier failure, confirmed by a reviewer: {lesson.title}. {lesson.what_to_do}"


def with_advice(value: JsonValue, advice: str) -> JsonValue:
    """An input with advice before what is asked.

    Raises:
        UsageError: if there is no place for it that every application would read.

    >>> with_advice("Can I return it?", "Quote the policy.")
    'Quote the policy.\\n\\nCan I return it?'
    """
    if isinstance(value, str):
        return f"{advice}\n\n{value}"
    if isinstance(value, list) and value and all(isinstance(part, dict) and "role" in part for part in value):
        return [{"role": "system", "content": advice}, *value]
    if isinstance(value, dict) and isinstance(value.get("messages"), list):
        return value | {"messages": with_advice(value["messages"], advice)}
    raise UsageError(
        "The case's input is neither text nor messages, so there is no place for a lesson in it. "
        f"Let the application read the variable {VARIABLE}, and write --way environment."
    )


def check_way(cases: Sequence[Case], lesson: Lesson, way: Way) -> None:
    """Refuse, before any run, inputs that have no place for a lesson; see `with_advice`."""
    for case in cases if way is Way.INPUT else ():
        with_advice(case.input, advice_of(lesson))


def lift_of(judgement: SuiteJudgement, own: str) -> tuple[LiftVerdict, str]:
    """What a lesson does, and the counts that say so.

    Args:
        judgement: The version without and with the lesson; beside its own case there may be others, which can only
            speak against it.
        own: Id of the case that guards the lesson.
    """
    cases = {judged.evidence.case: judged for judged in judgement.cases}
    broken = [judged for judged in judgement.cases if judged.verdict is CaseVerdict.BROKEN]
    if broken:
        return LiftVerdict.HARMS, _told(broken[0])
    mine = cases[own]
    first = mine.evidence.first
    if mine.verdict in (CaseVerdict.FIXED, CaseVerdict.IMPROVED):
        verdict = LiftVerdict.HELPS
    elif mine.verdict in _NOTHING_SEEN:
        needless = 0 < first.base_runs == first.base_passed
        verdict = LiftVerdict.NEEDLESS if needless else LiftVerdict.NO_EFFECT
    else:
        verdict = LiftVerdict.UNSURE
    return verdict, _told(mine)


def concluding(own: str) -> Any:
    """What is kept of such a comparison; see `verify.run_verification`."""

    def conclusion(judgement: SuiteJudgement) -> tuple[str, dict[str, Any]]:
        verdict, because = lift_of(judgement, own)
        return verdict.value, {"lift": because, "own_case": own}

    return conclusion


def _told(judged: JudgedCase) -> str:
    return f"{judged.evidence.case} without and with it: {judged.because}"
