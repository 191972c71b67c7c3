"""Which cases guard what: all, one by its id, those of a lesson, those of a failure mode."""

from __future__ import annotations

from collections.abc import Iterator

from ...knowledge.folders import KnowledgeKind
from ...model.cases import Case, parse_case
from ...model.errors import BadInputError
from ...model.text import yamltext
from ...store.contract import Store
from ...store.experiments.production import trace_of_key
from ...store.experiments.runs import cases_run
from ...store.findings.modes import modes_of
from ...store.knowledge.index import list_documents
from ...store.knowledge.lookup import list_lessons
from .standing import CaseStanding, case_standings


def guards_of(store: Store, of: str = "") -> list[CaseStanding]:
    """Where the cases stand that guard something.

    Args:
        store: Where; its knowledge folders as they were indexed last.
        of: Id of a case or lesson, or a mode (`M3`); empty for every case that is known or was ever run.
    """
    cases = {case.id: case for case in _known(store)}
    origins = {name: cases[name].provenance.trace if name in cases else None for name in (*cases, *cases_run(store))}
    return case_standings(
        store, {name: origin for name, origin in origins.items() if not of or _fits(store, of, name, cases)}
    )


def _fits(store: Store, of: str, name: str, cases: dict[str, Case]) -> bool:
    if name == of:
        return True
    case = cases.get(name)
    lesson = next((entry for entry in list_lessons(store) if entry.id == of), None)
    if lesson is not None:
        return lesson.case == name or (case is not None and case.provenance.lesson == of)
    if case is None or case.provenance.trace is None or not (of[:1] in "mM" and of[1:].isdigit()):
        return False
    with store.read() as con:
        found = trace_of_key(con, case.provenance.trace)
        return found is not None and int(of[1:]) in modes_of(con, [found[0]]).get(found[0], ())


def _known(store: Store) -> Iterator[Case]:
    for document in list_documents(store, KnowledgeKind.CASE):
        try:
            yield parse_case(yamltext.dump(dict(document.content)), source=document.name)
        except BadInputError:
            continue
