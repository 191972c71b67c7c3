"""A conversation that spans runs: many frameworks send a trace a turn, and the session is the conversation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .traces import Message


@dataclass(frozen=True, slots=True)
class EarlierTurn:
    """A run of the same session that was over before another one began."""

    trace_id: int
    revision: int
    messages: tuple[Message, ...]
    """What was said, called and shown in this turn, in order; without instructions and without what it was told of
    turns before."""
    whole: bool = True
    """False for a turn far back, of which only the names of the tools that worked are kept."""

    @property
    def short_id(self) -> str:
        return f"T{self.trace_id}"

    @property
    def asked(self) -> str:
        """The last words of a person in this turn; empty where nobody spoke."""
        return self._last("user")

    @property
    def answered(self) -> str:
        """The agent's last words in this turn; empty where it gave none."""
        return self._last("assistant")

    def _last(self, role: str) -> str:
        return next((m.content for m in reversed(self.messages) if m.role == role and m.content.strip()), "")


@dataclass(frozen=True, slots=True)
class Conversation:
    """Where a run stands among the turns of its session."""

    turns: tuple[int, ...]
    """Trace ids of the session in order of time, the run itself among them."""
    number: int
    """Which turn the run is, counted from 1."""
    complete: bool = True
    """False where the session is longer than what was looked at; then the turns are those nearest to the run."""

    @property
    def earlier(self) -> tuple[int, ...]:
        """The turns before the run, oldest first."""
        return self.turns[: self.number - 1]


def said_before(turns: Iterable[EarlierTurn]) -> tuple[Message, ...]:
    """All that was said, called and shown in these turns, in order."""
    return tuple(message for turn in turns for message in turn.messages)
