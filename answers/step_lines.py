"""One step as one line: what kind it is, who acted, what it did, what came back, what is notable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..model.findings import Signal
from ..services.understanding.step_texts import MARKED, SPOKEN, SUSPECT, ToldStep


@dataclass(frozen=True, slots=True)
class StepLine:
    """A line before its texts are cut. Every part is inert already."""

    index: int
    head: str
    texts: tuple[str, ...]
    """The texts that share the line's room: arguments and result, or what was heard and said."""
    marks: str
    """Signals and error, always shown."""
    weight: float
    frame: bool
    """It only holds other steps."""
    label: str
    """Kind and tool, for summaries of ranges."""
    asked_by: int | None = None
    """The step before, which did nothing but ask for this one; they share the line."""

    @property
    def indices(self) -> tuple[int, ...]:
        return (self.index,) if self.asked_by is None else (self.asked_by, self.index)

    @property
    def fixed(self) -> int:
        return len(self.head) + len(self.marks) + 2

    @property
    def length(self) -> int:
        return sum(len(text) + 1 for text in self.texts)


def step_lines(told: Iterable[ToldStep], signals: Sequence[Signal], suspects: Iterable[int] = ()) -> list[StepLine]:
    """A line for each step, in reading order, marked and weighed by what was computed of it.

    Args:
        told: The steps in words.
        signals: The trace's signals.
        suspects: Indices of suspected steps.
    """
    marks: dict[int, list[str]] = {}
    for signal in signals:
        if signal.step is not None and signal.signal not in marks.setdefault(signal.step, []):
            marks[signal.step].append(signal.signal)
    suspected = set(suspects)
    lines: list[StepLine] = []
    for step in told:
        line = _line(step, marks.get(step.at, ()), step.at in suspected)
        # A line that got a weight of its own is worth showing alone.
        if step.joins and lines[-1].weight == SPOKEN:
            before = lines.pop()
            head = f"{before.head} → {line.head.partition(' ')[2]}"
            line = replace(
                line,
                head=head.replace(" ", f",{step.at} ", 1),
                marks=before.marks + line.marks,
                asked_by=before.index,
            )
        lines.append(line)
    return lines


def _line(step: ToldStep, names: Sequence[str], suspected: bool) -> StepLine:
    weight = step.weight
    if names:
        weight = MARKED
    elif suspected and weight != MARKED:
        weight = SUSPECT
    marks = step.error + "".join(f" !{name}" for name in names) + step.cost
    return StepLine(step.at, step.head, tuple(step.texts), marks, weight, step.frame and not names, step.label)
