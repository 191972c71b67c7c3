"""A run that was read, as rows: steps with their roles, calls with their results, messages, retrieved passages."""

from __future__ import annotations

from collections.abc import Iterator

from ..model.rows import CallRow, DocumentRow, MessageRow, RunRows, StepRow
from .reading import Act, Reading, Role, View

_SPEAKERS = {Role.USER: "user", Role.CONTEXT: "system"}
"""Whose words a step is that holds no messages of its own."""
_ERROR = 500
"""Characters of an error that stand in a row; the step holds it all."""


def rows_of(reading: Reading) -> RunRows:
    """All rows of a run. Cost: linear in its steps."""
    return RunRows(
        [_step(view) for view in reading.views],
        [_call(reading, number, act) for number, act in enumerate(reading.acts)],
        [row for view in reading.views for row in _messages(view)],
        [row for view in reading.views for row in _documents(view)],
    )


def _step(view: View) -> StepRow:
    step = view.step
    return StepRow(
        step=step.index,
        span_id=step.span_id,
        parent=step.parent,
        kind=step.kind.value,
        name=step.name,
        role=view.role.value,
        agent=view.agent or step.agent,
        tool=step.tool,
        model=step.model,
        status=step.status.value,
        error=step.error.message[:_ERROR] if step.error else None,
        started_at=step.started_at_ns,
        duration_ms=step.duration_ms,
        input_tokens=step.usage.input_tokens if step.usage else None,
        output_tokens=step.usage.output_tokens if step.usage else None,
        text=view.text or None,
    )


def _call(reading: Reading, number: int, act: Act) -> CallRow:
    failed = bool(act.failure or act.declared_failure)
    return CallRow(
        call=number,
        asked=act.asked,
        done=act.done,
        agent=reading.view(act.step).agent if reading.views else None,
        tool=act.tool,
        effect=act.effect.value,
        status="error" if failed else "ok",
        error=(act.failure or "")[:_ERROR] or None if failed else None,
        arguments=act.arguments,
        result=act.result or None,
    )


def _messages(view: View) -> Iterator[MessageRow]:
    step = view.step
    told = [("in", message) for message in step.new_messages] + [("out", message) for message in step.output_messages]
    if not told and view.role in _SPEAKERS:
        yield MessageRow(step.index, 0, "in", _SPEAKERS[view.role], None, view.text or None)
    for position, (direction, message) in enumerate(told):
        yield MessageRow(step.index, position, direction, message.role, message.name, message.content or None)


def _documents(view: View) -> Iterator[DocumentRow]:
    for rank, document in enumerate(view.step.documents, 1):
        yield DocumentRow(view.index, rank, document.id, document.score, document.content or None)
