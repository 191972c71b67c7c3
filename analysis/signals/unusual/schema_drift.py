"""A tool's result that looks unlike all its results before."""

from __future__ import annotations

from collections.abc import Iterator

from ....model.findings import Signal
from ....model.text.jsontext import parse_if_json
from ....model.traces import JsonValue
from ...reading import Act, Reading
from ...texts.quotes import quote
from ..definition import SignalDefinition, signal
from ..surroundings import LEAST_RUNS, Surroundings

_ALWAYS = 0.95
"""Share of earlier results with a field that makes it part of the shape."""


def find_in(reading: Reading, surroundings: Surroundings) -> Iterator[Signal]:
    population = surroundings.population
    if population is None:
        return
    told: set[str] = set()
    for act in reading.acts:
        usual, seen = population.shapes.get(act.tool, {}), population.results.get(act.tool, 0)
        shape = shape_of(act)
        if act.tool in told or seen < LEAST_RUNS or not shape or act.done is None:
            continue
        missing = [name for name, count in usual.items() if count >= _ALWAYS * seen and name not in shape]
        if missing:
            told.add(act.tool)
            step = reading.view(act.done).step
            yield signal(
                DEFINITION.name,
                act.done,
                f"{act.tool} came without {', '.join(sorted(missing)[:3])}, which {seen} results before had",
                quote(step, (act.result or "").strip()[:160], "outputs"),
                strength=0.8,
            )


def shape_of(act: Act) -> frozenset[str]:
    """Fields of a successful result with their JSON types, `total: number`; empty where it is no object."""
    value = parse_if_json(act.result or "") if not (act.failure or act.declared_failure) else None
    if isinstance(value, list) and value and isinstance(value[0], dict):
        value = value[0]
    if not isinstance(value, dict):
        return frozenset()
    return frozenset(f"{key}: {_type(item)}" for key, item in value.items() if item is not None)


def _type(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return "text" if isinstance(value, str) else "list" if isinstance(value, list) else "object"


DEFINITION = SignalDefinition(
    name="schema_drift",
    definition="A result lacks a field, or has it in another type, that 95 % of at least 30 results of the tool had.",
    weakness="A field may rightly be left out in rare cases; nested fields and plain results are not seen.",
    find_in=find_in,
)
