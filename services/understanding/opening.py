"""Open the case of a run: everything that is known of it, in one value."""

from __future__ import annotations

from ...analysis.case_file.build import case_file
from ...analysis.case_file.model import CaseFile
from ...analysis.evidence.inquiry import inquire
from ...model.conversations import said_before
from ...store.contract import Store
from .confirmed_causes import causes_of_alike
from .desk import lay_out
from .weights import weighted_sources


def open_case(store: Store, trace_id: int) -> CaseFile:
    """The case file of a run, computed now from its newest revision and its siblings.

    Raises:
        UnknownIdError: if there is no such trace.

    Cost: one reading of the run and of at most twelve siblings, and one alignment.
    """
    found = lay_out(store, trace_id)
    trace, alike = found.read(store)
    case = inquire(trace, found.signals, alike, said_before(found.earlier))
    confirmed = causes_of_alike(store, found.summary, [sibling.id for sibling in found.siblings])
    return case_file(case, confirmed, sources=weighted_sources(store, found.summary.project))
