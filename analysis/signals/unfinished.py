"""A run that ends without an answer, with an open call, or by giving up."""

from __future__ import annotations

from collections.abc import Iterator

from ...model.findings import Signal
from ...model.traces import Status, StepKind
from ..effects import Effect
from ..quotes import around, quote
from ..reading import Reading, Role, View
from ..wording import GIVING_UP
from .definition import SignalDefinition, signal


def find(reading: Reading) -> Iterator[Signal]:
    yield from _failed_frames(reading)
    spoken = [view for view in reading.views if view.role in (Role.DECISION, Role.RESULT, Role.USER)]
    if not spoken:
        return
    last = spoken[-1]
    open_acts = [act for act in reading.acts if act.done is None and act.asked == last.index]
    if open_acts:
        yield _ends(last, f"the run ends with a call of {open_acts[0].tool} that has no result")
    elif last.role is Role.RESULT and reading.decisions and not _is_product(reading, last):
        yield _ends(last, "the run ends with a tool result and no answer")
    elif reading.final is not None and (match := GIVING_UP.search(reading.final.text[-2_000:])):
        start = max(0, len(reading.final.text) - 2_000) + match.start()
        evidence = around(reading.final.step, reading.final.text, start, start + len(match.group()), "outputs")
        yield signal(DEFINITION.name, reading.final.index, "the last reply gives up", evidence, strength=0.7)


def _failed_frames(reading: Reading) -> Iterator[Signal]:
    """An agent or chain with error status, where no step inside it tells the error."""
    failed = [view for view in reading.views if view.step.status is Status.ERROR]
    if any(view.role is not Role.FRAME and view.step.kind is not StepKind.AGENT for view in failed):
        return
    for view in failed[:1]:
        message = view.step.error.message if view.step.error else ""
        told = message.strip().splitlines()[0][:120] if message.strip() else "no message"
        evidence = quote(view.step, message, "error") or quote(view.step, view.step.name, "name")
        yield signal(DEFINITION.name, view.index, f"{view.step.name} ended with an error: {told}", evidence)


def _is_product(reading: Reading, last: View) -> bool:
    """Does the run end rightly with this result: a change that worked, or a frame that hands it on as its own?"""
    changed = any(act.done == last.index and act.effect is Effect.WRITE and not act.failure for act in reading.acts)
    return changed or any(view.role is Role.FRAME and view.text for view in reading.views)


def _ends(view: View, reason: str) -> Signal:
    text = view.text.strip().splitlines()
    evidence = quote(view.step, text[0] if text else "", "outputs") or quote(
        view.step, view.step.tool or view.step.name
    )
    return signal(DEFINITION.name, view.index, reason, evidence)


DEFINITION = SignalDefinition(
    name="unfinished",
    definition="The run ends with an error, on an unanswered call or a bare look-up, or its last reply gives up.",
    weakness="Runs that are still going, and flows whose product is the last tool call, look unfinished.",
    find=find,
)
