"""Equations that a text states, and whether they hold: exact arithmetic on what is plainly written out."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

_MOST_LINE = 2_000
_MOST_SIDE = 200
"""Characters; nobody writes a longer sum in prose."""
_MOST_EQUATIONS = 60
_SPELT = "0123456789 .,+-−–*×x/÷()$€£"
_FENCED = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_PLAIN = str.maketrans({"−": "-", "–": "-", "÷": "/", "$": None, "€": None, "£": None})
_TIMES = re.compile(r"(?<=[\d)])\s*[x×]\s*(?=[\d(])")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_CLAUSE = re.compile(r"[,.]\s")
_TIGHT = re.compile(r"[\d)][-/]")
"""As in dates, ranges and ids: no sum, or not surely one."""
_FIRST = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*[-+]")
_LAST = re.compile(r"^.*[\d)]\s*[-+](?=\s*[\d(])")
"""All but the last term of a sum."""
_NUMBER = re.compile(r"-?\d+(?:\.(\d+))?")
_ROUNDED = Fraction(1, 100)
"""Allowed between two calculations of which one divides or has decimals."""


@dataclass(frozen=True, slots=True)
class Equation:
    """Two sides that a text says are equal."""

    start: int
    end: int
    """Where it stands in the text, from the left side to the end of the right one."""
    left: Fraction
    right: Fraction
    slack: Fraction
    """How far the sides may be apart by rounding."""

    @property
    def holds(self) -> bool:
        return abs(self.left - self.right) <= self.slack


def equations_in(text: str) -> Iterator[Equation]:
    """Every `12 * 3 = 36` of a text, of which a side at least is a calculation; code is left out.

    `x` and `×` multiply, signs of currency and commas of thousands do not count, and rounding to the digits shown is
    allowed. What may be a date, a range, an id or a formula with letters is no equation.

    Cost: linear in the text; at most 60 equations.
    """
    found = 0
    for begin, line in _lines(_FENCED.sub(lambda code: " " * len(code[0]), text)):
        places = [-1, *(at for at, sign in enumerate(line) if sign == "="), len(line)]
        parts = [(before + 1, line[before + 1 : after]) for before, after in pairwise(places)]
        if _on_the_run([part for _, part in parts]):
            continue
        for (at, left), (next_at, right) in pairwise(parts):
            sides = _left_of(left), _right_of(right)
            equation = _equation(*sides)
            if equation is not None:
                start = begin + at + len(left) - len(sides[0].lstrip())
                yield Equation(start, begin + next_at + len(sides[1].rstrip()), *equation)
                found += 1
                if found == _MOST_EQUATIONS:
                    return


def _on_the_run(parts: Sequence[str]) -> bool:
    """Is the line a chain like `5*60=300 +25=325`, where each result is carried on? It says no two sides are equal."""
    for before, middle in pairwise(parts[:-1]):
        first = _FIRST.match(_plain(middle))
        left = _plain(_left_of(before))
        if first is None or not 0 < len(left) <= _MOST_SIDE:
            continue
        carried = _value(first[1])
        if carried is not None and carried in (_value(left), _value(_LAST.sub("", left))):
            return True
    return False


def _lines(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    for line in text.split("\n"):
        if "=" in line and len(line) <= _MOST_LINE:
            yield at, line
        at += len(line) + 1


def _left_of(part: str) -> str:
    """What can be reckoned before an equals sign; empty where letters or signs before it belong to it."""
    bare = part.rstrip(_SPELT)
    side = part[len(bare) :]
    if bare and not (side.startswith(" ") or bare[-1] in ':"'):
        return ""
    clauses = list(_CLAUSE.finditer(side))
    side = side[clauses[-1].end() :] if clauses else side
    open_at = _unmatched(side[::-1], ")", "(")
    side = side if open_at is None else side[len(side) - open_at :]
    # `child aged 5 = 1 * 75` gives a name, no number.
    return "" if bare and _NUMBER.fullmatch(_plain(side)) else side


def _right_of(part: str) -> str:
    """What can be reckoned after an equals sign; empty where letters or signs after it belong to it."""
    rest = part.lstrip(_SPELT)
    side = part[: len(part) - len(rest)]
    if rest and side and side[-1] not in " ,.)" and rest[0] not in ';:!?"]}':
        return ""
    if (clause := _CLAUSE.search(side)) is not None:
        side = side[: clause.start()]
    close_at = _unmatched(side, "(", ")")
    return (side if close_at is None else side[:close_at]).rstrip(" .,")


def _unmatched(side: str, opening: str, closing: str) -> int | None:
    """Where a bracket closes that was not opened."""
    depth = 0
    for at, sign in enumerate(side):
        depth += (sign == opening) - (sign == closing)
        if depth < 0:
            return at
    return None


def _equation(left: str, right: str) -> tuple[Fraction, Fraction, Fraction] | None:
    sides = [_plain(side) for side in (left, right)]
    numbers = [_NUMBER.fullmatch(side) for side in sides]
    if all(numbers) or any(_TIGHT.search(side) for side in sides) or sides[0].startswith(("- ", "+", "*", "/")):
        return None
    values = [_value(side) for side in sides]
    if values[0] is None or values[1] is None:
        return None
    shown = next((len(number[1] or "") for number in numbers if number), None)
    if shown is not None:
        return values[0], values[1], Fraction(1, 2 * 10**shown)
    rounded = any("/" in side or "." in side for side in sides)
    return values[0], values[1], abs(values[1]) * _ROUNDED if rounded else Fraction(0)


def _plain(side: str) -> str:
    return _TIMES.sub("*", _THOUSANDS.sub("", side.translate(_PLAIN))).strip()


_OPERATIONS: Mapping[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def _value(side: str) -> Fraction | None:
    """The value of a calculation with numbers, `+ - * /` and brackets; None where it is none."""
    if not side or len(side) > _MOST_SIDE or "**" in side or "//" in side:
        return None
    try:
        return _reckon(ast.parse(side, mode="eval").body, side)
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError, MemoryError):
        return None


def _reckon(node: ast.expr, side: str) -> Fraction:
    if isinstance(node, ast.Constant):
        return Fraction(ast.get_source_segment(side, node) or "")
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _reckon(node.operand, side)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        return _OPERATIONS[type(node.op)](_reckon(node.left, side), _reckon(node.right, side))
    raise ValueError(f"{side!r} is no calculation.")
