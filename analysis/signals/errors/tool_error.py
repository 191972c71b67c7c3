"""A tool, retriever or guardrail call that the instrumentation itself marks as failed."""

from __future__ import annotations

from collections.abc import Iterator

from ....model.findings import Signal
from ....model.traces import Status, StepKind
from ...failures import headline
from ...reading import Reading, got_over, got_over_step
from ...texts.quotes import quote
from ..definition import SignalDefinition, signal

_KINDS = (StepKind.TOOL, StepKind.RETRIEVER, StepKind.RERANKER, StepKind.GUARDRAIL, StepKind.EMBEDDING)


def find(reading: Reading) -> Iterator[Signal]:
    failing = {act.done: act for act in reading.acts if act.declared_failure and act.done is not None}
    told_before: set[tuple[str, str]] = set()
    for view in reading.views:
        step = view.step
        act = failing.get(view.index)
        if act is None and not (step.kind in _KINDS and step.status is Status.ERROR):
            continue
        name = act.tool if act else step.tool or step.name
        message = step.error.message if step.error else (act.failure if act else None) or view.text
        told = headline(message)[:120] or "no message"
        evidence = quote(step, message or "", "error" if step.error else "outputs") or quote(step, name, "tool")
        handled = got_over(reading, act) if act else got_over_step(reading, view)
        reason = f"{name} failed{handled and f', {handled}'}: {told}"
        again = (name, told) in told_before
        told_before.add((name, told))
        yield signal(DEFINITION.name, view.index, reason, evidence, failure=not handled and not again)


DEFINITION = SignalDefinition(
    name="tool_error",
    definition="A tool or retrieval step has error status, or its result is flagged as an error.",
    weakness=(
        "An error that a later call makes good or that the answer owns up to is shown, not as a failure; "
        "many frameworks never set the status."
    ),
    find=find,
)
