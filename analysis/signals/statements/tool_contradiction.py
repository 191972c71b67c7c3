"""The answer states another value than the tool did, under the same name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from ....model.findings import Signal
from ....model.text.jsontext import parse_if_json, scalars
from ...reading import Act, Reading, View
from ...run_kinds import INFORMED
from ...texts.quotes import around, quote
from ...values import number_of, values_in
from ..definition import SignalDefinition, signal

_MOST_FIELDS = 400
_KEY = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_WINDOW = 40
_VAGUE = frozenset(
    [
        "amount",
        "id",
        "ids",
        "name",
        "names",
        "type",
        "value",
        "values",
        "data",
        "item",
        "items",
        "result",
        "results",
        "key",
        "number",
        "code",
        "status",
        "list",
    ]
)


def find(reading: Reading) -> Iterator[Signal]:
    final = reading.final
    if final is None:
        return
    for act in reading.acts:
        if act.done is None or act.done >= final.index or not act.result:
            continue
        yield from islice(_contradictions(reading, act, final), 2)


def _contradictions(reading: Reading, act: Act, final: View) -> Iterator[Signal]:
    parsed = parse_if_json(act.result or "")
    fields: dict[str, list[tuple[str, str | int | float | bool]]] = {}
    for path, item in islice(scalars(parsed), _MOST_FIELDS) if not isinstance(parsed, str) else ():
        words = " ".join(word.lower() for word in _KEY.findall(path.rpartition(".")[2]))
        if len(words) >= 6 and words not in _VAGUE and not isinstance(item, bool):
            fields.setdefault(words, []).append((path, item))
    for words, held in fields.items():
        if len(held) != 1:
            continue
        path, item = held[0]
        told = _told(final.text, words)
        if told is None or number_of(str(item)) is None:
            continue
        text, start, end, normal = told
        if number_of(normal) == number_of(str(item)) or _known_before(reading, final.index, normal):
            continue
        step = reading.view(act.done or 0).step
        yield signal(
            DEFINITION.name,
            final.index,
            f"the answer says {words} {text}, but {act.tool} returned {item}",
            quote(step, str(item), f"outputs.{path}"),
            around(final.step, final.text, start, end, "outputs"),
            strength=0.9,
        )


def _known_before(reading: Reading, until: int, normal: str) -> bool:
    views = (view for view in reading.views if view.index < until)
    return any(value.normal == normal for view in views for value in values_in(view.text))


def _told(text: str, words: str) -> tuple[str, int, int, str] | None:
    """The number that stands next to these words, if there is exactly one place."""
    places = list(islice(re.finditer(rf"\b{re.escape(words)}\b", text, re.IGNORECASE), 2))
    if len(places) != 1:
        return None
    stretch = text[places[0].end() : places[0].end() + _WINDOW].split("\n")[0]
    for value in values_in(stretch):
        if value.kind.value == "number":
            start = places[0].end() + value.start
            return value.text, start, start + len(value.text), value.normal
        return None
    return None


DEFINITION = SignalDefinition(
    name="tool_contradiction",
    definition="A tool returned one number under a name; the final answer gives another number next to that name.",
    weakness="Only names that the answer repeats and numbers are compared; lists with many rows are left out.",
    find=find,
    meant_for=INFORMED,
)
