"""A run that went unusually well: known to have passed, with far fewer steps than usual."""

from __future__ import annotations

from collections.abc import Iterator

from ....model.findings import Signal
from ....model.traces import Outcome
from ...reading import Reading
from ..definition import SignalDefinition, signal
from ..surroundings import LEAST_RUNS, Surroundings

_LITTLE = 0.6
"""At most this share of the usual steps."""


def find_in(reading: Reading, surroundings: Surroundings) -> Iterator[Signal]:
    population, summary = surroundings.population, reading.trace.summary
    usual = population.steps if population else None
    if usual is None or usual.n < LEAST_RUNS or summary.outcome is not Outcome.PASS or not reading.acts:
        return
    if len(reading.trace.steps) <= _LITTLE * usual.median:
        reason = f"passed in {len(reading.trace.steps)} steps where {usual.median:g} are usual (n = {usual.n})"
        yield signal(DEFINITION.name, None, reason, strength=0.5, failure=False)


DEFINITION = SignalDefinition(
    name="good_run",
    definition="A run with tools that is known to have passed, in at most 60 % of the usual steps of its version.",
    weakness="An easy request is not a good run; says nothing where outcomes are unknown.",
    find_in=find_in,
    failure=False,
)
