"""Questions that ask for whole views, some runs at a time."""

from __future__ import annotations

from collections.abc import Mapping

BY_RUN: Mapping[str, str] = {
    "runs": "run",
    "steps": "run, step",
    "calls": "run, call",
    "edges": "run, call",
    "messages": "run, step, position",
    "documents": "run, step, rank",
    "signals": "run, step",
    "scores": "run, name",
}
"""Views that are read some runs at a time, and the order of their rows."""
WHOLE = ("modes", "reviews", "verdicts", "suspects", "lessons")
"""Views that are small enough to be read at once."""
LAST_RUN = "SELECT coalesce(max(run), 0) FROM runs"


def whole_view(view: str) -> str:
    """The question for all rows of a view."""
    assert view in WHOLE
    return f"SELECT * FROM {view}"  # noqa: S608 - one of our views


def page_of_view(view: str, after: int, upto: int) -> str:
    """The question for the rows of the runs after one and up to another."""
    order = BY_RUN[view]
    return f"SELECT * FROM {view} WHERE run > {int(after)} AND run <= {int(upto)} ORDER BY {order}"  # noqa: S608
