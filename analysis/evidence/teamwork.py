"""Teams of agents: who leads, who works, and where the work first fails to carry on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from ...model.findings import CauseClass
from ..quotes import around, quote
from ..reading import View
from .case import CaseFile
from .clue import Clue, clue

_STALL = re.compile(
    r"(?i)\b(?:stalled|re-?planning|stuck|not making progress|no progress|going in circles|(?:try|"
    r"need) (?:a |an )?(?:different|another|new|"
    r"alternative) (?:approach|strategy|method|plan|way)|start(?:ing)? over|let me (?:rethink|reconsider|try again))\b"
)
_DECAY = 0.75
_LEAST_TURNS = 4
_LEADS = 0.5
"""Share of the spells that makes a leader; in a team of equals nobody's turn is work for another."""


def clues(case: CaseFile) -> Iterator[Clue]:
    """Work turns, earliest first, and the first admission of a stall."""
    decisions = case.reading.decisions
    yield from _stalls(decisions)
    lead = leader(decisions)
    if lead is None:
        return
    weight = 0.8
    executors = {view.agent for view in case.reading.results}
    for view in work_turns(decisions, {lead, *executors}):
        yield clue(
            view.index,
            weight,
            f"early work of {view.agent or 'a team member'}, on which everything later builds",
            CauseClass.UNDETERMINED,
            [quote(view.step, view.text.strip()[:140], "outputs")],
        )
        weight *= _DECAY


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


def work_turns(decisions: Sequence[View], others: set[str]) -> list[View]:
    """Turns of agents other than the leader and those that only execute."""
    return [view for view in decisions if view.agent not in others]


def _stalls(decisions: Sequence[View]) -> Iterator[Clue]:
    for view in decisions[1:]:
        match = _STALL.search(view.text[:600])
        if match:
            yield clue(
                view.index,
                0.7,
                "the first step that admits a stall or a change of plan",
                CauseClass.WORKFLOW,
                [around(view.step, view.text, match.start(), match.end(), "outputs")],
            )
            return
