"""Where runs of this form mostly go wrong, with nothing seen in this one: a reading order, never an accusation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from ...model.findings import CauseClass
from ..effects import Effect
from ..reading import Role, View
from ..texts.quotes import quote
from .clue import Clue, Kind, clue
from .inquiry import Inquiry

_TEAM_DECAY = 0.75
_EARLY_DECAY = 0.8
_EARLY = 0.1
_ANSWER = 0.5
_LEAST_TURNS = 4
_LEADS = 0.5
"""Share of the spells that makes a leader; in a team of equals nobody's turn is work for another."""
_MOST_EARLY = 6
_FEW_DECISIONS = 6


def clues(case: Inquiry) -> Iterator[Clue]:
    """Early work in a led team, the answer of a short look-up, and the first decisions as the last resort."""
    yield from _led_work(case)
    yield from _short_answer(case)
    yield from _early(case)


def leader(decisions: Sequence[View]) -> str | None:
    """The agent that others answer: it has at least half of the spells; None where nobody has.

    A spell is any number of turns of one agent after another: workers may think aloud at length, but between any two of
    them the word goes back to who leads. Of two agents that only alternate, the first to speak leads.
    """
    spells = [agent for agent, _ in groupby(view.agent for view in decisions if view.agent)]
    counted = Counter(spells)
    if len(counted) < 2 or len(decisions) < _LEAST_TURNS:
        return None
    lead, led = counted.most_common(1)[0]
    return lead if led >= _LEADS * len(spells) else None


def _led_work(case: Inquiry) -> Iterator[Clue]:
    lead = leader(case.reading.decisions)
    if lead is None:
        return
    others = {lead, *(view.agent for view in case.reading.results)}
    work = (view for view in case.reading.decisions if view.agent not in others)
    for place, view in enumerate(work):
        yield _placed(view, 0.8 * _TEAM_DECAY**place, f"early work of {view.agent or 'a team member'}")


def _short_answer(case: Inquiry) -> Iterator[Clue]:
    """In a run of few decisions that only looks things up, the answer is the decision; a dialogue is left alone."""
    final, decisions = case.reading.final, case.reading.decisions
    turns = sum(view.role is Role.USER for view in case.reading.views)
    if final is None or final is not decisions[-1] or turns > 1 or len(decisions) > _FEW_DECISIONS:
        return
    if all(act.effect is Effect.READ for act in case.reading.acts):
        yield _placed(final, _ANSWER, f"the answer of a short run ({len(decisions)} decisions)")


def _early(case: Inquiry) -> Iterator[Clue]:
    """The very first decision, which mostly restates the request, comes second."""
    final = case.reading.final
    early = [view for view in case.reading.decisions if view is not final][:_MOST_EARLY]
    for place, view in enumerate([*early[1:2], *early[:1], *early[2:]]):
        yield _placed(view, _EARLY * _EARLY_DECAY**place, "an early decision")


def _placed(view: View, score: float, reason: str) -> Clue:
    shown = [quote(view.step, view.text.strip()[:140], "outputs")]
    return clue(view.index, score, f"{reason} (position only)", CauseClass.UNDETERMINED, shown, Kind.PLACE)
