"""What analysis finds in a trace: signals, suspects, differences. Plain facts with quoted evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .traces import JsonValue


class CauseClass(StrEnum):
    """Where the cause of a failure lies."""

    PROMPT = "prompt"
    RETRIEVAL = "retrieval"
    PASSAGE_SELECTION = "passage_selection"
    TOOL = "tool"
    ARGUMENTS = "arguments"
    REASONING = "reasoning"
    MODEL = "model"
    WORKFLOW = "workflow"
    UNDETERMINED = "undetermined"


class Basis(StrEnum):
    """What a suspicion rests on, the firmest first."""

    DIFFERENCE = "difference"
    """Alike runs that went well did otherwise here."""
    OBSERVED = "observed"
    """Something in the run itself is wrong: an error, an invented value, a broken rule."""
    POSITION = "position"
    """Nothing was seen; steps of this place or kind are where runs of this form mostly go wrong."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A quotation that stands in the named step, letter for letter."""

    step: int
    quote: str
    path: str | None = None
    """Where in the step: `arguments.order_id`, `outputs`, `output_messages.0.content`."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A cheap computed fact that makes a trace worth a look."""

    signal: str
    """The signal's name: `tool_error`, `ungrounded_value`, …"""
    step: int | None
    """The step it is about; None for the whole trace."""
    failure: bool
    """False for what is notable but no failure."""
    reason: str
    evidence: tuple[Evidence, ...] = ()
    strength: float = 1.0
    """0 to 1, how clear the fact is; not a probability."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A step ranked as origin of a failure."""

    step: int
    agent: str | None
    cause: CauseClass
    score: float
    """Orders the suspects of one trace; not a probability."""
    reasons: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    basis: Basis = Basis.POSITION
    """The firmest of what it rests on."""


@dataclass(frozen=True, slots=True)
class SuspectReport:
    """Ranked steps, best first, also when the evidence does not suffice to accuse any."""

    enough_evidence: bool
    suspects: tuple[Suspect, ...]
    note: str | None = None
    """What the ranking rests on, and what would improve it."""

    @property
    def position_only(self) -> bool:
        """Nothing was seen in the run or against alike ones: a reading order."""
        return all(suspect.basis is Basis.POSITION for suspect in self.suspects)


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference of two aligned runs. A side is None where it has no such step."""

    rank: int
    left: int | None
    right: int | None
    kind: str
    """only_left, only_right, arguments, result, documents, answer, order, status."""
    path: str | None = None
    """Where in the step: `arguments.order_id`."""
    before: JsonValue = None
    after: JsonValue = None
    weight: float = 0.0
    """How consequential: writes and answers before reads."""


@dataclass(frozen=True, slots=True)
class TraceDiff:
    """Two runs aligned: pairs in reading order, and what differs, most consequential first."""

    pairs: tuple[tuple[int | None, int | None], ...]
    first_divergence: tuple[int | None, int | None] | None
    """The first pair from which the runs do not come together again; None where they never part."""
    differences: tuple[Difference, ...]
