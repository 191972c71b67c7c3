"""Words with a tone, and values as people read them: what a face turns into its own styles."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from ...model.text.jsontext import as_text
from ...model.traces import JsonValue, Step, StepKind

_DEEP = 5
"""Nesting that is still laid out line by line; what lies deeper stays JSON."""


class Tone(StrEnum):
    """How words are meant, whatever a face makes of it."""

    PLAIN = "plain"
    STRONG = "strong"
    QUIET = "quiet"
    ERROR = "error"


class Words(NamedTuple):
    """Words in one tone. Trace text stands in them as recorded: the face passes it through its render gate."""

    text: str
    tone: Tone = Tone.PLAIN
    limit: int | None = None
    """Characters to show before the rest is folded away; None shows all."""


def step_name(step: Step) -> str:
    """What a reader calls the step: the tool, the agent, else the span's own name."""
    return step.tool or (step.agent if step.kind in (StepKind.LLM, StepKind.AGENT) else None) or step.name


def one_line(value: JsonValue) -> str:
    """A value inside a sentence: `order_id: A-1002, amount: 300`."""
    if isinstance(value, dict):
        return ", ".join(f"{key}: {scalar_text(part)}" for key, part in value.items())
    return scalar_text(value)


def laid_out(value: JsonValue) -> str:
    """A value without braces and quotes, for readers who know no JSON: a line a field, a number an item.

    >>> print(laid_out({"id": "A-1", "items": ["cup", None]}))
    id: A-1
    items:
      1. cup
      2. –
    """
    return "\n".join(_lines(value, 0))


def scalar_text(value: JsonValue) -> str:
    """A value in a few characters; JSON where it is none that a person would say."""
    if value is None:
        return "–"
    try:
        return as_text(value)
    except RecursionError:
        return "(nested too deeply to show)"


def _lines(value: JsonValue, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if depth >= _DEEP or not isinstance(value, dict | list) or not value:
        yield indent + scalar_text(value)
        return
    named = value.items() if isinstance(value, dict) else ((f"{i}.", part) for i, part in enumerate(value, 1))
    for name, part in named:
        head = f"{indent}{name}" if name.endswith(".") else f"{indent}{name}:"
        if isinstance(part, dict | list) and part and depth + 1 < _DEEP:
            yield head
            yield from _lines(part, depth + 1)
        else:
            yield f"{head} {scalar_text(part)}"
