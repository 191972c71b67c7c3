"""A run that took far longer, used far more tokens or cost far more than is usual for its agent and version."""

from __future__ import annotations

from collections.abc import Iterator

from ....model.findings import Signal
from ...reading import Reading
from ..definition import SignalDefinition, signal
from ..surroundings import Spread, Surroundings

_FAR = 5.0
_TWICE = 2.0
"""Where runs are much alike a small difference is many spreads; it has to be a large one too."""


def find_in(reading: Reading, surroundings: Surroundings) -> Iterator[Signal]:
    population, summary = surroundings.population, reading.trace.summary
    if population is None:
        return
    usage = summary.usage
    yield from _far("duration", summary.duration_ms, population.duration_ms, "ms")
    yield from _far("tokens", float(usage.input_tokens + usage.output_tokens), population.tokens, "")
    yield from _far("cost", summary.cost_usd, population.cost_usd, "USD")


def _far(name: str, value: float | None, usual: Spread | None, unit: str) -> Iterator[Signal]:
    z = usual.robust_z(value) if usual and value else None
    if usual and value and z is not None and z > _FAR and value > _TWICE * usual.median:
        told = f"{name} {value:.6g} {unit}".strip()
        reason = f"{told}, usually {usual.median:.6g} (n = {usual.n}, {z:.0f} robust deviations)"
        yield signal(DEFINITION.name, None, reason, strength=min(1.0, z / 20), failure=False)


DEFINITION = SignalDefinition(
    name="outlier",
    definition=(
        "Duration, tokens or cost lie more than 5 robust deviations above the median of the same agent and version, "
        "and at more than twice the median."
    ),
    weakness="Harder requests rightly take longer; needs 30 runs of the same agent and version.",
    find_in=find_in,
    failure=False,
)
