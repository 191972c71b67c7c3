"""The answer a reviewer is putting together: a mark for each criterion in turn, then the words."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..model.findings import CauseClass
from ..model.review_states import overall
from ..model.reviews import Answer, CriterionAnswer, Label, Severity

LABEL_WORDS = {Label.PASS: "pass", Label.FAIL: "fail", Label.CANT_TELL: "can't tell"}
LABEL_SIGNS = {Label.PASS: "✓", Label.FAIL: "✗", Label.CANT_TELL: "?"}
LABEL_STYLES = {
    Label.PASS: "bold $verdict-pass",
    Label.FAIL: "bold $verdict-fail",
    Label.CANT_TELL: "bold $verdict-cant-tell",
}
_SEVERITIES = tuple(Severity)


@dataclass
class AnswerForm:
    """Marks in the order of the rubric's criteria; where it has one, that mark is the answer."""

    criteria: tuple[str, ...]
    """Ids of the criteria, at least one."""
    marks: list[Label] = field(default_factory=list)
    severity: Severity = Severity.MEDIUM
    reason: str = ""
    expected: str = ""
    cause_span: str | None = None
    """Span id of the step where it went wrong, where the reviewer marked one."""
    cause: CauseClass | None = None
    """From what cause, where the reviewer is an engineer and says so."""

    @classmethod
    def from_answer(cls, criteria: tuple[str, ...], answer: Answer) -> AnswerForm:
        """The form as it was when `answer` was given."""
        by_id = {entry.criterion: entry.label for entry in answer.criteria}
        marks = [by_id.get(criterion, answer.label) for criterion in criteria]
        severity = answer.severity or Severity.MEDIUM
        return cls(criteria, marks, severity, answer.reason, answer.expected, answer.cause_span, answer.cause)

    @property
    def complete(self) -> bool:
        """Whether every criterion has a mark."""
        return len(self.marks) == len(self.criteria)

    @property
    def label(self) -> Label | None:
        """The answer to the whole, once every criterion has a mark."""
        return overall(self.marks) if self.complete else None

    def mark(self, label: Label, severity: Severity | None = None) -> None:
        """Answer the next criterion; a complete form starts anew. The severest of several fails counts."""
        if self.complete:
            self.marks.clear()
        if label is Label.FAIL:
            given = severity or Severity.MEDIUM
            former = self.severity if Label.FAIL in self.marks else given
            self.severity = max(given, former, key=_SEVERITIES.index)
        self.marks.append(label)

    def unmark(self) -> None:
        """Take the last mark back."""
        if self.marks:
            self.marks.pop()

    def missing(self) -> str:
        """What has to be said before the answer is kept; empty where nothing is missing."""
        if not self.complete:
            return "Answer every criterion first."
        if self.label is Label.FAIL and not self.reason:
            return "Say in one sentence what is wrong."
        if self.label is Label.CANT_TELL and not self.reason:
            return "Say in one sentence what you would need to see."
        return ""

    def answer(self) -> Answer:
        """The answer as the services take it.

        Raises:
            ValueError: if a criterion has no mark.
        """
        label = self.label
        if label is None:
            raise ValueError("the form is not complete")
        several = len(self.criteria) > 1
        marks = zip(self.criteria, self.marks, strict=True)
        return Answer(
            label=label,
            severity=self.severity if label is Label.FAIL else None,
            expected=self.expected if label is Label.FAIL else "",
            reason=self.reason,
            cause_span=self.cause_span if label is Label.FAIL else None,
            cause=self.cause if label is Label.FAIL else None,
            criteria=tuple(CriterionAnswer(criterion, mark) for criterion, mark in marks) if several else (),
        )
