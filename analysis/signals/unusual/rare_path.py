"""A run that used its tools in an order which almost no other run did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from ....model.findings import Signal
from ...reading import Act, Reading
from ...texts.quotes import quote
from ..definition import SignalDefinition, signal
from ..surroundings import LEAST_RUNS, Surroundings

_RARE = 0.02
_COMMON = 0.5
"""Only where so large a share of runs go common paths does a rare one stand out."""
_COMMON_PATH = 0.05


def find_in(reading: Reading, surroundings: Surroundings) -> Iterator[Signal]:
    population = surroundings.population
    runs = sum(population.paths.values()) if population else 0
    if population is None or runs < LEAST_RUNS or not reading.acts:
        return
    path = path_of(reading.acts)
    share = population.paths.get(path, 0) / runs
    common = sum(n for n in population.paths.values() if n > _COMMON_PATH * runs) / runs
    if share <= _RARE and common >= _COMMON:
        usual = max(population.paths, key=lambda other: population.paths[other])
        step = reading.view(reading.acts[-1].step).step
        reason = f"{path} was gone by {share:.1%} of {runs} runs; the usual path is {usual}"
        yield signal(
            DEFINITION.name, None, reason, quote(step, reading.acts[-1].tool, "tool"), strength=0.5, failure=False
        )


def path_of(acts: Sequence[Act]) -> str:
    """Tools in the order of use, repeats at once taken together."""
    return " → ".join(tool for tool, _ in groupby(act.tool for act in acts))


DEFINITION = SignalDefinition(
    name="rare_path",
    definition="At most 2 % of the runs of the version used these tools in this order, and most go common ways.",
    weakness="A rare request rightly goes a rare way; needs 30 runs of the same agent and version.",
    find_in=find_in,
    failure=False,
)
