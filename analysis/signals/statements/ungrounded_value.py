"""A value in the answer or in a changing call that nothing before it contains."""

from __future__ import annotations

from collections.abc import Iterator

from ....model.findings import Signal
from ...provenance import Use, uses_of
from ...reading import Reading
from ...run_kinds import RunKind
from ...texts.quotes import around
from ...values import ValueKind
from ..definition import SignalDefinition, signal

_MOST = 12
_CERTAIN = (ValueKind.ID, ValueKind.EMAIL, ValueKind.URL)


def find(reading: Reading) -> Iterator[Signal]:
    if not reading.results and not any(act.result for act in reading.acts):
        return
    seen: set[tuple[str, str]] = set()
    for use in uses_of(reading):
        if use.grounded or not use.consequential or use.value.key in seen or len(seen) >= _MOST:
            continue
        seen.add(use.value.key)
        yield _signal(reading, use)


def _signal(reading: Reading, use: Use) -> Signal:
    step = reading.view(use.step).step
    where = f"is handed to {use.tool}" if use.tool else "is told in the final answer"
    evidence = (
        around(step, reading.view(use.step).text, use.value.start, use.value.end, "outputs") if not use.tool else None
    )
    if evidence is None:
        evidence = around(step, use.value.text, 0, len(use.value.text), "arguments" if use.tool else "outputs")
    strength = 0.9 if use.value.kind in _CERTAIN else 0.8
    return signal(
        "ungrounded_value",
        use.step,
        f"{use.value.text} {where}, but no earlier message, result or document holds it",
        evidence,
        strength=strength,
    )


DEFINITION = SignalDefinition(
    name="ungrounded_value",
    definition=(
        "An id, number, date, time, e-mail or link in the final answer or a changing call has no source in the run."
    ),
    weakness="World knowledge and longer arithmetic (averages, unit changes) are marked; invented prose is not seen.",
    find=find,
    meant_for=frozenset({RunKind.BUSINESS, RunKind.RETRIEVAL}),
)
