"""What a fail verdict suggests: a lesson and a rubric change, prefilled for a person to edit.

Lesson texts are built from a template, the rubric, the reviewer's own words and names of tools; what a trace says
goes into the case alone, which is data.
"""

from __future__ import annotations

from dataclasses import replace
from textwrap import shorten

from ...knowledge.plaintext import plain_line
from ...knowledge.rubrics import clean_rubric
from ...model.findings import CauseClass
from ...model.lessons import TITLE_LIMIT
from ...model.reviews import AppliesTo, Criterion, Lesson, LessonOrigin, Rubric, Verdict
from ...model.traces import Step, Trace
from ...trust.files import slug

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
        "See to it before answering",
        "The cause is not settled yet.",
        "Give the answer that the expert named, or say what is missing for it.",
    ),
}
"""Title, why and what to do by cause, until a person writes their own; `{tool}` becomes ` (tool name)`."""


def prefill_lesson(
    verdict: Verdict, trace: Trace, step: Step | None, cause: CauseClass, criterion: Criterion | None = None
) -> Lesson:
    """The lesson: template sentences by cause, what the rubric wants, and what the reviewer wrote.

    Args:
        verdict: A fail.
        trace: The run it is about.
        step: Where it went wrong.
        cause: Why.
        criterion: The criterion that it failed; its wording names the lesson where the cause is not settled.
    """
    answer, tool = verdict.answer, step.tool if step else None
    title, why, to_do = ADVICE[cause]
    title = title.format(tool=f" ({plain_line(tool)[:30]})" if tool else "")
    if cause is CauseClass.UNDETERMINED:
        wanted = criterion.pass_when or criterion.question if criterion else verdict.question
        title = shorten(f"{title}: {plain_line(wanted)}", TITLE_LIMIT, placeholder=" …")
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


def prefill_rubric(newest: Rubric, criterion: str | None, example: str) -> Rubric:
    """The next version of a rubric, with an example added to a criterion.

    Args:
        newest: Its newest version, whatever version was asked.
        criterion: Id; the first one where the newest version has none of that name.
        example: One line: `Fails: a period that no policy states`.
    """
    known = {entry.id for entry in newest.criteria}
    target = criterion if criterion in known else newest.criteria[0].id
    criteria = tuple(
        replace(entry, examples=(*entry.examples, plain_line(example)[:500])) if entry.id == target else entry
        for entry in newest.criteria
    )
    return clean_rubric(replace(newest, version=newest.version + 1, criteria=criteria))


def _step_name(step: Step) -> str:
    return plain_line(step.tool or step.name)[:60]
