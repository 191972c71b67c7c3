"""The run repeats, without a difference that counts, an earlier run that a person failed."""

from __future__ import annotations

from collections.abc import Iterator

from ....model.findings import Evidence, Signal
from ....model.traces import Step, Trace
from ...alignment import diff_traces
from ...reading import Reading
from ...texts.quotes import quote
from ..definition import SignalDefinition, signal
from ..surroundings import FailedBefore, Surroundings

_NAME = 80
"""Characters of a reviewer's name in a reason."""


def find_in(reading: Reading, surroundings: Surroundings) -> Iterator[Signal]:
    if reading.given:
        return  # what its session had said before may make the same words right
    for before in surroundings.failed_before:
        if repeats(reading.trace, before):
            step = _place(reading, before)
            told = f"as in {before.run}, which {before.reviewer[:_NAME]} failed ({before.verdict})"
            yield signal(DEFINITION.name, step.index if step else None, told, _evidence(step))
            return


def repeats(trace: Trace, before: FailedBefore) -> bool:
    """Whether the run has no difference from the failed one."""
    return not diff_traces(before.trace, trace).differences


def _place(reading: Reading, before: FailedBefore) -> Step | None:
    """The step that stands where the failed run was blamed, else the final answer."""
    places = [step.index for step in before.trace.steps if step.span_id == before.blamed]
    if places and places[0] < len(reading.trace.steps):
        return reading.trace.steps[places[0]]
    return reading.final.step if reading.final else None


def _evidence(step: Step | None) -> Evidence | None:
    if step is None:
        return None
    texts = [message.content for message in step.output_messages]
    texts += [step.outputs] if isinstance(step.outputs, str) else []
    said = next((text.strip() for text in texts if text.strip()), "")
    return quote(step, said.splitlines()[0] if said else step.tool or step.name)


DEFINITION = SignalDefinition(
    name="known_failure",
    definition="The run goes as an earlier run of the same request went, which a person failed; the verdict is named.",
    weakness=(
        "Only a verdict that counts now speaks, and only where the diff of the two runs says that nothing differs; a "
        "failure that comes back in other words is left to the failure modes, and later turns of a session are left "
        "alone. What was wrong only at that time is called wrong again."
    ),
    find_in=find_in,
)
