"""What is suspected of a run that failed without a signal, in words that runs failing the same way share.

Without it such runs would be grouped by what they talk about; a person who reads "wrong argument `item_ids` of
`return_items`" knows where to look.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...model.findings import CauseClass, Signal, Suspect
from ...model.traces import Step, Trace
from ..suspects import SOURCES, find_suspects
from .features import normalised_error

_ARGUMENTS = "arguments."
_SEEN = {name: SOURCES[name] for name in ("siblings", "grounding")}
"""Sources that say what was done; the others say where failures mostly begin, which alike runs do not share."""


class Suspicion(NamedTuple):
    """What a run is suspected of, and where."""

    words: str
    """Without what is particular to the run."""
    step: int


def suspicion_of(trace: Trace, signals: Sequence[Signal], siblings: Sequence[Trace]) -> Suspicion | None:
    """What the first suspect did, by what was seen in the run and its siblings; None where that is not enough.

    Args:
        trace: A failing run.
        signals: Its signals.
        siblings: Alike runs, nearest first.

    Cost: as `find_suspects`.
    """
    report = find_suspects(trace, signals, siblings, sources=_SEEN)
    if not report.enough_evidence:
        return None
    first = report.suspects[0]
    return Suspicion(told(first, trace.steps[first.step]), first.step)


def told(suspect: Suspect, step: Step) -> str:
    """A suspect in words that hold for every run that did the same."""
    tool, argument = _tool(step), _argument(suspect)
    return f"argument {argument} of {tool}" if tool and argument else normalised_error(suspect.reasons[0])


def _argument(suspect: Suspect) -> str | None:
    """The argument that differs; of a nested one, its outermost name, as list positions are chance."""
    if suspect.cause is not CauseClass.ARGUMENTS:
        return None
    paths = (evidence.path or "" for evidence in suspect.evidence)
    return next((p.removeprefix(_ARGUMENTS).split(".")[0] for p in paths if p.startswith(_ARGUMENTS)), None)


def _tool(step: Step) -> str:
    asked = (call.name for message in step.output_messages for call in message.tool_calls)
    return step.tool or next(asked, "")
