"""How a run shows that it failed: the error that names its kind exactly, and the place a reader should look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from ...model.findings import Signal
from ...model.traces import Outcome, StepKind
from ..reading import Reading, mended
from .features import normalised_error
from .suspicion import Suspicion

SUSPICION = "suspicion:"
"""Begins the family of a mode whose runs share a suspicion."""
_MOST_ERRORS = 3
"""A run with more kinds of error is a mess of its own; likeness decides where it belongs."""


@dataclass(frozen=True, slots=True)
class Symptom:
    """What a run's failure looks like from outside."""

    known: bool
    """Somebody said that the run failed; else only signals suggest it."""
    errors: tuple[str, ...]
    """`tool|normalised error`, sorted; empty where the run hit no error that stayed."""
    step: int | None
    """The step that shows it best."""
    clearest: str = ""
    """The failure signal that shows it best; empty without one."""
    suspicion: str = ""
    """What its first suspect did, where no signal shows anything (`suspicion_of`)."""

    def suspected(self, found: Suspicion | None) -> Symptom:
        """The symptom with what was found about a failure that no signal shows."""
        return self if found is None else replace(self, suspicion=found.words, step=found.step)

    @property
    def family(self) -> str:
        """Runs of different families are never of one mode: the clearest signal, else the very suspicion."""
        return self.clearest or (f"{SUSPICION}{_digest(self.suspicion)}" if self.suspicion else "")

    @property
    def signature(self) -> str | None:
        """A digest that leads alike failures into one mode: of clearest signal and errors, or of the suspicion.

        None without either.
        """
        if self.suspicion:
            return _digest(self.suspicion)
        if not 0 < len(self.errors) <= _MOST_ERRORS:
            return None
        return _digest("\n".join((self.clearest, *self.errors)))


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def symptom_of(reading: Reading, signals: Sequence[Signal], outcome: Outcome) -> Symptom | None:
    """How a run failed; None where it passed, or nobody said so and no failure signal suggests it."""
    failing = [signal for signal in signals if signal.failure]
    known = outcome is Outcome.FAIL
    if outcome is Outcome.PASS or not (known or failing):
        return None
    place = max(
        (signal for signal in failing if signal.step is not None),
        key=lambda signal: (signal.strength, -(signal.step or 0)),
        default=None,
    )
    final = reading.final
    step = place.step if place else final.index if final else None
    clearest = max(failing, key=lambda signal: signal.strength, default=None)
    return Symptom(known, _errors(reading) if failing else (), step, clearest.signal if clearest else "")


def _errors(reading: Reading) -> tuple[str, ...]:
    """The errors that no later call of the same tool made good."""
    found = {
        f"{act.tool}|{normalised_error(act.failure)}"
        for act in reading.acts
        if act.failure and not mended(reading, act)
    }
    found |= {
        f"model|{normalised_error(view.step.error.message)}"
        for view in reading.views
        if view.step.kind is StepKind.LLM and view.step.error
    }
    return tuple(sorted(found))
