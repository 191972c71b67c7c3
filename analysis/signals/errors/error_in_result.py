"""Error text in a result that the instrumentation calls successful."""

from __future__ import annotations

from collections.abc import Iterator

from ....model.findings import Signal
from ...failures import headline, prints_nothing
from ...reading import Act, Reading, got_over
from ...run_kinds import CRAFT
from ...texts.quotes import quote
from ..definition import SignalDefinition, signal

_TRACEBACK = "Traceback (most recent call last)"
"""Teams of agents often run code or a browser in an agent's turn, whose text is then the result."""


def find(reading: Reading) -> Iterator[Signal]:
    told_before: set[tuple[str, str]] = set()
    for act in reading.acts:
        if act.failure and not act.declared_failure and act.done is not None:
            step = reading.view(act.done).step
            evidence = quote(step, act.failure, "outputs")
            if evidence:
                told = (_telling(act) or act.failure.splitlines()[0])[:120]
                handled = got_over(reading, act)
                reason = f"{act.tool} answered with an error{handled and f', {handled}'}: {told}"
                again = (act.tool, told) in told_before
                told_before.add((act.tool, told))
                yield signal(DEFINITION.name, act.done, reason, evidence, failure=not handled and not again)
    if reading.kind in CRAFT:
        return  # an agent that tries out code also writes of tracebacks
    for view in reading.decisions:
        if _TRACEBACK in view.text:
            evidence = quote(view.step, _TRACEBACK, "outputs")
            yield signal(DEFINITION.name, view.index, f"{view.agent or 'the step'} shows a traceback", evidence)


def _telling(act: Act) -> str:
    """Where a shell's frame is all that says so, what the command printed says why."""
    return headline(act.result or "") if prints_nothing(act.failure or "") else ""


DEFINITION = SignalDefinition(
    name="error_in_result",
    definition="A tool step without error status returns text or a field that says it failed.",
    weakness="Refusals of a tool that are part of the task (a policy check that says no) count as errors.",
    find=find,
)
