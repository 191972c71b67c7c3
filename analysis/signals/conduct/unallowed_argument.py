"""An argument that is none of the values which the tool's own description allows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ....model.findings import Signal
from ....model.text.jsontext import scalars
from ...reading import Reading, Role
from ...texts.quotes import quote
from ..definition import SignalDefinition, signal

_FIELD = re.compile(r'"(\w{2,40})"\s*:\s*\{([^{}]{4,600})\}')
_ENUM = re.compile(r'"enum"\s*:\s*\[([^\[\]]{2,400})\]')
_CONST = re.compile(r'"const"\s*:\s*"([^"\\]{1,80})"')
_USE = re.compile(r'"description"\s*:\s*"(?:[Uu]se|[Mm]ust be|[Aa]lways)\s+(?:the value\s+)?\\"([^"\\]{1,80})\\"')
_VALUE = re.compile(r'"([^"\\]{1,80})"')


def find(reading: Reading) -> Iterator[Signal]:
    allowed = _allowed(reading)
    told: set[str] = set()
    for act in reading.acts if allowed else ():
        for path, item in scalars(act.arguments):
            name = re.sub(r"\[\d+\]$", "", path).rpartition(".")[2]
            values = allowed.get(name)
            if values is None or not isinstance(item, str) or item in values or name in told:
                continue
            told.add(name)
            step = reading.view(act.step).step
            yield signal(
                DEFINITION.name,
                act.step,
                f"{act.tool}: {name} is {item[:60]!r}; the description allows {', '.join(sorted(values)[:4])}",
                quote(step, f'"{name}": "{item}"', "arguments") or quote(step, item, "arguments"),
                strength=0.8,
            )


def _allowed(reading: Reading) -> dict[str, frozenset[str]]:
    """Allowed values by the name of a parameter; one that is free in any description is left out."""
    found: dict[str, set[str]] = {}
    free: set[str] = set()
    for text in _instructions(reading):
        for field in _FIELD.finditer(text[:200_000]):
            name, body = field[1], field[2]
            if '"type"' not in body and '"enum"' not in body:
                continue
            values = [value for listed in _ENUM.findall(body) for value in _VALUE.findall(listed)]
            values += _CONST.findall(body) + _USE.findall(body)
            found.setdefault(name, set()).update(values)
            if not values:
                free.add(name)
    return {name: frozenset(values) for name, values in found.items() if values and name not in free}


def _instructions(reading: Reading) -> Iterator[str]:
    for view in reading.views[:3]:
        if view.role in (Role.USER, Role.CONTEXT):
            yield view.text
        yield from (message.content for message in view.received if message.role in ("system", "user"))


DEFINITION = SignalDefinition(
    name="unallowed_argument",
    definition=(
        "A call hands over a value that is none of those which the tool's description in the instructions allows for "
        "this parameter: an enumeration, a constant, or the words that say which value to use."
    ),
    weakness="Descriptions that stand in the instructions alone; names that two tools use differently are left out.",
    find=find,
)
