"""Open the case of a run: everything that is known of it, in one value."""

from __future__ import annotations

from ...analysis.case_file.build import case_file
from ...analysis.case_file.model import CaseFile
from ...analysis.evidence.inquiry import inquire
from ...store.contract import Store
from ...store.reading.summaries import get_trace
from .analysing import signals_of
from .confirmed_causes import causes_of_alike
from .siblings import read_siblings
from .weights import weighted_sources


def open_case(store: Store, trace_id: int) -> CaseFile:
    """The case file of a run, computed now from its newest revision and its siblings.

    Raises:
        UnknownIdError: if there is no such trace.

    Cost: one reading of the run and of at most twelve siblings, and one alignment.
    """
    signals = signals_of(store, [trace_id])[trace_id]
    trace = get_trace(store, trace_id)
    siblings, _ = read_siblings(store, trace.summary)
    case = inquire(trace, signals, [get_trace(store, s.id) for s in siblings])
    confirmed = causes_of_alike(store, trace.summary, [s.id for s in siblings])
    return case_file(case, confirmed, sources=weighted_sources(store, trace.summary.project))
