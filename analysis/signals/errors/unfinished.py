"""A run that ends without an answer, with an open call, or by giving up."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ....model.findings import Signal
from ....model.text.jsontext import scalars
from ....model.traces import Status, StepKind
from ...effects import Effect
from ...reading import Reading, Role, View
from ...run_kinds import CRAFT, INFORMED
from ...texts.quotes import around, quote
from ...texts.speakers import asks_leave
from ...tools.tool_roles import ToolRole
from ...wording import GIVING_UP
from ..definition import SignalDefinition, signal

_LAST_ROLES = (ToolRole.ANSWER, ToolRole.HANDOVER, ToolRole.ASK, ToolRole.TALK, ToolRole.NOTE)
"""With such a call a run may well end."""
_LIMIT = re.compile(r"(?i)^\W*(?:max(?:imum)?[_ ](?:steps|turns|iterations)|(?:step|turn|time)[_ ]?limit)\b")
_LEAST_DECISIONS = 4
_MARKS = ("success", "succeeded", "completed", "status", "result", "outcome")
_BAD = frozenset({"false", "failed", "failure", "fail", "incomplete", "partial", "infeasible", "unsuccessful", "error"})


def find(reading: Reading) -> Iterator[Signal]:
    if _stopped_by_a_person(reading):
        return
    yield from _failed_frames(reading)
    yield from _owns_up(reading)
    spoken = [view for view in reading.views if view.role in (Role.DECISION, Role.RESULT, Role.USER)]
    if not spoken:
        return
    last = spoken[-1]
    open_acts = [act for act in reading.acts if act.done is None and act.asked == last.index]
    if open_acts:
        ends = any(act.role in _LAST_ROLES for act in open_acts)
        told = f"the run ends with a call of {open_acts[0].tool} that has no result"
        yield from () if ends else [_ends(reading, last, told)]
    elif last.role is Role.RESULT and reading.decisions and not _is_product(reading, last):
        yield _ends(reading, last, "the run ends with a tool result and no answer")
    elif (
        reading.kind in INFORMED
        and reading.final is not None
        and (match := GIVING_UP.search(reading.final.text[-2_000:]))
    ):
        start = max(0, len(reading.final.text) - 2_000) + match.start()
        evidence = around(reading.final.step, reading.final.text, start, start + len(match.group()), "outputs")
        yield signal(DEFINITION.name, reading.final.index, "the last reply gives up", evidence, strength=0.7)


def _owns_up(reading: Reading) -> Iterator[Signal]:
    """The call that hands in the answer says itself that the work did not succeed."""
    for act in reading.acts:
        given = act.arguments if act.role is ToolRole.ANSWER and isinstance(act.arguments, dict) else {}
        said = next((name for name in _MARKS if str(given.get(name)).casefold() in _BAD), None)
        if said is not None and act.asked is not None:
            step = reading.view(act.asked).step
            words = max((str(item) for _, item in scalars(given)), key=len)
            evidence = quote(step, words.strip()[-240:], "arguments") or quote(step, act.tool)
            told = f"the agent hands in its work with {said} = {given[said]}"
            done = reading.view(act.done).step if act.done is not None else None
            yield signal(
                DEFINITION.name, act.asked, told, evidence, quote(done, words.strip()[-240:]) if done else None
            )
            return


def _stopped_by_a_person(reading: Reading) -> bool:
    """Does it end with a person's no, or waiting for their yes? Then it is theirs to go on."""
    errors = [view.step.error.message for view in reading.views[-4:] if view.step.error]
    kinds = [view.step.error.type or "" for view in reading.views[-4:] if view.step.error]
    last = [act.failure or act.result for act in reading.acts[-2:]]
    said = [message.content for view in reading.views[-2:] for message in view.received if message.role == "user"]
    said += [view.text for view in reading.views[-2:] if view.role is Role.USER]
    return any(map(asks_leave, (*errors, *kinds, *last, *said)))


def _failed_frames(reading: Reading) -> Iterator[Signal]:
    """An agent or chain with error status, where no step inside it tells the error."""
    failed = [view for view in reading.views if view.step.status is Status.ERROR]
    if any(view.role is not Role.FRAME and view.step.kind is not StepKind.AGENT for view in failed):
        return
    ends = [view for view in failed if not _went_on_after(reading, view)]
    for view in ends[:1]:
        message = view.step.error.message if view.step.error else ""
        told = message.strip().splitlines()[0][:120] if message.strip() else "no message"
        evidence = quote(view.step, message, "error") or quote(view.step, view.step.name, "name")
        yield signal(DEFINITION.name, view.index, f"{view.step.name} ended with an error: {told}", evidence)


def _went_on_after(reading: Reading, frame: View) -> bool:
    """Did a model speak again outside the frame that broke off?"""
    inside = {frame.index}
    for view in reading.views:
        if view.step.parent in inside:
            inside.add(view.index)
    return any(view.index > max(inside) and view.text.strip() for view in reading.decisions)


def _is_product(reading: Reading, last: View) -> bool:
    """Does the run end rightly with this result: a change that worked, or a frame that hands it on as its own?"""
    ends = (act for act in reading.acts if act.done == last.index and not act.failed)
    changed = any(act.effect is Effect.WRITE or act.role in _LAST_ROLES for act in ends)
    return changed or any(view.role is Role.FRAME and view.text for view in reading.views)


def _ends(reading: Reading, view: View, reason: str) -> Signal:
    text = view.text.strip().splitlines()
    evidence = quote(view.step, text[0] if text else "", "outputs") or quote(
        view.step, view.step.tool or view.step.name
    )
    # What tries out code is often recorded up to its last command, and its product is what it left behind.
    is_own = reading.kind not in CRAFT and not (_is_cut(reading) and len(reading.decisions) < _LEAST_DECISIONS)
    return signal(DEFINITION.name, view.index, reason, evidence, failure=is_own)


def _is_cut(reading: Reading) -> bool:
    """Did what ran the agent stop it at a limit? With a handful of steps that tells of the limit, not of the agent."""
    said = (str(value) for value in (reading.trace.summary.metadata or {}).values())
    notes = (note.explanation or "" for note in reading.trace.annotations)
    return any(_LIMIT.search(text) for text in (*said, *notes))


DEFINITION = SignalDefinition(
    name="unfinished",
    definition=(
        "The run ends with an error, on an unanswered call or a bare look-up, its last reply gives up, or the call "
        "that "
        "hands in the work marks it as failed; not where a person stopped it."
    ),
    weakness="Runs that are still going, and flows whose product is the last tool call, look unfinished.",
    find=find,
)
