"""What a fail verdict suggests: a lesson, a regression case and a rubric change, prefilled for a person to edit.

Lesson texts are built from a template, the reviewer's own words and names of tools; what a trace says goes into the
case alone, which is data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...knowledge.plaintext import plain_line
from ...knowledge.rubrics import clean_rubric
from ...model.case_checks import Check, Grounded, Judged, MaxSteps, OutputContains, ToolCalled, ToolNotCalled
from ...model.cases import Case, FrozenResult, Provenance
from ...model.findings import CauseClass, Signal, SuspectReport
from ...model.reading.turns import replay_input
from ...model.reviews import AppliesTo, Label, Lesson, LessonOrigin, Rubric, Verdict
from ...model.text.jsontext import canonical
from ...model.traces import JsonValue, Message, Step, StepKind, Trace
from ...trust.files import slug
from .proposing import LessonDraft

_SHORT_ANSWER = 60
_MOST_FROZEN_BYTES = 256_000
ADVICE: dict[CauseClass, tuple[str, str, str]] = {
    CauseClass.PROMPT: (
        "Say in the instructions what a good answer needs",
        "The instructions do not rule this out.",
        "Add the missing rule to the instructions, with an example.",
    ),
    CauseClass.RETRIEVAL: (
        "Do not answer from what was not found{tool}",
        "The passage that was needed was not found, or was out of date.",
        "Search again with other words, and say so when nothing fitting is found.",
    ),
    CauseClass.PASSAGE_SELECTION: (
        "Use the passage that answers the question{tool}",
        "The right passage was found and another one was used.",
        "Compare the passages with the question before answering; quote the one that decides it.",
    ),
    CauseClass.TOOL: (
        "Tell of a failed call instead of going on{tool}",
        "A tool failed or gave a wrong result, and the run went on as if it had not.",
        "Check the result of the call; on an error retry, ask, or say that it did not work.",
    ),
    CauseClass.ARGUMENTS: (
        "Check the arguments before the call{tool}",
        "The call was made with a wrong argument.",
        "Take each argument from the newest message or result that names it, and ask when it is not clear.",
    ),
    CauseClass.REASONING: (
        "State only what the sources support",
        "The conclusion does not follow from what the run had before it.",
        "Name the source of each number and promise; leave out what has none.",
    ),
    CauseClass.MODEL: (
        "Guard inputs of this kind",
        "The model is unreliable on inputs of this kind.",
        "Route such inputs to a check, another model or a person.",
    ),
    CauseClass.WORKFLOW: (
        "Keep to the order of the work{tool}",
        "A step was taken that should not have been, or one was left out.",
        "Make the step depend on what has to come before it.",
    ),
    CauseClass.UNDETERMINED: (
        "Answer this kind of request as the expert would",
        "The cause is not settled yet.",
        "Give the answer that the expert named, or say what is missing for it.",
    ),
}
"""By cause: the title of a lesson, why it happened, and what to do; until a person writes their own."""
"""Title, why and what to do by cause; `{tool}` becomes ` (tool name)`."""
_UNGROUNDED = frozenset({"ungrounded_value", "tool_contradiction"})
_REPEATED = frozenset({"loop", "retry_without_change"})


def prefill(
    verdict: Verdict,
    trace: Trace,
    *,
    report: SuspectReport | None = None,
    signals: Sequence[Signal] = (),
    rubric: Rubric | None = None,
    freeze: bool = True,
    earlier: Sequence[Message] = (),
) -> LessonDraft:
    """Drafts for what a verdict teaches.

    Args:
        verdict: A fail; its cause and step, where the reviewer named them, go before the suspects'.
        trace: The trace it is about.
        report: Its suspects.
        signals: Its signals; they choose the checks of the case.
        rubric: The version that was asked; with it a next version is drafted, where the reviewer gave a reason.
        freeze: Freeze the tool results of the run in the case; False lets the tools answer.
        earlier: What was said and shown in the turns of the session before; the case begins with it.
    """
    step, cause = _blamed(verdict, trace, report)
    lesson = prefill_lesson(verdict, trace, step, cause)
    case = prefill_case(verdict, trace, step, cause, signals=signals, lesson=lesson.id, freeze=freeze, earlier=earlier)
    return LessonDraft(
        replace(lesson, case=case.id if case else None),
        case,
        prefill_rubric(verdict, rubric) if rubric is not None else None,
    )


def prefill_lesson(verdict: Verdict, trace: Trace, step: Step | None, cause: CauseClass) -> Lesson:
    """The lesson: template sentences by cause, and what the reviewer wrote."""
    answer, tool = verdict.answer, step.tool if step else None
    title, why, to_do = ADVICE[cause]
    title = title.format(tool=f" ({plain_line(tool)[:30]})" if tool else "")
    place = ""
    if step is not None:
        said = "It went wrong" if answer.cause_span == step.span_id else "A rule suspects that it went wrong"
        place = f" {said} in step {step.index} ({_step_name(step)})."
    if answer.cause is None and cause is not CauseClass.UNDETERMINED:
        why = f"Suspected by a rule, judged by nobody yet: {why[0].lower()}{why[1:]}"
    happened = f'{verdict.reviewer_name} failed a run on the question "{verdict.question}"{place}'
    if answer.reason:
        why = f"{why}\n\n{verdict.reviewer_name}: {answer.reason}"
    if answer.expected:
        happened = f"{happened}\n\nExpected: {answer.expected}"
    summary = trace.summary
    return Lesson(
        id=f"{slug(title)[:50].strip('-')}-{verdict.uid[:6]}",
        title=title,
        what_happened=happened,
        why=why,
        what_to_do=to_do,
        applies_to=AppliesTo(
            tools=(tool,) if tool else (),
            prompts=(step.agent,) if step and step.agent else (),
            tasks=(summary.task,) if summary.task and summary.task_declared else (),
        ),
        origin=LessonOrigin(verdict.uid, summary.external_id, summary.project, (step.span_id,) if step else ()),
    )


def prefill_case(
    verdict: Verdict,
    trace: Trace,
    step: Step | None,
    cause: CauseClass,
    *,
    signals: Sequence[Signal] = (),
    lesson: str | None = None,
    freeze: bool = True,
    earlier: Sequence[Message] = (),
) -> Case | None:
    """The regression case: the run's input, its tool results, and checks that the failed run would not pass.

    Where nothing but a judgement can tell, the check is the review question, for a judge. None where the run has no
    input to start from.
    """
    given = replay_input(trace.steps, trace.summary.input, earlier)
    if not given:
        return None
    checks = list(_checks(verdict, trace, step, cause, {signal.signal: signal for signal in signals if signal.failure}))
    if not checks:
        rubric = f"{verdict.rubric.id}@{verdict.rubric.version}"
        checks = [Judged(question=verdict.question, rubric=rubric)]
    summary = trace.summary
    return Case(
        id=slug(f"{verdict.question[:40]} {verdict.uid[:6]}"),
        title=plain_line(verdict.question)[:200],
        severity=verdict.answer.severity,
        input=given,
        tool_results=_frozen(trace) if freeze else None,
        checks=tuple(checks),
        provenance=Provenance(
            lesson=lesson, verdict=verdict.uid, trace=summary.external_id, spans=(step.span_id,) if step else ()
        ),
    )


def prefill_rubric(verdict: Verdict, rubric: Rubric) -> Rubric | None:
    """The next version of a rubric, with the reviewer's reason as an example of its first failed criterion.

    None where the reviewer gave no reason, or another rubric was asked.
    """
    reason = plain_line(verdict.answer.reason)[:500]
    if not reason or verdict.answer.label is not Label.FAIL or rubric.id != verdict.rubric.id:
        return None
    failed = next((entry.criterion for entry in verdict.answer.criteria if entry.label is Label.FAIL), None)
    target = failed or rubric.criteria[0].id
    criteria = tuple(
        replace(entry, examples=(*entry.examples, f"Fails: {reason}")) if entry.id == target else entry
        for entry in rubric.criteria
    )
    return clean_rubric(replace(rubric, version=rubric.version + 1, criteria=criteria))


def _blamed(verdict: Verdict, trace: Trace, report: SuspectReport | None) -> tuple[Step | None, CauseClass]:
    named = verdict.answer.cause_span
    step = next((entry for entry in trace.steps if entry.span_id == named), None) if named else None
    cause = verdict.answer.cause
    suspects = report.suspects if report is not None and report.enough_evidence else ()
    if step is None and suspects and suspects[0].step < len(trace.steps):
        step = trace.steps[suspects[0].step]
    if cause is None:
        cause = next((s.cause for s in suspects if step is not None and s.step == step.index), None)
    return step, cause or CauseClass.UNDETERMINED


def _checks(
    verdict: Verdict, trace: Trace, step: Step | None, cause: CauseClass, signals: dict[str, Signal]
) -> Iterator[Check]:
    expected = verdict.answer.expected.strip().rstrip(".")
    if expected and len(expected) <= _SHORT_ANSWER and "\n" not in expected:
        yield OutputContains(text=expected)
    if signals.keys() & _UNGROUNDED or cause is CauseClass.PASSAGE_SELECTION:
        yield Grounded()
    repeated = next((signals[name] for name in sorted(signals.keys() & _REPEATED)), None)
    if repeated is not None and repeated.step is not None and (tool := trace.steps[repeated.step].tool):
        yield ToolCalled(tool=tool, times=1)
        yield MaxSteps(steps=max(len(trace.steps) - 1, 1))
    if cause is CauseClass.WORKFLOW and step is not None and step.kind is StepKind.TOOL and step.tool:
        yield ToolNotCalled(tool=step.tool)


def _frozen(trace: Trace) -> tuple[FrozenResult, ...] | None:
    """The tool results in call order; None, so that the tools answer, where they are too long to read in a review."""
    results = tuple(
        FrozenResult(tool=step.tool, arguments=step.inputs, result=_result(step), is_error=step.error is not None)
        for step in trace.steps
        if step.kind in (StepKind.TOOL, StepKind.RETRIEVER) and step.tool
    )
    size = sum(len(canonical(entry.model_dump(mode="json"))) for entry in results)
    return results if results and size <= _MOST_FROZEN_BYTES else None


def _result(step: Step) -> JsonValue:
    if step.outputs is None and step.error is not None:
        return step.error.message
    return step.outputs


def _step_name(step: Step) -> str:
    return plain_line(step.tool or step.name)[:60]
