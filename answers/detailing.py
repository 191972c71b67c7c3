"""Single steps in full, inside a budget: what does not fit is named with the call that gets it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..model.errors import UnknownIdError, UsageError
from ..model.findings import Signal
from ..model.text.budget import CHARACTERS_PER_TOKEN, clip, ranges, share, spelled
from ..model.text.display import safe_line
from ..model.text.fence import FENCE_COST, fenced, inert_line
from ..model.traces import Step, Trace
from .step_detail import step_body, step_head

_LEAST = 500
"""Characters that a step shows before further steps are left for the next call."""
_PROGRESS = 100
"""Characters that a page of one step shows at least, so that paging comes to an end."""
_FOOTER = 300
_HEADING_SHARE = 4
"""The part of the room that reasons of signals may take, as a divisor."""
_RANGE = re.compile(r"(?:T\d+\.)?(\d{1,9})?\s*(-|–|\.\.)?\s*(?:T\d+\.)?(\d{1,9})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StepRequest:
    """Which steps, and how much of them."""

    steps: tuple[int, ...]
    full: bool = False
    offset: int = 0
    """Characters to skip, for one step whose text is longer than a budget."""


def parse_steps(trace: Trace, text: str) -> tuple[int, ...]:
    """The step indices that `7`, `7-9`, `3,7-9`, `12-` or `T412.7` name, in reading order.

    Raises:
        UsageError: if the text is no such list.
        UnknownIdError: if the trace has no such step.
    """
    last = len(trace.steps) - 1
    wanted: set[int] = set()
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None or (match[1] is None and match[3] is None):
            raise UsageError(f'{safe_line(text, 60)!r} names no steps. Write steps="7", "7-9", "3,7-9" or "12-".')
        first = int(match[1] or 0)
        end = int(match[3]) if match[3] else last if match[2] else first
        if first > last or (match[3] and int(match[3]) < first):
            known = f"{trace.summary.short_id} has steps 0 to {last}"
            raise UnknownIdError("step", part.strip(), known=known, next_step='Name some of them, as steps="0-5".')
        wanted.update(range(first, min(end, last) + 1))
    return tuple(sorted(wanted))


def detail_steps(trace: Trace, signals: Sequence[Signal], request: StepRequest, *, budget: int) -> str:
    """The asked steps with all that is new in them.

    Raises:
        UsageError: if an offset is given for several steps, or lies behind the end.
    """
    room = budget * CHARACTERS_PER_TOKEN - FENCE_COST - _FOOTER
    steps = [trace.steps[i] for i in request.steps]
    if len(steps) == 1:
        return _one(trace, steps[0], signals, request, room)
    if request.offset:
        raise UsageError('An offset goes with one step. Name a single one, as steps="7".')
    return _several(trace, steps, signals, request.full, room)


def _one(trace: Trace, step: Step, signals: Sequence[Signal], request: StepRequest, room: int) -> str:
    body = step_body(step, full=request.full)
    if request.offset and request.offset >= len(body):
        raise UsageError(
            f"Offset {request.offset} is behind the end; the text of this step has {len(body)} characters."
        )
    head = _heading(trace, step, () if request.offset else signals, room)
    room -= len(head)
    part = body[request.offset : request.offset + max(room, _PROGRESS)]
    end = request.offset + len(part)
    call = f'get_trace(trace="{trace.summary.short_id}", steps="{step.index}"'
    notes = []
    if request.offset or end < len(body):
        notes.append(f"Characters {request.offset} to {end} of {len(body)}.")
    if end < len(body):
        notes.append(f"Next: {call}{', full=true' if request.full else ''}, offset={end})")
    elif not request.full and len(step.input_messages) > len(step.new_messages):
        notes.append(f"The whole conversation: {call}, full=true)")
    return f"{fenced([head, part])}\n{' '.join(notes)}".rstrip()


def _several(trace: Trace, steps: Sequence[Step], signals: Sequence[Signal], full: bool, room: int) -> str:
    heads = [_heading(trace, step, signals, room) for step in steps]
    bodies = [step_body(step, full=full) for step in steps]
    shown = 0
    used = 0
    for head, body in zip(heads, bodies, strict=True):
        used += len(head) + min(len(body), _LEAST) + 2
        if shown and used > room:
            break
        shown += 1
    room -= sum(len(head) + 2 for head in heads[:shown])
    widths = share([len(body) for body in bodies[:shown]], [1.0] * shown, max(room, 0))
    texts = [clip(body, width) for body, width in zip(bodies, widths, strict=False)]
    cut = [step.index for step, body, width in zip(steps, bodies, widths, strict=False) if width < len(body)]
    rest = [step.index for step in steps[shown:]]
    lines = [f"{head}\n{text}" for head, text in zip(heads, texts, strict=False)]
    return f"{fenced(lines)}\n{_notes(trace, cut, rest, full)}".rstrip()


def _heading(trace: Trace, step: Step, signals: Sequence[Signal], room: int) -> str:
    lines = [step_head(trace.summary, step)]
    left = room // _HEADING_SHARE
    for signal in signals:
        if signal.step == step.index:
            line = f"!{signal.signal}: {inert_line(signal.reason, 160)}"
            line = line if len(line) <= left else f"!{signal.signal}"
            left -= len(line)
            lines.append(line)
    return "\n".join(lines)


def _notes(trace: Trace, cut: Sequence[int], rest: Sequence[int], full: bool) -> str:
    call = f'get_trace(trace="{trace.summary.short_id}", steps='
    tail = ", full=true)" if full else ")"
    notes = []
    if cut:
        notes.append(f'Cut in steps {spelled(ranges(cut))} (…+N). Whole: {call}"{cut[0]}"{tail}')
    if rest:
        notes.append(f'Not shown yet. Next: {call}"{spelled(ranges(rest))}"{tail}')
    return "\n".join(notes)
