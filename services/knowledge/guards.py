"""The regression cases that guard lessons, with the status that counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...knowledge.documents import check_document
from ...knowledge.folders import KnowledgeKind
from ...model.cases import CaseStatus
from ...model.reviews import SignatureState
from ...store.contract import Store
from ...store.knowledge.index import list_documents
from ...store.knowledge.lookup import known_lessons


@dataclass(frozen=True, slots=True)
class Guard:
    """A regression case that guards a lesson."""

    case: str
    status: CaseStatus | None
    """None where its file is not at hand; without a valid signature a case is a draft."""

    @property
    def runs(self) -> bool:
        return self.status in (CaseStatus.ACTIVE, CaseStatus.FLAKY)


def guards_of(store: Store, cases: Sequence[str]) -> list[Guard]:
    """The cases by id with the status that counts."""
    names = list(dict.fromkeys(cases))
    trust = known_lessons(store).trust
    found: dict[str, CaseStatus] = {}
    for document in list_documents(store, KnowledgeKind.CASE, names) if names else []:
        signed = check_document(document, trust).state is SignatureState.VALID
        stated = str(document.content.get("status", CaseStatus.DRAFT.value))
        status = CaseStatus(stated) if signed and stated in set(CaseStatus) else CaseStatus.DRAFT
        if found.get(document.name, CaseStatus.DRAFT) is CaseStatus.DRAFT:
            found[document.name] = status
    return [Guard(name, found.get(name)) for name in names]
