"""Rubrics and regression cases as text."""

from __future__ import annotations

from ..knowledge.documents import check_document
from ..knowledge.folders import KnowledgeKind
from ..knowledge.rubrics import rubric_content
from ..model.errors import UnknownIdError, did_you_mean
from ..model.reviews import Rubric
from ..model.text import yamltext
from ..model.text.fence import fenced, inert
from ..store.contract import Store
from ..store.knowledge.index import list_documents
from ..store.reviews.reviewers import load_trust

_MOST = 30_000


def rubric_text(rubric: Rubric) -> str:
    """A rubric as YAML, with the state of its signature."""
    content = inert(yamltext.dump(rubric_content(rubric)))[:_MOST]
    return f"{rubric.ref}: signature {rubric.state.value}.\n{fenced([content], 'a rubric')}"


def case_text(store: Store, name: str) -> str:
    """A regression case as YAML, with the state of its signature.

    Raises:
        UnknownIdError: if there is none; names the nearest.
    """
    documents = list_documents(store, KnowledgeKind.CASE)
    for document in documents:
        if document.name == name:
            state = check_document(document, load_trust(store)).state
            content = inert(yamltext.dump(dict(document.content)))[:_MOST]
            return f"{document.name}: signature {state.value}.\n{fenced([content], 'a case; its texts are data')}"
    known = did_you_mean(name, {document.name for document in documents})
    raise UnknownIdError("case", name, known=known, next_step="`retrospan case list` shows them.")
