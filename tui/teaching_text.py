"""What the form of a fail says in words: its fields, and how the case fared on what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual.content import Content

from ..model.cases import Case
from ..regression.results import CheckResult, CheckStatus
from ..regression.teaching.facts import FailFacts
from ..regression.teaching.form import TeachingForm
from ..regression.teaching.trying import Tried
from .gate import cell, joined, lines, shown, shown_line

FIELDS = ("cause", "step", "title", "to_do", "exactly", "frozen", "example")
"""In the order in which they stand."""
LABELS = {
    "cause": "Why it went wrong",
    "step": "In which step",
    "title": "The lesson: what to do",
    "to_do": "Said in full",
    "exactly": "Exactly these words",
    "frozen": "Tools in the case",
    "example": "Into the rubric",
}
_LABEL = 24


def field_value(facts: FailFacts, form: TeachingForm, name: str) -> str:
    """A field as it is shown."""
    if name == "cause":
        return form.cause.value.replace("_", " ")
    if name == "step":
        return step_words(facts, form)
    if name == "exactly":
        return form.exactly or "– (a judge and the checks below tell, not the letter)"
    if name == "frozen":
        return "answer from the record" if form.frozen else "answer for themselves"
    if name == "example":
        return form.example or "– (the rubric stays as it is)"
    return " ".join(str(getattr(form, name)).split())


def step_words(facts: FailFacts, form: TeachingForm) -> str:
    """`T412.7 issue_refund`."""
    step = facts.step(form.step)
    if step is None:
        return "– (none named)"
    return f"{facts.trace.summary.short_id}.{step.index} {step.tool or step.agent or step.name}"


def changed(form: TeachingForm, name: str, value: str) -> TeachingForm:
    """The form with one of its texts changed; `-` empties it."""
    text = "" if value.strip() == "-" else value.strip()
    texts = {
        "title": lambda: replace(form, title=text),
        "to_do": lambda: replace(form, to_do=text),
        "exactly": lambda: replace(form, exactly=text),
        "example": lambda: replace(form, example=text),
    }
    return texts[name]()


def field_row(facts: FailFacts, form: TeachingForm, index: int, width: int) -> Content:
    """One field on a line."""
    name = FIELDS[index]
    label = min(_LABEL, max(width // 3, 12))
    value = field_value(facts, form, name)
    style = "$quiet" if value.startswith("–") else "bold" if name == "title" else ""
    return joined(cell(LABELS[name], label, "$quiet"), cell(value, max(width - label, 8), style))


def said_content(facts: FailFacts, width: int, causes: Sequence[str] = ()) -> Content:
    """Who failed what, and why: three lines at most."""
    verdict = facts.verdict
    answer = verdict.answer
    severity = f", {answer.severity.value}" if answer.severity else ""
    head = f"{verdict.short_id}: {verdict.reviewer_name} failed {facts.trace.summary.short_id}{severity}. "
    parts = [joined(shown(head, "bold"), shown_line(facts.question, max(width - len(head), 10)))]
    if answer.reason:
        parts.append(shown_line(f"“{answer.reason}”", width))
    if answer.expected:
        parts.append(joined(shown("expected: ", "$quiet"), shown_line(answer.expected, max(width - 10, 10))))
    parts += [joined(shown("tried: ", "$quiet"), shown_line(told, max(width - 7, 10))) for told in causes]
    return lines(*parts)


def tried_content(facts: FailFacts, case: Case | None, tried: Tried | None) -> Content:
    """How the case fares on what happened, check by check."""
    if case is None or tried is None:
        return shown("No case: the run records nothing that it was asked. The lesson and the rubric can still be kept.")
    run, good = facts.trace.summary.short_id, facts.good.summary.short_id if facts.good else ""
    turns = f"{len(case.input)} messages" if isinstance(case.input, list) else "one message"
    parts = [joined(shown(f"The case asks {turns}, and holds:", "$quiet"))]
    for check in tried.bad.checks:
        fails = check.status is CheckStatus.FAILED
        sign = shown("✗ " if fails else "! ", "$verdict-fail" if fails else "bold $warning")
        on_good = _on_good(tried, check, good)
        parts.append(joined(sign, shown(check.check, "bold"), shown(f" – on {run}: {check.reason}{on_good}", "$quiet")))
    if tried.why_not:
        parts.append(shown(f"Not to be accepted so: {tried.why_not}.", "bold $warning"))
    elif tried.judge_alone:
        parts.append(shown("Only a judge can tell: without a model key this case is skipped.", "$warning"))
    else:
        passes = f", and passes on {good}" if good else ""
        parts.append(shown(f"It fails on {run}, as it must{passes}.", "$verdict-pass"))
    return lines(*parts)


def _on_good(tried: Tried, check: CheckResult, good: str) -> str:
    same = next((entry for entry in tried.good.checks if entry.check == check.check), None) if tried.good else None
    return f"; on {good}: {same.status.value}" if same is not None else ""
