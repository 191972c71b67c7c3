"""Which step a failing run went wrong in: evidence of several kinds, fused into one ranking."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from ..model.findings import CauseClass, Evidence, Signal, Suspect, SuspectReport
from ..model.traces import Message, Trace
from .evidence import (
    counts,
    course,
    ending,
    from_signals,
    grounding,
    partial,
    spectrum,
    teamwork,
    turning,
    writes,
)
from .evidence import (
    siblings as sibling_runs,
)
from .evidence.case import CaseFile, open_case
from .evidence.clue import Clue
from .evidence.enough import THRESHOLD, strength

Source = Callable[[CaseFile], Iterable[Clue]]

SOURCES: Mapping[str, tuple[Source, float]] = {
    "signals": (from_signals.clues, 1.0),
    "siblings": (sibling_runs.clues, 2.0),
    "spectrum": (spectrum.clues, 0.3),
    "grounding": (grounding.clues, 0.5),
    "counts": (counts.clues, 1.0),
    "writes": (writes.clues, 1.0),
    "turning": (turning.clues, 0.7),
    "ending": (ending.clues, 1.0),
    "partial": (partial.clues, 0.6),
    "teamwork": (teamwork.clues, 1.0),
    "course": (course.clues, 0.1),
}
"""Each source of evidence with its weight."""

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
    case = open_case(trace, signals, siblings, earlier)
    found = {name: list(source(case)) for name, (source, _) in sources.items()}
    weighted = [(clue, sources[name][1]) for name, clues in found.items() for clue in clues]
    suspects = _fuse(case, weighted)
    enough = bool(suspects) and strength(case, found) >= THRESHOLD
    return SuspectReport(enough, suspects, _note(case, found))


def _fuse(case: CaseFile, weighted: Iterable[tuple[Clue, float]]) -> tuple[Suspect, ...]:
    by_step: dict[int, list[tuple[float, Clue]]] = defaultdict(list)
    for clue, weight in weighted:
        by_step[clue.step].append((clue.score * weight, clue))
    suspects = [_suspect(case, step, sorted(found, key=_telling_first)) for step, found in by_step.items()]
    suspects.sort(key=lambda item: (-item.score, item.step))
    return tuple(suspects[:_KEEP])


def _telling_first(weighted: tuple[float, Clue]) -> tuple[bool, float]:
    """What names a cause was seen in the step; the rest is a prior or a count over runs."""
    return weighted[1].cause is CauseClass.UNDETERMINED, -weighted[0]


def _suspect(case: CaseFile, step: int, found: Sequence[tuple[float, Clue]]) -> Suspect:
    score = sum(weight for weight, _ in found)
    causes = [clue.cause for _, clue in found if clue.cause is not CauseClass.UNDETERMINED]
    evidence: list[Evidence] = []
    for _, clue in found:
        evidence += [item for item in clue.evidence if item not in evidence]
    return Suspect(
        step,
        case.reading.view(step).agent or None,
        causes[0] if causes else CauseClass.UNDETERMINED,
        round(score, 4),
        tuple(dict.fromkeys(clue.reason for _, clue in found))[:_REASONS],
        tuple(evidence[: _REASONS * 2]),
    )


def _note(case: CaseFile, found: Mapping[str, Sequence[Clue]]) -> str:
    used = [name for name, clues in found.items() if clues]
    rests = f"Rests on {', '.join(used)}." if used else "No source of evidence speaks of this run."
    if not case.good:
        return f"{rests} No alike run that went well was there to compare with; one would sharpen this."
    return f"{rests} Compared with {len(case.good)} alike run(s) that went well."
