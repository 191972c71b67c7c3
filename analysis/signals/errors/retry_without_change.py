"""A failed call made again with the same arguments, failing again."""

from __future__ import annotations

from collections.abc import Iterator

from ....model.findings import Signal
from ...failures import comes_from_outside
from ...reading import Act, Reading, changed_between, got_over, owned_up
from ...run_kinds import CRAFT
from ...texts.quotes import quote
from ...texts.speakers import asks_leave
from ..definition import SignalDefinition, signal


def find(reading: Reading) -> Iterator[Signal]:
    failed: dict[tuple[str, str], Act] = {}
    told: set[tuple[str, str]] = set()
    for act in (act for act in reading.acts if act.arguments is not None):
        first = failed.pop(act.key, None)
        if not act.failed or asks_leave(act.failure) or asks_leave(act.result):
            continue
        failed[act.key] = act
        if first is None or act.key in told or changed_between(reading, first, act):
            continue
        told.add(act.key)
        step = reading.view(act.done if act.done is not None else act.step).step
        yield signal(
            DEFINITION.name,
            act.step,
            f"{act.tool} had failed with these arguments and is called with them again",
            quote(step, act.failure or "", "outputs") or quote(step, act.tool, "tool"),
            failure=not _sensible(reading, act),
        )


def _sensible(reading: Reading, act: Act) -> bool:
    """Was the cause outside and owned up to, or did the run get what it wanted in the end?"""
    if comes_from_outside(act.failure or "") and owned_up(reading, act.step):
        return True
    return reading.kind in CRAFT and bool(got_over(reading, act))


DEFINITION = SignalDefinition(
    name="retry_without_change",
    definition="A call that failed is repeated with the same arguments, with nothing changed between, and fails again.",
    weakness="A retry after a time-out or a rate limit that fails twice counts, unless the answer owns up to it.",
    find=find,
)
