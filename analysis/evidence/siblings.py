"""Against alike runs that went well: changes that only this run makes, and changes that it leaves out.

Where no outcome is known, the runs without failure signals stand in, and their majority is the pattern.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ...model.findings import CauseClass, Evidence
from ...model.text.jsontext import as_text, canonical
from ..effects import Effect, hands_over
from ..quotes import quote
from ..reading import Act, Reading
from ..shapes import changed_paths, normal
from .case import CaseFile
from .clue import Clue, clue

_DECAY = 0.95
_MAJORITY = 0.5
_NO_PATTERN = 0.3
"""Clarity where no two runs of unknown outcome agree."""


def clues(case: CaseFile) -> Iterator[Clue]:
    """Changes that most good runs do not make, with the argument that differs; then changes they make "
    "and this lacks."""
    if not case.good:
        return
    weight = clarity(case)
    for act in changes_of(case.reading):
        share = sum(_makes(case, other, act) for other in case.good) / len(case.good)
        if share < _MAJORITY:
            path, reason, cause = _difference(case, act)
            yield clue(act.step, weight * (1 - share), reason, cause, [_evidence(case, act, path)])
            weight *= _DECAY
    yield from _omissions(case)


def clarity(case: CaseFile) -> float:
    """How clear the pattern is: 1 where outcomes are known, else the share of runs that make the same changes."""
    if case.good_known:
        return 1.0
    if all(case.same_instance(other) for other in case.good):
        largest = Counter(_change_set(other) for other in case.good).most_common(1)[0][1]
    else:
        largest = Counter(_tools(other) for other in case.good).most_common(1)[0][1]
    return largest / len(case.good) if largest > 1 else _NO_PATTERN


def agree(one: Reading, other: Reading) -> bool:
    """Did both runs make the same changes?"""
    return _change_set(one) == _change_set(other)


def _change_set(reading: Reading) -> frozenset[tuple[str, bytes]]:
    return frozenset((act.tool, canonical(act.arguments)) for act in changes_of(reading))


def _tools(reading: Reading) -> frozenset[str]:
    return frozenset(act.tool for act in changes_of(reading))


def changes_of(reading: Reading) -> list[Act]:
    """The calls by which a run changed something, in order; refused calls and hand-overs changed nothing."""
    return [act for act in reading.acts if act.effect is Effect.WRITE and not act.failure and not hands_over(act.tool)]


def _makes(case: CaseFile, other: Reading, act: Act) -> bool:
    loosely = not case.same_instance(other)
    return any(candidate.tool == act.tool and (loosely or _same(candidate, act)) for candidate in other.acts)


def _same(one: Act, other: Act) -> bool:
    return next(changed_paths(one.arguments, other.arguments, ""), None) is None


def _difference(case: CaseFile, act: Act) -> tuple[str | None, str, CauseClass]:
    runs = [reading for reading in case.good if case.same_instance(reading)]
    candidates = [other for reading in runs for other in reading.acts if other.tool == act.tool]
    if not candidates:
        return None, f"no alike run that went well calls {act.tool}", CauseClass.WORKFLOW
    nearest = min(candidates, key=lambda other: len(list(changed_paths(act.arguments, other.arguments, "arguments"))))
    for path, ours, theirs in changed_paths(act.arguments, nearest.arguments, "arguments"):
        told, usual = normal(as_text(ours))[:60], normal(as_text(theirs))[:60]
        return (
            path,
            f"{path} is {told or 'absent'}; alike runs that went well have {usual or 'none'}",
            CauseClass.ARGUMENTS,
        )
    return None, f"most alike runs that went well do not call {act.tool} so", CauseClass.WORKFLOW


def _evidence(case: CaseFile, act: Act, path: str | None) -> Evidence | None:
    step = case.reading.view(act.step).step
    value = act.arguments
    for part in (path or "").split(".")[1:]:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
    return quote(step, as_text(value), path or "arguments") or quote(step, act.tool, "tool")


def _omissions(case: CaseFile) -> Iterator[Clue]:
    """Changes that most good runs make: charged to the last decision that speaks, where the run let them go."""
    missing: dict[str, float] = {}
    for reading in case.good:
        for act in changes_of(reading):
            share = sum(_makes(case, other, act) for other in case.good) / len(case.good)
            if share > _MAJORITY and not _has_made(case, reading, act):
                missing[act.tool] = max(share, missing.get(act.tool, 0.0))
    final = case.reading.final
    if missing and final is not None:
        tools = ", ".join(sorted(missing))
        yield clue(
            final.index,
            0.6 * clarity(case) * max(missing.values()),
            f"alike runs that went well make a change by {tools} that this run ends without",
            CauseClass.WORKFLOW,
            [quote(final.step, final.text.strip()[:140], "outputs")],
        )


def _has_made(case: CaseFile, reading: Reading, act: Act) -> bool:
    """Did this run make the change that another run made?"""
    loosely = not case.same_instance(reading)
    return any(ours.tool == act.tool and (loosely or _same(ours, act)) for ours in case.reading.acts)
