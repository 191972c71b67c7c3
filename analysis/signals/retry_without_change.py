"""A failed call made again with the same arguments, failing again."""

from __future__ import annotations

from collections.abc import Iterator

from ...model.findings import Signal
from ..failures import comes_from_outside
from ..quotes import quote
from ..reading import Act, Reading, owned_up
from .definition import SignalDefinition, signal


def find(reading: Reading) -> Iterator[Signal]:
    failed: dict[tuple[str, str], Act] = {}
    told: set[tuple[str, str]] = set()
    for act in (act for act in reading.acts if act.arguments is not None):
        if not act.failure and not act.declared_failure:
            failed.pop(act.key, None)
            continue
        first = failed.setdefault(act.key, act)
        if first is not act and act.key not in told:
            told.add(act.key)
            step = reading.view(act.done if act.done is not None else act.step).step
            sensible = comes_from_outside(act.failure or "") and owned_up(reading, act.step)
            yield signal(
                DEFINITION.name,
                act.step,
                f"{act.tool} had failed with these arguments and is called with them again",
                quote(step, act.failure or "", "outputs") or quote(step, act.tool, "tool"),
                failure=not sensible,
            )


DEFINITION = SignalDefinition(
    name="retry_without_change",
    definition="A call that failed is repeated with the same arguments and fails again.",
    weakness="A retry after a time-out or a rate limit that fails twice counts, unless the answer owns up to it.",
    find=find,
)
