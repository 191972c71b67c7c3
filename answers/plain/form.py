"""The answer form's rules for every face: its fields, what each may say, and what is missing before it is kept.

Fields are texts by name: `criterion.ID` for each criterion (`label` where there is none), `severity`, `reason` and
`expected`. They are what a browser sends, what is kept while somebody still types, and what an answer is read from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ...model.errors import UsageError
from ...model.review_states import overall
from ...model.reviews import Answer, CriterionAnswer, Label, Rubric, Severity
from ...model.text.bounds import within
from ...services.reviewing.shown import asked_questions

WORDS = ("severity", "reason", "expected")
_CHOICES = {label.value: label for label in Label}


class Asked(NamedTuple):
    """One question that is to be answered."""

    field: str
    question: str
    pass_when: str = ""
    fail_when: str = ""


class UnfinishedError(UsageError):
    """Something is missing in an answer.

    Attributes:
        field: Where it is to be said.
    """

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


def asked(question: str, rubric: Rubric | None) -> list[Asked]:
    """What the form asks, in order: each criterion of the rubric; with one criterion, the item's own question."""
    criteria = {entry.id: entry for entry in rubric.criteria} if rubric else {}
    return [
        Asked(f"criterion.{name}", words, criteria[name].pass_when, criteria[name].fail_when)
        if name in criteria
        else Asked("label", words)
        for name, words in asked_questions(question, rubric)
    ]


def known_fields(question: str, rubric: Rubric | None) -> list[str]:
    """The names of the form's fields."""
    return [*(entry.field for entry in asked(question, rubric)), *WORDS]


def fields_of(answer: Answer, question: str, rubric: Rubric | None) -> dict[str, str]:
    """The form as it was when `answer` was given."""
    marks = {f"criterion.{entry.criterion}": entry.label.value for entry in answer.criteria}
    found = {entry.field: marks.get(entry.field, answer.label.value) for entry in asked(question, rubric)}
    severity = answer.severity.value if answer.severity else ""
    return found | {"severity": severity, "reason": answer.reason, "expected": answer.expected}


def read_answer(fields: Mapping[str, str], question: str, rubric: Rubric | None) -> Answer:
    """The answer that the fields say.

    Raises:
        UnfinishedError: naming the first field where something is missing, in words for whoever fills it in.
        UsageError: if a text is too long.
    """
    questions = asked(question, rubric)
    labels = [_label(fields, entry) for entry in questions]
    label = overall(labels)
    reason, expected = _text(fields, "reason"), _text(fields, "expected")
    if label is Label.FAIL and not reason:
        raise UnfinishedError("reason", "Say in one sentence what is wrong, so that others can learn from it.")
    if label is Label.CANT_TELL and not reason:
        raise UnfinishedError("reason", "Say in one sentence what you would need to see.")
    marks = zip(questions, labels, strict=True)
    criteria = tuple(
        CriterionAnswer(entry.field.removeprefix("criterion."), mark) for entry, mark in marks if entry.field != "label"
    )
    return Answer(
        label=label,
        severity=_severity(fields) if label is Label.FAIL else None,
        expected=expected,
        reason=reason,
        criteria=criteria,
    )


def _label(fields: Mapping[str, str], entry: Asked) -> Label:
    found = _CHOICES.get(fields.get(entry.field, ""))
    if found is None:
        what = f"Choose an answer for “{entry.question}”: all is well, something is wrong, or you cannot tell."
        raise UnfinishedError(entry.field, what)
    return found


def _severity(fields: Mapping[str, str]) -> Severity:
    named = fields.get("severity") or Severity.MEDIUM.value
    if named not in set(Severity):
        raise UnfinishedError("severity", "Say how bad it is: low, medium, high or critical.")
    return Severity(named)


def _text(fields: Mapping[str, str], name: str) -> str:
    return within("text", fields.get(name, "").replace("\r\n", "\n").strip())
