"""The short form of what a fail teaches: a few words that an engineer looks over, and the drafts made of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...knowledge.plaintext import plain_line
from ...model.case_checks import Check, Judged, OutputContains
from ...model.cases import Case, FrozenResult, Provenance
from ...model.findings import CauseClass
from ...model.reviews import Lesson, Rubric
from ...model.text.jsontext import canonical
from ...model.traces import JsonValue
from ...services.knowledge.prefill import prefill_lesson, prefill_rubric
from ...trust.files import slug
from ..protocol import CalledTool, RunResult
from ..recorded import recorded_run
from .distinguishing import Known, telling_checks
from .facts import FailFacts
from .trying import Tried, answered_by, try_case
from .turns import blamed_turn

_MOST_FROZEN_BYTES = 256_000
_REPLY_ALONE = frozenset({CauseClass.REASONING, CauseClass.MODEL, CauseClass.PASSAGE_SELECTION})
"""Causes under which a right run makes the same calls, so that their recorded results answer it."""


@dataclass(frozen=True, slots=True)
class TeachingForm:
    """What an engineer may change before three files are written."""

    cause: CauseClass
    step: str
    """Span id of the step where it went wrong; empty where none is named."""
    title: str
    """What to do, as the lesson is called."""
    to_do: str
    """The advice in full."""
    exactly: str = ""
    """Words that a right answer has letter for letter; empty unless the expert says so."""
    frozen: bool = False
    """The case answers its tool calls from the record instead of letting the tools answer."""
    example: str = ""
    """What is added to the failed criterion as an example; empty leaves the rubric as it is."""


def suggest(facts: FailFacts) -> TeachingForm:
    """The form as it is offered: the reviewer's words where there are some, else a sentence by cause."""
    step, cause = facts.blamed
    lesson = prefill_lesson(facts.verdict, facts.trace, step, cause, facts.criterion)
    reason = plain_line(facts.verdict.answer.reason)[:500]
    return TeachingForm(
        cause=cause,
        step=step.span_id if step else "",
        title=lesson.title,
        to_do=lesson.what_to_do,
        frozen=cause in _REPLY_ALONE and not any(s.signal == "claimed_action" for s in facts.explained.signals),
        example=f"Fails: {reason}" if reason else "",
    )


def lesson_of_form(facts: FailFacts, form: TeachingForm, case: Case | None) -> Lesson:
    """The lesson that a form makes."""
    lesson = prefill_lesson(facts.verdict, facts.trace, facts.step(form.step), form.cause, facts.criterion)
    name = f"{slug(form.title)[:50].strip('-')}-{facts.verdict.uid[:6]}"
    return replace(lesson, id=name, title=form.title, what_to_do=form.to_do, case=case.id if case else None)


def rubric_of_form(facts: FailFacts, form: TeachingForm) -> Rubric | None:
    """The next version of the newest rubric with the form's example; None where the form gives none."""
    if not form.example or facts.newest is None:
        return None
    return prefill_rubric(facts.newest, facts.criterion.id if facts.criterion else None, form.example)


def case_of_form(facts: FailFacts, form: TeachingForm) -> Case | None:
    """The regression case that a form makes: input up to the blamed turn, checks that tell, the judge's question.

    None where the run has no input to start from.
    """
    step = facts.step(form.step)
    turn = blamed_turn(facts.trace, step, facts.earlier)
    if not turn.input:
        return None
    verdict, good = facts.verdict, recorded_run(facts.good) if facts.good else None
    question = Judged(question=facts.question, rubric=f"{verdict.rubric.id}@{verdict.rubric.version}")
    case = Case(
        id=slug(f"{facts.question[:40]} {verdict.uid[:6]}"),
        title=plain_line(form.title)[:200],
        severity=verdict.answer.severity,
        input=turn.input,
        tool_results=_frozen(turn.run, good) if form.frozen else None,
        checks=(question,),
        provenance=Provenance(
            verdict=verdict.uid, trace=facts.trace.summary.external_id, spans=(form.step,) if form.step else ()
        ),
    )
    report = facts.explained.report
    suspects = report.suspects if report.enough_evidence else ()
    known = Known(turn.run, step, form.cause, facts.explained.signals, suspects, facts.rules, good)
    said: list[Check] = [OutputContains(text=form.exactly)] if form.exactly else []
    return case.model_copy(update={"checks": (*said, *telling_checks(known, case), question)})


def try_form(facts: FailFacts, case: Case, step: str) -> Tried:
    """Hold the case of a form against the recorded run up to the blamed turn, and the good run where there is one.

    Cost: the checks alone; nothing is run.
    """
    judge = answered_by(facts.verdict, lambda question: question == facts.question)
    return try_case(case, facts.trace, facts.good, step=facts.step(step), judge=judge, each=True)


def _frozen(bad: RunResult, good: RunResult | None) -> tuple[FrozenResult, ...] | None:
    """The recorded results in call order, those of the good run's other calls after them.

    None, so that the tools answer, where they are too long to read in a review.
    """
    calls = list(bad.tool_calls or ())
    known = {_asked(call) for call in calls}
    calls += [call for call in (good.tool_calls or () if good else ()) if _asked(call) not in known]
    results = tuple(
        FrozenResult(tool=call.name, arguments=call.arguments, result=call.result, is_error=call.is_error)
        for call in calls
    )
    size = sum(len(canonical(entry.model_dump(mode="json"))) for entry in results)
    return results if results and size <= _MOST_FROZEN_BYTES else None


def _asked(call: CalledTool) -> tuple[str, bytes]:
    arguments: JsonValue = call.arguments
    return call.name, canonical(arguments)
