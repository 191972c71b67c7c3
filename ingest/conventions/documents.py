"""Retrieved passages in the shapes that retrievers give them, as `Document`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...model.traces import Document, JsonValue
from .parts import result_text
from .values import first, number_of, read_json, text_of

_HOLDERS = ("documents", "results", "matches", "hits", "nodes", "source_nodes", "passages", "chunks", "data", "output")
_TEXT = ("content", "page_content", "text", "pageContent", "passage", "snippet", "chunk", "body", "document")
_SCORE = ("score", "relevance_score", "similarity", "relevance", "rerank_score", "distance")
_ID = ("id", "document_id", "doc_id", "node_id", "id_", "chunk_id", "uri", "url", "source")
_MAX_DEPTH = 4


def read_documents(value: JsonValue, depth: int = 0) -> tuple[Document, ...]:
    """The documents of a list of them, of an object that holds one, or of JSON text; empty where there are none.

    >>> read_documents('[{"page_content": "30 days", "id": "returns"}]')[0].id
    'returns'
    """
    value = read_json(value)
    if isinstance(value, dict) and depth < _MAX_DEPTH:
        for key in _HOLDERS:
            if isinstance(value.get(key), list | dict) and (found := read_documents(value[key], depth + 1)):
                return found
        one = _document(value)
        return (one,) if one else ()
    if isinstance(value, list):
        return tuple(made for item in value if (made := _document(read_json(item))))
    return ()


def with_listed_ids(flat: tuple[Document, ...], listed: tuple[Document, ...]) -> tuple[Document, ...]:
    """Documents told twice, as flattened attributes and in an output, as one; LangChain names ids in the output only.

    Args:
        flat: With scores where there are any; kept where the two differ in number.
        listed: As `read_documents` finds them in the output.
    """
    if len(flat) != len(listed):
        return flat or listed
    return tuple(
        replace(one, id=other.id) if other.id and one.content == other.content and not _has_own_id(one) else one
        for one, other in zip(flat, listed, strict=True)
    )


def _has_own_id(document: Document) -> bool:
    """Whether the id is more than a source that the metadata names."""
    metadata = document.metadata
    return document.id is not None and not (isinstance(metadata, dict) and document.id in metadata.values())


def _document(item: JsonValue) -> Document | None:
    if isinstance(item, list) and len(item) == 2 and isinstance(item[0], dict) and number_of(item[1]) is not None:
        made = _document(item[0])  # LangChain's similarity_search_with_score: (document, score)
        return Document(made.content, made.id, number_of(item[1]), made.metadata) if made else None
    if isinstance(item, str):
        return Document(item) if item else None
    if not isinstance(item, dict):
        return None
    outer: dict[str, Any] = item
    for key in ("document", "kwargs", "node"):
        if isinstance(inner := outer.get(key), dict):
            item = {**{name: value for name, value in outer.items() if name != key}, **inner}
    text, identity = first(item, *_TEXT), text_of(first(item, *_ID))
    metadata = read_json(first(item, "metadata", "meta", "payload"))
    if text is None and isinstance(metadata, dict):
        text = first(metadata, *_TEXT)
    score = number_of(first(item, *_SCORE))
    if text is None and (identity is None or (score is None and len(item) > 2)):
        return None
    if isinstance(metadata, dict):
        identity = identity or text_of(first(metadata, *_ID))
        score = score if score is not None else number_of(first(metadata, *_SCORE))
    content = text if isinstance(text, str) else result_text(text) if text is not None else ""
    return Document(content, identity, score, metadata or None)
