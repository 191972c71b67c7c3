"""A case file: what failed, what was checked, where values come from, what a good run did, and what may explain it."""

from __future__ import annotations

from dataclasses import dataclass

from ...model.findings import Basis, CauseClass, Signal, SuspectReport
from ...model.traces import Annotation, JsonValue, Trace, TraceSummary
from ..evidence.clue import Kind


@dataclass(frozen=True, slots=True)
class Check:
    """A rule that the run broke, computed."""

    rule: str
    """Name of a signal, or of one of our own rules."""
    step: int | None
    """None where it is about the whole run."""
    quote: str
    """Words of the step, letter for letter; what was counted where the rule is about the whole run."""
    mended: bool = False
    """A later call made it good, or the answer says so."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value that was handed over, or said, comes from. All None: nothing before holds it."""

    name: str
    """Path of the argument; empty for a value of an answer."""
    value: JsonValue
    person: int | None = None
    """The step where a person first said it."""
    result: int | None = None
    """The step where a result first showed it."""
    tool: str | None = None
    """The tool that gave this result."""
    instructions: int | None = None
    agent: int | None = None
    """The step where the agent itself first said it or handed it over."""
    instead: tuple[str, ...] = ()
    """Other values that stood in its place in that result."""
    traced: bool = True
    """False where the value is too common (yes, 1) to tell where it comes from."""

    @property
    def invented(self) -> bool:
        """No person, result or instruction holds it."""
        return self.traced and self.person is None and self.result is None and self.instructions is None


@dataclass(frozen=True, slots=True)
class Origins:
    """The values of one call, or of the answer where nothing was changed."""

    step: int
    tool: str | None
    """None for an answer."""
    because: str
    """Why this one was looked at."""
    values: tuple[Origin, ...]


@dataclass(frozen=True, slots=True)
class Contrast:
    """One way in which the nearest good run differs, with how many good runs are like it there."""

    kind: str
    """arguments, only_left, only_right, answer, status, documents."""
    tool: str
    ours: int | None
    theirs: int | None
    path: str | None
    before: JsonValue
    after: JsonValue
    like: int | None
    """Good runs that have it as the nearest one; None where it was not counted."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """The alike run that went well and changed most nearly the same."""

    trace: TraceSummary
    of: int
    """Good runs in all."""
    contrasts: tuple[Contrast, ...]


@dataclass(frozen=True, slots=True)
class ConfirmedCause:
    """A cause that a person signed, of an alike run."""

    trace: str
    """Short id."""
    step: int
    cause: CauseClass | None
    tool: str | None
    reason: str
    """In the person's words."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A step that may be where it went wrong, with what would prove it, what would refute it, and where to look."""

    step: int
    what: str
    """Kind of the step, and its tool."""
    claim: str
    cause: CauseClass
    basis: Basis
    kind: Kind
    quote: str
    true_if: str
    refuted_if: str
    look: tuple[int, ...]
    """The steps that decide, at most five."""


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Everything that is known of one run, in the order in which it should be read."""

    trace: Trace
    signals: tuple[Signal, ...]
    report: SuspectReport
    said: tuple[Annotation, ...]
    """Judgements that came with the run and speak of failure or success."""
    asked: tuple[int, str] | None
    answered: tuple[int, str] | None
    broken: tuple[Check, ...]
    holding: tuple[str, ...]
    """Rules that were checked and hold."""
    origins: tuple[Origins, ...]
    """Of the two most suspected changes, the first first."""
    nearest: Nearest | None
    confirmed: tuple[ConfirmedCause, ...]
    hypotheses: tuple[Hypothesis, ...]
