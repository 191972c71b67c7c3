"""Statements and arguments whose values nothing before them holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ...model.findings import CauseClass, Evidence
from ...model.traces import Step
from ..provenance import Use
from ..texts.quotes import around, quote
from .clue import Clue, Kind, clue
from .inquiry import Inquiry

_MOST = 3


def clues(case: Inquiry) -> Iterator[Clue]:
    """One clue per decision that invents values: the more, and the more consequential, the heavier.

    Only the step where a value first appears is charged; later uses carry it.
    """
    if not case.reading.results and not case.reading.acts:
        return
    by_step: dict[int, list[Use]] = defaultdict(list)
    seen: set[tuple[str, str]] = set()
    for use in case.uses:
        if not use.grounded and use.value.key not in seen:
            seen.add(use.value.key)
            by_step[use.step].append(use)
    for step, uses in by_step.items():
        heavy = any(use.consequential for use in uses)
        score = 0.35 + 0.1 * min(len(uses), 4) + 0.25 * heavy
        told = ", ".join(use.value.text for use in uses[:_MOST])
        more = f" and {len(uses) - _MOST} more" if len(uses) > _MOST else ""
        view = case.reading.view(step)
        yield clue(
            step,
            score,
            f"{told}{more} stands in no earlier message, result or document",
            CauseClass.ARGUMENTS if uses[0].tool else CauseClass.REASONING,
            [_evidence(view.step, view.text, use) for use in uses[:_MOST]],
            Kind.UNSOURCED,
        )


def _evidence(step: Step, text: str, use: Use) -> Evidence | None:
    if use.tool:
        return quote(step, use.value.text, "arguments")
    return around(step, text, use.value.start, use.value.end, "outputs")
