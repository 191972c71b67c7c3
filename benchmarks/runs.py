"""Cases as traces, by the product's own road: messages format, then assembly."""

from __future__ import annotations

from dataclasses import replace

from datasets import Case
from retrospan.ingest.formats.messages import conversation_spans
from retrospan.model.reading.assembly import assemble
from retrospan.model.traces import Outcome, Trace, TraceFacts


def trace_of(case: Case, *, strip: bool = False) -> Trace:
    """The run as the store would hand it out; `strip` leaves out task, outcome and version."""
    spans = conversation_spans(case.id, case.record["messages"])
    facts = TraceFacts(case.id)
    if not strip:
        facts = replace(
            facts,
            task=case.record.get("task"),
            version=case.record.get("version"),
            outcome=Outcome(case.outcome) if case.outcome else None,
        )
    return assemble(spans, facts)
