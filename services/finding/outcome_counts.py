"""Outcomes by task or version: which never went well, which sometimes do, and how sure that is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ...analysis.statistics import Interval, wilson
from ...model.query import parse_query
from ...model.reading.field_names import FIELDS
from ...model.traces import Outcome
from ...store.contract import Store
from ...store.reviews.outcomes import verdict_labels
from ...store.search.outcome_counts import EndedRun, GroupedBy, asked_of, ended_runs
from ...store.traces.revisions import refresh
from .attributes import AttributeView, attributes_for


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """How the runs under one name ended."""

    value: str | None
    """Trace text; None for the runs that name none."""
    passed: int
    failed: int
    unknown: int
    example: int
    """One of them: the newest that failed, else the newest."""
    asked: str = ""
    """For a task that no run declares, how the example begins. Trace text."""

    @property
    def short_id(self) -> str:
        return f"T{self.example}"

    @property
    def runs(self) -> int:
        return self.passed + self.failed + self.unknown

    @property
    def judged(self) -> int:
        """Runs whose outcome somebody said."""
        return self.passed + self.failed

    @property
    def pass_rate(self) -> Interval | None:
        """Among the judged runs; None where there is none."""
        return wilson(self.passed, self.judged) if self.judged else None

    @property
    def never_passed(self) -> bool:
        return self.failed > 0 and self.passed == 0


@dataclass(frozen=True, slots=True)
class OutcomeCounts:
    """The rows of one question."""

    by: GroupedBy
    rows: tuple[OutcomeRow, ...]
    """Never passed first, then by pass rate, more judged runs first; those without a judged run last."""
    seem_to_hold: tuple[tuple[str, AttributeView], ...] = ()
    """Where no run names an outcome, or what is counted by: that field, and an attribute that seems to hold it."""

    @property
    def runs(self) -> int:
        return sum(row.runs for row in self.rows)

    @property
    def judged(self) -> int:
        return sum(row.judged for row in self.rows)

    @property
    def never_passed(self) -> int:
        """Names of which at least one run failed and none passed."""
        return sum(row.never_passed for row in self.rows)


def count_outcomes(store: Store, line: str = "", *, by: GroupedBy) -> OutcomeCounts:
    """Count how the runs that a search line finds ended, by task, version or another name.

    Raises:
        QueryError: if the line cannot be read.
    """
    query = parse_query(line)
    refresh(store)
    groups: dict[str | None, list[EndedRun]] = defaultdict(list)
    for run in ended_runs(store, query, by, verdict_labels(store)):
        groups[run.value].append(run)
    rows = sorted((_row(value, runs) for value, runs in groups.items()), key=_order)
    asked = asked_of(store, [row.example for row in rows]) if by == "task" else {}
    told = tuple(replace(row, asked=asked.get(row.example, "")) for row in rows)
    return OutcomeCounts(by, told, tuple(_seem_to_hold(store, by, rows)))


def _seem_to_hold(store: Store, by: GroupedBy, rows: Sequence[OutcomeRow]) -> Iterator[tuple[str, AttributeView]]:
    missing = [] if any(row.judged for row in rows) else ["outcome"]
    missing += [by] if by in FIELDS and all(row.value is None for row in rows) else []
    for field in missing if rows else ():
        yield from ((field, view) for view in attributes_for(store, field))


def _row(value: str | None, runs: list[EndedRun]) -> OutcomeRow:
    counted = Counter(run.outcome for run in runs)
    example = max(runs, key=lambda run: (run.outcome is Outcome.FAIL, run.trace_id))
    return OutcomeRow(value, counted[Outcome.PASS], counted[Outcome.FAIL], counted[Outcome.UNKNOWN], example.trace_id)


def _order(row: OutcomeRow) -> tuple[float, int, int, str]:
    rate = row.passed / row.judged if row.judged else 2.0
    return (rate, -row.judged, -row.runs, row.value or "")
