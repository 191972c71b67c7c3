"""A calculation that the model writes out and that is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from ....model.findings import Signal
from ...reading import Reading
from ...texts.equations import Equation, equations_in
from ...texts.quotes import quote
from ...views import code_spans
from ..definition import SignalDefinition, signal

_MOST = 3
"""Of one step; the later ones mostly carry the first on."""


def find(reading: Reading) -> Iterator[Signal]:
    for view in reading.decisions:
        code = code_spans(view.text)
        wrongs = (e for e in equations_in(view.text) if not e.holds and not any(a <= e.start < b for a, b in code))
        for wrong in islice(wrongs, _MOST):
            stated = view.text[wrong.start : wrong.end]
            reason = f"the calculation does not add up: its left side is {_spelled(wrong)}"
            yield signal(DEFINITION.name, view.index, reason, quote(view.step, stated, "outputs"), strength=0.9)


def _spelled(equation: Equation) -> str:
    value = equation.left
    return str(value) if value.denominator == 1 else f"{float(value):.6g}"


DEFINITION = SignalDefinition(
    name="wrong_arithmetic",
    definition="The model writes out a calculation with numbers alone, and the two sides differ by more than rounding.",
    weakness="Sums in words, with letters, percentages or units between the numbers, and code are not checked.",
    find=find,
)
