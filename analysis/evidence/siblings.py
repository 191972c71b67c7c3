"""Against alike runs that went well: changes that only this run makes, and changes that it leaves out.

Where no outcome is known, the runs without failure signals stand in, and their majority is the pattern.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ...model.findings import CauseClass, Evidence
from ...model.text.jsontext import as_text
from ..reading import Act, Reading
from ..shapes import changed_paths, value_at
from ..texts.quotes import quote
from .changes import change_key, change_set, changes_of
from .clue import Clue, Kind, clue
from .inquiry import Inquiry

_DECAY = 0.95
_MAJORITY = 0.5
_NO_PATTERN = 0.3
"""Clarity where no two runs of unknown outcome agree."""
_OMITTED = 0.6


def clues(case: Inquiry) -> Iterator[Clue]:
    """Changes that most good runs do not make, with the argument that differs; where there are none, changes that
    they make and this run lacks."""
    if not case.good:
        return
    found = list(_deviations(case))
    yield from found or _omissions(case)


def _deviations(case: Inquiry) -> Iterator[Clue]:
    weight = clarity(case)
    for act in changes_of(case.reading):
        share = sum(_makes(case, other, act) for other in case.good) / len(case.good)
        if share < _MAJORITY:
            path, reason, kind = _difference(case, act)
            cause = CauseClass.ARGUMENTS if kind is Kind.ARGUMENT else CauseClass.WORKFLOW
            shown = [_evidence(case, act, path)]
            yield clue(act.step, weight * (1 - share), reason, cause, shown, kind)
            weight *= _DECAY


def clarity(case: Inquiry) -> float:
    """How clear the pattern is: 1 where outcomes are known, else the share of runs that make the same changes."""
    if case.good_known:
        return 1.0
    if all(case.same_instance(other) for other in case.good):
        largest = Counter(change_set(other) for other in case.good).most_common(1)[0][1]
    else:
        largest = Counter(_tools(other) for other in case.good).most_common(1)[0][1]
    return largest / len(case.good) if largest > 1 else _NO_PATTERN


def _tools(reading: Reading) -> frozenset[str]:
    return frozenset(act.tool for act in changes_of(reading))


def _makes(case: Inquiry, other: Reading, act: Act) -> bool:
    loosely = not case.same_instance(other)
    return any(candidate.tool == act.tool and (loosely or _same(candidate, act)) for candidate in other.acts)


def _has_made(case: Inquiry, other: Reading, act: Act) -> bool:
    """Did this run make the change that another run made?"""
    loosely = not case.same_instance(other)
    return any(ours.tool == act.tool and (loosely or _same(ours, act)) for ours in case.reading.acts)


def _same(one: Act, other: Act) -> bool:
    return change_key(one) == change_key(other)


def _difference(case: Inquiry, act: Act) -> tuple[str | None, str, Kind]:
    """How a change differs from the good runs' call that answers it; a call that another change answers better is not
    its counterpart."""
    runs = [reading for reading in case.good if case.same_instance(reading)]
    candidates = [other for reading in runs for other in reading.acts if other.tool == act.tool]
    if not candidates:
        return None, f"no alike run that went well calls {act.tool}", Kind.EXTRA_CHANGE
    nearest = _counterpart(act, [own for own in changes_of(case.reading) if own.tool == act.tool], candidates)
    if nearest is None:
        return None, f"alike runs that went well do not call {act.tool} once more so", Kind.EXTRA_CHANGE
    for path, ours, theirs in changed_paths(act.arguments, nearest.arguments, "arguments"):
        told, usual = (" ".join(as_text(value).split())[:60] if value is not None else None for value in (ours, theirs))
        return path, f"{path} is {told or 'absent'}; alike runs that went well have {usual or 'none'}", Kind.ARGUMENT
    return None, f"most alike runs that went well do not call {act.tool} so", Kind.EXTRA_CHANGE


def _counterpart(act: Act, changes: Sequence[Act], candidates: Sequence[Act]) -> Act | None:
    """The nearest of the good runs' calls that no other change of this run is nearer to."""
    for other in sorted(candidates, key=lambda other: _apart(act, other)):
        apart = _apart(act, other)
        if all(rival is act or apart <= _apart(rival, other) for rival in changes):
            return other
    return None


def _apart(one: Act, other: Act) -> int:
    """In how many arguments two calls differ."""
    return sum(1 for _ in changed_paths(one.arguments, other.arguments, "arguments"))


def _evidence(case: Inquiry, act: Act, path: str | None) -> Evidence | None:
    step = case.reading.view(act.step).step
    value = value_at(act.arguments, (path or "").removeprefix("arguments").lstrip("."))
    return quote(step, as_text(value), path or "arguments") or quote(step, act.tool, "tool")


def _omissions(case: Inquiry) -> Iterator[Clue]:
    """Changes that most good runs make: charged to the last decision that speaks, where the run let them go."""
    missing: dict[str, float] = {}
    for reading in case.good:
        for act in changes_of(reading):
            share = sum(_makes(case, other, act) for other in case.good) / len(case.good)
            if share > _MAJORITY and not _has_made(case, reading, act):
                missing[act.tool] = max(share, missing.get(act.tool, 0.0))
    final = case.reading.final
    if missing and final is not None:
        yield clue(
            final.index,
            _OMITTED * clarity(case) * max(missing.values()),
            f"alike runs that went well make a change by {', '.join(sorted(missing))} that this run ends without",
            CauseClass.WORKFLOW,
            [quote(final.step, final.text.strip()[:140], "outputs")],
            Kind.MISSING_CHANGE,
        )
