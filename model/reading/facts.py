"""What was said of a run beside its spans: merged over time, kept on the trace's row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..traces import JsonValue, Outcome, OutcomeSource, TraceFacts

_FIELDS = ("project", "task", "version", "session", "user", "environment")


def merge_facts(old: TraceFacts, new: TraceFacts) -> TraceFacts:
    """The later word wins where it says something, except over a mark; tags and metadata add up."""
    kept = frozenset(old.marked) - frozenset(new.marked)
    said = {name: (None if name in kept else getattr(new, name)) or getattr(old, name) for name in _FIELDS}
    outcome_from = new if new.outcome is not None and "outcome" not in kept else old
    return replace(
        old,
        **said,
        outcome=outcome_from.outcome,
        outcome_source=outcome_from.outcome_source,
        tags=tuple(dict.fromkeys((*old.tags, *new.tags))),
        metadata={**(old.metadata or {}), **(new.metadata or {})} or None,
        marked=tuple(dict.fromkeys((*old.marked, *new.marked))),
    )


def facts_record(facts: TraceFacts) -> dict[str, Any]:
    """The stored form; annotations have a table of their own."""
    record = {name: getattr(facts, name) for name in _FIELDS}
    record["outcome"] = facts.outcome.value if facts.outcome else None
    record["outcome_source"] = facts.outcome_source.value
    record["tags"] = list(facts.tags)
    record["marked"] = list(facts.marked)
    record["metadata"] = dict(facts.metadata) if facts.metadata else None
    return {key: value for key, value in record.items() if value}


def facts_from_record(trace_key: str, record: JsonValue) -> TraceFacts:
    """The facts of a stored record."""
    assert isinstance(record, dict)
    values: dict[str, Any] = dict(record)
    outcome = values.pop("outcome", None)
    return TraceFacts(
        trace_key,
        outcome=Outcome(outcome) if outcome else None,
        outcome_source=OutcomeSource(values.pop("outcome_source", OutcomeSource.FIELD)),
        tags=tuple(values.pop("tags", ())),
        marked=tuple(values.pop("marked", ())),
        **values,
    )
