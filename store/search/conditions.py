"""What a search line asks of a trace, as a condition in SQL; values never stand in its text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model.query import NUMBER_FIELDS, TIME_FIELDS, Filter, Query, Term
from ..contract import FullText
from .attribute_filters import BY_ATTRIBUTE, by_text

COLUMNS = {
    "outcome": "t.outcome",
    "project": "t.project",
    "version": "t.version",
    "session": "t.session",
    "user": "t.user",
    "task": "t.task",
    "environment": "t.environment",
    "prompt": "t.prompt_fingerprint",
    "cost": "t.cost_usd",
    "duration": "t.duration_ms",
    "steps": "t.step_count",
    "tokens": "(t.input_tokens + t.output_tokens)",
    "since": "coalesce(t.started_at, t.arrived_at)",
    "until": "coalesce(t.started_at, t.arrived_at)",
}
"""By the field of a search line, of the table `trace t`."""
NAME_LISTS = {"agent": "t.agents", "model": "t.models", "tool": "t.tools", "tag": "t.tags"}
"""Fields whose column holds a text of names, with a newline before and after each."""


class Condition:
    """A condition on `trace t`, and the values bound in it by name."""

    def __init__(self, text: FullText, query: Query, verdicts: Mapping[int, str]) -> None:
        """Build the condition that a trace holds every term and filter of `query`.

        Args:
            text: The store's, for the words.
            query: The parsed line.
            verdicts: Confirmed verdict label by trace.
        """
        self.values: dict[str, Any] = {}
        self._text = text
        self._verdicts = verdicts
        parts = [self._term(term) for term in query.terms] + [self._filter(part) for part in query.filters]
        self.sql = " AND ".join(parts) or "1 = 1"

    def bind(self, value: object) -> str:
        """The name of a value that is bound from now on."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return name

    def _term(self, term: Term) -> str:
        found = self._text.matches(self.bind(self._text.phrase(term.text)))
        inside = f"SELECT o.trace_id FROM ({found}) m JOIN occurrence o ON o.body_id = m.body_id"  # noqa: S608
        return f"t.id {'NOT ' if term.negated else ''}IN ({inside})"

    def _filter(self, part: Filter) -> str:
        sql = self._positive(part)
        return f"({sql}) IS NOT TRUE" if part.negated else sql

    def _positive(self, part: Filter) -> str:
        if part.field in NAME_LISTS:
            # Not LIKE, in which signs of the name would be wildcards.
            column = f"lower({NAME_LISTS[part.field]})"
            return f"replace({column}, lower(:{self.bind(_as_line(part.value))}), '') <> {column}"
        if part.field in TIME_FIELDS + NUMBER_FIELDS:
            return f"{COLUMNS[part.field]} {part.op} :{self.bind(part.value)}"
        if part.field == "outcome" and self._verdicts:
            return self._outcome(str(part.value))
        if part.field in COLUMNS:
            return by_text(COLUMNS[part.field], str(part.value), self.bind)
        if part.field in BY_ATTRIBUTE:
            return BY_ATTRIBUTE[part.field](str(part.value), self.bind)
        if part.field == "status":
            return self._status(str(part.value))
        if part.field == "kind":
            return f"EXISTS (SELECT 1 FROM span s WHERE s.trace_id = t.id AND s.kind = :{self.bind(part.value)})"  # noqa: S608
        if part.field == "signal":
            return f"t.id IN (SELECT trace_id FROM signal WHERE signal = :{self.bind(part.value)})"  # noqa: S608
        if part.field == "mode":
            return self._mode(str(part.value).lower())
        return self._verdict(str(part.value))

    def _mode(self, value: str) -> str:
        """Runs of one failure mode, of any, or of none; what was observed as good is no failure."""
        if value in ("any", "none"):
            members = "SELECT x.trace_id FROM mode_member x JOIN failure_mode m ON m.id = x.mode_id AND m.failure = 1"
            return f"t.id {'NOT ' if value == 'none' else ''}IN ({members})"
        return f"t.id IN (SELECT trace_id FROM mode_member WHERE mode_id = :{self.bind(int(value.removeprefix('m')))})"  # noqa: S608

    def _status(self, value: str) -> str:
        """A trace counts as in error where it or any of its spans ended in one: most failures finish with status OK."""
        if value != "error":
            return f"t.status = :{self.bind(value)}"
        failed = "SELECT id FROM trace WHERE status = 'error' UNION SELECT trace_id FROM span WHERE status = 'error'"
        return f"t.id IN ({failed})"

    def _outcome(self, value: str) -> str:
        """A confirmed pass or fail is the outcome of its trace, whatever the column says."""
        told = [trace_id for trace_id, label in self._verdicts.items() if label in ("pass", "fail")]
        like = self.bind([trace_id for trace_id in told if self._verdicts[trace_id] == value])
        return f"(t.id IN :{like} OR (t.outcome = :{self.bind(value)} AND t.id NOT IN :{self.bind(told)}))"

    def _verdict(self, value: str) -> str:
        if value == "none":
            return f"t.id NOT IN :{self.bind(list(self._verdicts))}"
        return f"t.id IN :{self.bind([trace_id for trace_id, label in self._verdicts.items() if label == value])}"


def _as_line(name: object) -> str:
    return f"\n{name}\n"
