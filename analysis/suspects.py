"""Which step a failing run went wrong in: evidence of several kinds, fused into one ranking."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from ..model.findings import Basis, CauseClass, Signal, Suspect, SuspectReport
from ..model.traces import Message, Trace
from .evidence import ending, from_signals, grounding, position, spectrum, writes
from .evidence import siblings as sibling_runs
from .evidence.clue import Clue
from .evidence.enough import Known, enough, witnesses
from .evidence.inquiry import Inquiry, inquire

Source = Callable[[Inquiry], Iterable[Clue]]

SOURCES: Mapping[str, tuple[Source, float]] = {
    "siblings": (sibling_runs.clues, 2.0),
    "spectrum": (spectrum.clues, 0.3),
    "signals": (from_signals.clues, 1.0),
    "grounding": (grounding.clues, 0.5),
    "writes": (writes.clues, 1.0),
    "ending": (ending.clues, 1.0),
    "position": (position.clues, 1.0),
}
"""Each source of evidence with its weight."""

_FIRMEST = tuple(Basis)
_RESTS = {
    Basis.DIFFERENCE: "Rests on what alike runs that went well did otherwise.",
    Basis.OBSERVED: "Rests on what the run itself shows.",
}
_ABOUT_WITNESSES = {
    Known.PASSED: "{against} of {of} alike runs that passed made other changes.",
    Known.NONE_PASSED: "No alike run passed; {against} of {of} failed.",
    Known.UNKNOWN: "{against} of {of} alike runs, of unknown outcome, made other changes.",
    Known.NOBODY: "No alike run that went well says anything about its changes; one would sharpen this.",
}
_KEEP = 10
_REASONS = 4


def find_suspects(
    trace: Trace,
    signals: Sequence[Signal],
    siblings: Sequence[Trace] = (),
    *,
    sources: Mapping[str, tuple[Source, float]] = SOURCES,
    earlier: Sequence[Message] = (),
) -> SuspectReport:
    """Rank the steps of a run as origin of its failure.

    Args:
        trace: The run in question; its outcome need not be known.
        signals: Its signals, as `find_signals` gives them.
        siblings: Alike runs, nearest first; those that passed (or show no failure) serve as pattern.
        sources: Sources of evidence with their weights, for ablation and for weights learned in a project.
        earlier: What was said and shown in the turns of the session before the run.

    Returns:
        At most ten suspects, best first. `enough_evidence` is False where nothing found separates this run from
        ordinary passing ones; the ranking is there all the same.

    Cost: linear in the run's text, plus one alignment for each of at most twelve siblings.
    """
    return report_on(inquire(trace, signals, siblings, earlier), sources)


def report_on(case: Inquiry, sources: Mapping[str, tuple[Source, float]] = SOURCES) -> SuspectReport:
    """`find_suspects` for a run whose siblings are read already."""
    return report_of(case, rank(case, sources))


def report_of(case: Inquiry, ranked: Sequence[Ranked]) -> SuspectReport:
    """A ranking as a report: whether it suffices, and what it rests on."""
    suspects = tuple(entry.suspect for entry in ranked)
    return SuspectReport(enough(case, suspects), suspects, _note(case, suspects))


class Ranked(NamedTuple):
    """A suspect with the clues it was made of, the most telling first."""

    suspect: Suspect
    clues: tuple[Clue, ...]


def rank(case: Inquiry, sources: Mapping[str, tuple[Source, float]] = SOURCES) -> tuple[Ranked, ...]:
    """At most ten suspects, best first; of equal ones the earlier step."""
    by_step: dict[int, list[tuple[float, Clue]]] = defaultdict(list)
    for source, weight in sources.values():
        for clue in source(case) if weight > 0 else ():
            by_step[clue.step].append((clue.score * weight, clue))
    ranked = [
        Ranked(_suspect(case, step, found), tuple(clue for _, clue in found))
        for step, found in ((step, sorted(found, key=_telling_first)) for step, found in by_step.items())
    ]
    ranked.sort(key=lambda entry: (-entry.suspect.score, entry.suspect.step))
    return tuple(ranked[:_KEEP])


def _telling_first(weighted: tuple[float, Clue]) -> tuple[bool, float]:
    """What names a cause was seen in the step; the rest is a prior or a count over runs."""
    return weighted[1].cause is CauseClass.UNDETERMINED, -weighted[0]


def _suspect(case: Inquiry, step: int, found: Sequence[tuple[float, Clue]]) -> Suspect:
    score = sum(weight for weight, _ in found)
    causes = [clue.cause for _, clue in found if clue.cause is not CauseClass.UNDETERMINED]
    evidence = tuple(dict.fromkeys(item for _, clue in found for item in clue.evidence))
    return Suspect(
        step,
        case.reading.view(step).agent or None,
        causes[0] if causes else CauseClass.UNDETERMINED,
        round(score, 4),
        tuple(dict.fromkeys(clue.reason for _, clue in found))[:_REASONS],
        evidence[: _REASONS * 2],
        min((clue.basis for _, clue in found), key=_FIRMEST.index),
    )


def _note(case: Inquiry, suspects: Sequence[Suspect]) -> str:
    told = witnesses(case)
    if all(suspect.basis is Basis.POSITION for suspect in suspects):
        rests = "Position only: nothing wrong was found in the run; a reading order, not a finding."
    else:
        firmest = min((suspect.basis for suspect in suspects), key=_FIRMEST.index)
        rests = _RESTS[firmest]
    return f"{rests} {_ABOUT_WITNESSES[told.known].format(against=told.against, of=told.of)}"
