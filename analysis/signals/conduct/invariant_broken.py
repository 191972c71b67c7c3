"""A rule that the application's owners declared does not hold in this run."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from ....model.findings import Signal
from ....model.text.jsontext import as_text
from ....model.traces import JsonValue
from ...reading import Act, Reading
from ...texts.quotes import around, quote
from ..definition import SignalDefinition, signal
from ..surroundings import Surroundings

if TYPE_CHECKING:  # pydantic is loaded with it, which a run without declared rules can do without
    from ....knowledge.invariants import Invariant

_LONGEST = 20_000


def find_in(reading: Reading, surroundings: Surroundings) -> Iterator[Signal]:
    for rule in surroundings.invariants:
        yield from _spoken(reading, rule) if rule.says else _called(reading, rule)


def _called(reading: Reading, rule: Invariant) -> Iterator[Signal]:
    worked = {name for name, _ in reading.earlier_calls}
    for place, act in enumerate(reading.acts):
        if act.tool == rule.tool and rule.applies(partial(_argument, act.arguments)):
            broken = _broken(act, rule, worked) or _not_found(reading, place, rule)
            if broken is not None:
                yield _signal(reading, rule, act, broken)
                return
        if not act.failed:
            worked.add(act.tool)


def _broken(act: Act, rule: Invariant, worked: set[str]) -> tuple[str, str] | None:
    """What is wrong with the call, and the words that show it; None where it keeps the rule."""
    if rule.forbidden:
        return f"{act.tool} must not be called", act.tool
    missing = [tool for tool in rule.requires_before if tool not in worked]
    if missing:
        return f"{act.tool} was called without {', '.join(missing)} before it", act.tool
    if not rule.argument:
        return None
    value = _argument(act.arguments, rule.argument)
    if value is None:
        return None
    said = as_text(value)
    if rule.one_of and not rule.allows(value):
        return f"{rule.argument} is {said[:60]}, none of {', '.join(map(str, rule.one_of[:5]))}", said
    if rule.matches and not rule.fits(said[:_LONGEST]):
        return f"{rule.argument} is {said[:60]}, which does not match {rule.matches}", said
    return _out_of_bounds(value, rule, said)


def _out_of_bounds(value: JsonValue, rule: Invariant, said: str) -> tuple[str, str] | None:
    try:
        number = float(said) if not isinstance(value, bool) else None
    except ValueError:
        number = None
    if number is None:
        return None
    if rule.max is not None and number > rule.max:
        return f"{rule.argument} is {said}, more than {rule.max:g}", said
    if rule.min is not None and number < rule.min:
        return f"{rule.argument} is {said}, less than {rule.min:g}", said
    return None


def _not_found(reading: Reading, place: int, rule: Invariant) -> tuple[str, str] | None:
    """An argument that no earlier result of the named tools holds; those of earlier turns count, whatever tool."""
    value = _argument(reading.acts[place].arguments, rule.argument) if rule.found_in else None
    if value is None:
        return None
    said = as_text(value)
    shown = [act.result or "" for act in reading.acts[:place] if act.tool in rule.found_in and not act.failed]
    shown += [message.content for message in reading.earlier if message.role == "tool"]
    if any(said in text for text in shown):
        return None
    return f"{rule.argument} is {said[:60]}, which no earlier result of {', '.join(rule.found_in)} holds", said


def _argument(arguments: JsonValue, path: str) -> JsonValue:
    value = arguments
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _spoken(reading: Reading, rule: Invariant) -> Iterator[Signal]:
    final = reading.final
    if final is None:
        return
    for match in rule.spoken_in(final.text[:_LONGEST]):
        said = match.group(1)
        if said is not None and not rule.allows(said):
            yield signal(
                DEFINITION.name,
                final.index,
                f"{rule.id}: says {said[:60]}, none of {', '.join(map(str, rule.one_of[:5]))}{_why(rule)}",
                around(final.step, final.text, match.start(), match.end(), "outputs"),
            )
            return


def _signal(reading: Reading, rule: Invariant, act: Act, broken: tuple[str, str]) -> Signal:
    step = reading.view(act.step).step
    evidence = quote(step, broken[1], "arguments" if rule.argument else "tool") or quote(step, act.tool, "tool")
    return signal(DEFINITION.name, act.step, f"{rule.id}: {broken[0]}{_why(rule)}", evidence)


def _why(rule: Invariant) -> str:
    return f" ({rule.because})" if rule.because else ""


DEFINITION = SignalDefinition(
    name="invariant_broken",
    definition=(
        "A rule from invariants.yaml does not hold: a tool without the one required before it, a forbidden tool, an "
        "argument out of bounds, a policy value that is not the declared one."
    ),
    weakness="As right as the rules are; a value said in other words than the pattern expects is not seen.",
    find_in=find_in,
)
