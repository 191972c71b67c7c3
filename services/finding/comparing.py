"""Compare two groups of runs by search line, version, window or failure signal."""

from __future__ import annotations

from dataclasses import dataclass

from ...analysis.comparison import GroupComparison, Run, compare_groups
from ...model.errors import NothingFoundError, UsageError
from ...model.query import FIELDS
from ...model.text.display import safe_line
from ...store.contract import Store
from ...store.reading.summaries import get_summaries
from ...store.search.lines import field_values
from ...store.traces.revisions import trace_rows
from ..understanding.analysing import signals_of
from .listing import list_traces

_ALL = 100_000
_LONGEST = 60
"""Characters of a version in an error."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Two groups, by the search lines that name them."""

    left: str
    right: str
    comparison: GroupComparison


def compare_runs(store: Store, left: str, right: str, *, within: str = "") -> Compared:
    """Compare the runs that two search lines find.

    Args:
        store: Where.
        left: A search line, or a bare version: `v3` is `version:v3`.
        right: The same for the other side.
        within: A search line that both sides must hold, for example `project:shop since:7d`.

    Raises:
        UsageError: if a side is empty, or both name the same runs.
        QueryError: if a line cannot be read.
    """
    sides = [_line(left), _line(right)]
    if sides[0] == sides[1]:
        raise UsageError(f"Both sides are {left!r}. Name two versions, or two search lines.")
    groups = [_runs(store, f"{side} {within}".strip()) for side in sides]
    for side, runs in zip(sides, groups, strict=True):
        if not runs:
            raise NothingFoundError(f"No run matches {side!r}. Name a version, or a search line.", _held(store))
    return Compared(sides[0], sides[1], compare_groups(groups[0], groups[1]))


def _held(store: Store) -> list[str]:
    versions = [safe_line(version, _LONGEST) for version in known_versions(store)]
    return [f"versions: {', '.join(versions) or 'none'}"]


def _line(side: str) -> str:
    """A bare word is a version; anything with a known field or several words is a search line."""
    named = side.partition(":")[0].lstrip("-").lower() in FIELDS and ":" in side
    return side if named or " " in side.strip() or '"' in side else f'version:"{side.strip()}"'


def _runs(store: Store, line: str) -> list[Run]:
    found = [trace.id for trace in list_traces(store, line, limit=_ALL, by_meaning=False).traces]
    signals = signals_of(store, found)
    with store.read() as con:
        rows = {row["id"]: row for row in trace_rows(con, found)}
    return [
        Run(
            summary,
            frozenset(signal.signal for signal in signals[summary.id] if signal.failure),
            tuple((rows[summary.id]["tools"] or "").strip("\n").split("\n")) if rows[summary.id]["tools"] else (),
            rows[summary.id]["prompt_fingerprint"],
            rows[summary.id]["tools_fingerprint"],
        )
        for summary in get_summaries(store, found)
    ]


def known_versions(store: Store) -> list[str]:
    """The versions that most runs name, at most 8."""
    return field_values(store, "version")
