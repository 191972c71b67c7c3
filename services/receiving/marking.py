"""Say in bulk what is known of runs: their outcome, task or version. Unsigned evidence, never a verdict."""

from __future__ import annotations

from dataclasses import dataclass

from ...model.errors import UsageError
from ...model.text.secrets import without_secrets
from ...model.traces import Outcome, OutcomeSource, SpanBatch, TraceFacts, TraceSummary
from ...store.contract import Store
from ...store.traces.commit import commit_batch
from ..finding.listing import list_traces

_ALL = 1_000_000
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Marked:
    """What a marking found and changed."""

    found: int
    changed: int
    sample: tuple[TraceSummary, ...]
    """Some of the traces found, newest first."""


def mark_traces(
    store: Store,
    query: str,
    *,
    outcome: Outcome | None = None,
    task: str | None = None,
    version: str | None = None,
    dry_run: bool = False,
) -> Marked:
    """Set outcome, task or version of every trace that a search line finds.

    Args:
        store: Where.
        query: The search line; it must not be empty. Its words must stand in the runs: runs that are only alike in
            meaning are not marked.
        outcome: Pass or fail; shown with the source `mark`, weaker than an evaluation, stronger than what was imported.
        task: What the runs were to do; makes them siblings of each other.
        version: The application's version.
        dry_run: Only say what would change.

    Raises:
        UsageError: if nothing is to be set, or the query is empty.
        QueryError: if the query cannot be read.
    """
    if outcome is None and task is None and version is None:
        raise UsageError("Nothing to set. Give --outcome, --task or --version.")
    if not query.strip():
        raise UsageError("An empty query would mark every trace. Name some, for example 'since:1d agent:desk'.")
    task, version = (None if text is None else without_secrets(text) for text in (task, version))
    found = list_traces(store, query, limit=_ALL, by_meaning=False).traces
    if dry_run:
        return Marked(len(found), 0, found[:5])
    changed = 0
    for start in range(0, len(found), _BATCH):
        facts = [_facts(trace, outcome, task, version) for trace in found[start : start + _BATCH]]
        changed += len(commit_batch(store, SpanBatch([], facts)).changed_trace_ids)
    return Marked(len(found), changed, found[:5])


def _facts(trace: TraceSummary, outcome: Outcome | None, task: str | None, version: str | None) -> TraceFacts:
    said = {"outcome": outcome, "task": task, "version": version}
    return TraceFacts(
        trace.external_id,
        project=trace.project,
        task=task,
        version=version,
        outcome=outcome,
        outcome_source=OutcomeSource.MARK,
        marked=tuple(name for name, value in said.items() if value is not None),
    )
