"""What the browser sends, read strictly: one answer for the question and one for each criterion."""

from __future__ import annotations

from collections.abc import Mapping

from ..model.errors import UsageError
from ..model.review_states import overall
from ..model.reviews import Answer, CriterionAnswer, Label, Rubric, Severity
from ..model.text.bounds import within

_LABELS = {"pass": Label.PASS, "fail": Label.FAIL, "cant_tell": Label.CANT_TELL}


def read_answer(form: Mapping[str, str], rubric: Rubric | None) -> Answer:
    """The answer of a form.

    Raises:
        UsageError: in words for the person who fills it in.
    """
    criteria = rubric.criteria if rubric else ()
    marks = tuple(CriterionAnswer(c.id, _label(form.get(f"criterion.{c.id}"), c.question)) for c in criteria)
    label = overall([mark.label for mark in marks]) if marks else _label(form.get("label"), "the question")
    severity = None
    if label is Label.FAIL:
        if not form.get("reason", "").strip():
            raise UsageError("Say in one sentence what is wrong, so that others can learn from it.")
        named = form.get("severity") or "medium"
        if named not in set(Severity):
            raise UsageError("Say how bad it is: low, medium, high or critical.")
        severity = Severity(named)
    return Answer(
        label=label,
        severity=severity,
        expected=_text(form.get("expected", "")),
        reason=_text(form.get("reason", "")),
        criteria=marks,
    )


def _label(value: str | None, what: str) -> Label:
    if value not in _LABELS:
        raise UsageError(f"Choose an answer for “{what}”: all is well, something is wrong, or you cannot tell.")
    return _LABELS[value]


def _text(value: str) -> str:
    return within("text", value.replace("\r\n", "\n").strip())
