"""Where does each value come from? The steps that showed it first, its uses, and whether a source holds it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..model.text.jsontext import as_text, scalars
from .effects import Effect
from .reading import Act, Reading, Role, View
from .texts.equations import equations_in
from .texts.sources import Sources, worked_out
from .tools.tool_roles import ToolRole
from .values import Value, ValueKind, number_of, values_in
from .views import code_spans

_UNIT = re.compile(
    r"(?i)[\s-]?(?:(?:working|business|calendar) )?(?:days?|weeks?|months?|years?|usd|eur|gbp|dollars?|euros?|percent|"
    r"tage?n?|wochen?|monate?n?|jahre?n?|prozent|jours?|semaines?|mois|ans|días?|semanas?|mes(?:es)?|años?)\b"
)
_DAYS = re.compile(r"(?i)[\s-]?(?:(?:working|business|calendar) )?(?:days?|nights?|tage?n?|jours?|días?)\b")
_LINK_NAME = re.compile(r"\[[^\]\n]{1,200}\](?=\(https?://)")
"""What a link is called; the link itself is a value of its own."""
_FREE = (ToolRole.RUN, ToolRole.NOTE, ToolRole.TALK, ToolRole.HANDOVER, ToolRole.ASK)
_PLAIN_NUMBER = 20
"""Whole numbers up to here are counts, ranks and list marks more often than facts."""


@dataclass(frozen=True, slots=True)
class Use:
    """A value used in a call or an answer, with the step it came from."""

    value: Value
    step: int
    """Where it is used."""
    introducer: int | None
    """The step that first showed it; None where it was derived or invented."""
    grounded: bool
    """Shown before, or following from what was shown by rounding, a sum, a difference, a product, or a calculation
    that is written out beside it."""
    tool: str | None
    """The tool it is handed to; None in an answer."""
    consequential: bool
    """Handed to a tool that changes something, or told to the user in the final answer."""


def uses_of(reading: Reading) -> tuple[Use, ...]:
    """Follow ids, numbers, dates, times, e-mails and links from where they appear to where they are used.

    Cost: linear in the trace's text (60,000 characters a step at most), plus sums over the last 160 numbers for each
    number that was never shown.
    """
    return tuple(_uses(reading, Sources()))


def telling(value: Value) -> bool:
    """Is the value specific enough that its appearance means something?"""
    if value.kind is not ValueKind.NUMBER:
        return True
    number = number_of(value.normal)
    return number is not None and (abs(number) > _PLAIN_NUMBER or not number.is_integer())


def promises(value: Value, text: str) -> bool:
    """Is it a period, a percentage or an amount, which commits whoever says it however small it is?"""
    if value.kind is not ValueKind.NUMBER or value.normal in ("0", "1"):
        return False
    return not value.text[-1].isdigit() or not value.text[0].isdigit() or bool(_UNIT.match(text, value.end))


def _uses(reading: Reading, sources: Sources) -> Iterator[Use]:
    final = reading.final.index if reading.final else None
    acts = reading.acts_by_asker
    spoken = False
    if reading.views:
        for message in reading.given:
            handed = (as_text(call.arguments) for call in message.tool_calls)
            sources.add(reading.views[0].index, "\n".join((message.content, *handed)))
        if reading.views[0].role is Role.FRAME:
            sources.add(reading.views[0].index, as_text(reading.views[0].step.inputs))
    for view in reading.views:
        for message in view.received if spoken else view.step.new_messages:  # the first is handed earlier turns too
            sources.add(view.index, message.content)
        if view.role is Role.DECISION:
            spoken = True
            yield from _spoken(view, sources, view.index == final)
            for act in acts.get(view.index, []):
                yield from _handed(act, view.index, sources)
            sources.add(view.index, view.text)
        elif view.role is not Role.FRAME:
            for act in acts.get(view.index, []):
                if act.asked is None:
                    yield from _handed(act, view.index, sources)
            sources.add(view.index, _shown(view))


def _shown(view: View) -> str:
    documents = "\n".join(document.content for document in view.step.documents)
    return f"{view.text}\n{documents}" if documents else view.text


def _spoken(view: View, sources: Sources, is_final: bool) -> Iterator[Use]:
    values = list(values_in(view.text))
    reckoned = _reckoned(view.text, values, sources)
    named = [*code_spans(view.text), *(match.span() for match in _LINK_NAME.finditer(view.text))]
    for value in values:
        if any(start <= value.start < end for start, end in named):
            continue
        if telling(value) or (is_final and promises(value, view.text)):
            grounded = sources.holds(value) or value.key in reckoned or _follows(value, values, view.text, sources)
            yield Use(value, view.index, sources.introducer(value), grounded, None, is_final)


def _follows(value: Value, values: Sequence[Value], text: str, sources: Sources) -> bool:
    """Does a number follow from others of the same text that have a source, or from two dates that were read?"""
    if value.kind is not ValueKind.NUMBER:
        return False
    shown = [other for other in values if other.key != value.key and sources.holds(other)]
    if worked_out(value, shown, text):
        return True
    number = number_of(value.normal)
    days = _DAYS.match(text, value.end)
    return bool(days and number is not None and number.is_integer() and sources.calendar.yields_length(int(number)))


def _reckoned(text: str, values: Sequence[Value], sources: Sources) -> frozenset[tuple[str, str]]:
    """What calculations yield that are written out, hold, and rest on shown numbers."""
    found: set[tuple[str, str]] = set()
    for equation in equations_in(text):
        inside = [v for v in values if equation.start <= v.start and v.end <= equation.end and telling(v)]
        new = [v.key for v in inside if not sources.holds(v) and v.key not in found]
        if equation.holds and len(new) == 1 and len(inside) > 1:
            found.add(new[0])
    return frozenset(found)


def _handed(act: Act, step: int, sources: Sources) -> Iterator[Use]:
    """Values of a call's arguments; what stands in files, code, commands, notes and messages needs no source."""
    free = act.writes_files or act.role in _FREE
    for _, item in scalars(act.arguments) if isinstance(act.arguments, dict | list) else [("", act.arguments)]:
        text = as_text(item)
        for value in values_in(text):
            if telling(value):
                held = sources.holds(value)
                changes = act.effect is Effect.WRITE and not free
                yield Use(value, step, sources.introducer(value), held or free, act.tool, changes)
        if free:
            sources.add(step, text)
