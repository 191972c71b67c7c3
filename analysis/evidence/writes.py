"""Calls that change something: failed ones, unconfirmed ones, and the first of all."""

from __future__ import annotations

from collections.abc import Iterator

from ...model.findings import CauseClass, Evidence
from ...model.text.jsontext import as_text
from ..effects import Effect, hands_over
from ..failures import comes_from_outside
from ..reading import Act, Role
from ..texts.quotes import quote
from ..wording import AGREEMENT
from .clue import Clue, Kind, clue
from .inquiry import Inquiry

_DECAY = 0.85
_OUTSIDE = 0.2


def clues(case: Inquiry) -> Iterator[Clue]:
    """Changing calls in order: each is where a wrong belief becomes a fact; the earliest weighs most.

    A call that was refused stays as suspect as it was when a later one made it good: the belief behind it came first.
    """
    rank = 0
    for act in case.reading.acts:
        if act.effect is not Effect.WRITE or act.asked is None or hands_over(act.tool):
            continue
        failed = bool(act.failure or act.declared_failure)
        if failed and comes_from_outside(act.failure or ""):
            yield _trouble(case, act, act.asked)
        else:
            yield _change(case, act, act.asked, _DECAY**rank)
        rank += 1


def _change(case: Inquiry, act: Act, asked: int, weight: float) -> Clue:
    if act.failure or act.declared_failure:
        told = f"{act.tool} was called in a way that the tool refused"
        return clue(
            asked, 0.8 * weight, told, CauseClass.ARGUMENTS, [_call(case, act), _refusal(case, act)], Kind.REFUSED
        )
    if not confirmed(case, asked):
        told = f"{act.tool} changed something without a yes just before it"
        return clue(asked, 0.8 * weight, told, CauseClass.WORKFLOW, [_call(case, act)], Kind.UNCONFIRMED)
    told = f"{act.tool} changed something that the outcome rests on (position only)"
    return clue(asked, 0.55 * weight, told, CauseClass.UNDETERMINED, [_call(case, act)], Kind.CHANGE)


def _trouble(case: Inquiry, act: Act, asked: int) -> Clue:
    """A service that is down is nobody's decision; what the run makes of it is charged elsewhere."""
    reason = f"{act.tool} did not work, through no fault of the call"
    return clue(asked, _OUTSIDE, reason, CauseClass.TOOL, [_call(case, act), _refusal(case, act)], Kind.REFUSED)


def confirmed(case: Inquiry, asked: int) -> bool:
    """Did the person speak last before the call, and agree? Runs without people need no yes."""
    turns = [view for view in case.reading.views if view.role is Role.USER and view.index < asked]
    if len(turns) < 2:
        return True
    last = turns[-1]
    return last.index >= asked - 3 and bool(AGREEMENT.search(last.text[:600]))


def _call(case: Inquiry, act: Act) -> Evidence | None:
    step = case.reading.view(act.step).step
    return quote(step, as_text(act.arguments)[:200], "arguments") or quote(step, act.tool, "tool")


def _refusal(case: Inquiry, act: Act) -> Evidence | None:
    if act.done is None or not act.failure:
        return None
    return quote(case.reading.view(act.done).step, act.failure, "outputs")
