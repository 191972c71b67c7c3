"""How the nearest run that went well differs, and how many of the good runs are like it there."""

from __future__ import annotations

from ...model.findings import Difference
from ...model.text.jsontext import as_text
from ..alignment import diff_traces
from ..evidence.changes import call_key, change_key, change_set
from ..evidence.inquiry import Inquiry
from ..reading import Reading
from ..shapes import normal, value_at
from .model import Contrast, Nearest

_MOST = 4
_LEAST_WEIGHT = 0.3
"""Results and wording follow from what was done; looked-up values and acts do not."""


def nearest_good(case: Inquiry) -> Nearest | None:
    """The good run of the very same request whose changes are most like this one's; None where there is none.

    Cost: one alignment.
    """
    good = [other for other in case.good if case.same_instance(other)]
    if not good:
        return None
    own = change_set(case.reading)
    length = len(case.reading.views)
    best = min(good, key=lambda other: (len(own ^ change_set(other)), abs(len(other.views) - length)))
    found = diff_traces(case.reading.trace, best.trace).differences
    chosen = [item for item in found if item.weight >= _LEAST_WEIGHT][:_MOST]
    contrasts = tuple(_contrast(case, best, good, item) for item in chosen)
    return Nearest(best.trace.summary, len(good), contrasts)


def _contrast(case: Inquiry, best: Reading, good: list[Reading], item: Difference) -> Contrast:
    side, index = (case.reading, item.left) if item.left is not None else (best, item.right or 0)
    step = side.view(index if index is not None else 0).step
    tool = step.tool or ""
    return Contrast(
        item.kind,
        tool,
        _asked(case.reading, item.left),
        _asked(best, item.right),
        item.path,
        item.before,
        item.after,
        sum(_is_like(other, tool, item) for other in good) if item.kind in _COUNTED else None,
    )


_COUNTED = ("arguments", "only_left", "only_right")


def _asked(reading: Reading, index: int | None) -> int | None:
    """The decision behind a tool step, which is what people name."""
    return next((act.step for act in reading.acts if act.done == index and index is not None), index)


def _is_like(other: Reading, tool: str, item: Difference) -> bool:
    """Is this good run like the nearest one at this difference?"""
    calls = [act for act in other.acts if act.tool == tool]
    if item.kind != "arguments":
        alone = call_key(tool, item.before if item.kind == "only_left" else item.after)
        return any(change_key(act) == alone for act in calls) is (item.kind == "only_right")
    path = (item.path or "").removeprefix("arguments").lstrip(".")
    return any(normal(as_text(value_at(act.arguments, path))) == normal(as_text(item.after)) for act in calls)
