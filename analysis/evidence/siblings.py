"""Against alike runs that went well: which calls and values only this run has, and what it left out."""

from __future__ import annotations

from collections.abc import Iterator

from ...store.findings import CauseClass, Evidence
from ...store.jsontext import as_text
from ..effects import Effect
from ..quotes import quote
from ..reading import Act, Reading
from ..shapes import changed_paths, normal
from .case import CaseFile
from .clue import Clue, clue

_DECAY = 0.9


def clues(case: CaseFile) -> Iterator[Clue]:
    """Changing calls that no good run made, with the argument that differs; then changes that all good runs made."""
    if not case.good:
        return
    weight = 1.0
    for act in case.reading.acts:
        if act.effect is not Effect.WRITE:
            continue
        share = sum(_made(other, act) for other in case.good) / len(case.good)
        if share >= 0.5:
            continue
        path, reason, cause = _difference(case, act)
        yield clue(act.step, weight * (1 - share), reason, cause, [_evidence(case, act, path)])
        weight *= _DECAY
    yield from _omissions(case)


def _made(other: Reading, act: Act) -> bool:
    return any(
        candidate.tool == act.tool and not list(changed_paths(act.arguments, candidate.arguments, ""))
        for candidate in other.acts
    )


def _difference(case: CaseFile, act: Act) -> tuple[str | None, str, CauseClass]:
    candidates = [other for reading in case.good for other in reading.acts if other.tool == act.tool]
    if not candidates:
        return None, f"no alike run that went well calls {act.tool}", CauseClass.WORKFLOW
    nearest = min(candidates, key=lambda other: len(list(changed_paths(act.arguments, other.arguments, "arguments"))))
    for path, ours, theirs in changed_paths(act.arguments, nearest.arguments, "arguments"):
        told, usual = normal(as_text(ours))[:60], normal(as_text(theirs))[:60]
        return path, f"{path} is {told}; alike runs that went well have {usual}", CauseClass.ARGUMENTS
    return None, f"{act.tool} is called as in alike runs", CauseClass.UNDETERMINED


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
    """A change that every good run makes and this one does not: charged to the last decision that says something."""
    ours = {act.tool for act in case.reading.acts if act.effect is Effect.WRITE}
    usual = set.intersection(*({act.tool for act in other.acts if act.effect is Effect.WRITE} for other in case.good))
    missing = sorted(usual - ours)
    final = case.reading.final
    if missing and final is not None:
        yield clue(
            final.index,
            0.6,
            f"every alike run that went well calls {', '.join(missing)}; this one ends without",
            CauseClass.WORKFLOW,
            [quote(final.step, final.text.strip()[:140], "outputs")],
        )
