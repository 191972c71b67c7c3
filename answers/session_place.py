"""Where a run stands in its session, and what was said before it: for outlines, case files and lists of steps."""

from __future__ import annotations

from dataclasses import dataclass

from ..model.conversations import Conversation, EarlierTurn
from ..model.text.fence import inert_line
from ..store.contract import Store
from ..store.reading.conversations import conversation_of, read_turns

_TOLD = 2
"""Turns before a run of which the words are shown."""
_NAMED = 6
"""Earlier turns that are named; the whole session is found by a search."""
_WORDS = 160
"""Characters of what was asked and answered in one turn."""


@dataclass(frozen=True, slots=True)
class SessionPlace:
    """A run among the turns of its session."""

    place: Conversation
    head: str
    """Which turn it is, and the call that shows those before; holds no trace text."""
    before: tuple[str, ...]
    """What was said in the last two turns before it, a line a turn; trace text, made inert."""


def session_place(store: Store, trace_id: int) -> SessionPlace | None:
    """Where a run stands in its session; None where it is the only turn, or has no session.

    Cost: two index ranges and one reading of at most two turns.
    """
    place = conversation_of(store, trace_id)
    if place is None:
        return None
    nearest = place.earlier[-_TOLD:]
    turns = read_turns(store, nearest)
    told = tuple(_told(turns[turn]) for turn in nearest if turn in turns)
    return SessionPlace(place, _head(place), told)


def _head(place: Conversation) -> str:
    which = (
        f"turn {place.number} of {len(place.turns)} of its session" if place.complete else "a turn of a long session"
    )
    if not place.earlier:
        return which
    named = [f"T{turn}" for turn in reversed(place.earlier[-_NAMED:])]
    more = f" and {len(place.earlier) - _NAMED} before" if len(place.earlier) > _NAMED else ""
    rest = f", then {', '.join(named[1:])}{more}" if named[1:] else ""
    return f'{which} · the turn before: get_trace(trace="{named[0]}"){rest}'


def _told(turn: EarlierTurn) -> str:
    parts = [f"[user] {inert_line(turn.asked, _WORDS)}"] if turn.asked else []
    parts += [f"→ {inert_line(turn.answered, _WORDS)}"] if turn.answered else []
    return f"before, {turn.short_id}: {' '.join(parts) or 'nothing was said'}"
