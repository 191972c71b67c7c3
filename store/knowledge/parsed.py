"""Knowledge files as they were parsed, kept beside their text: YAML takes milliseconds a file, JSON microseconds.

What is kept is worth no more than the text: a signature covers the parsed content and is checked over it, each time.
"""

from __future__ import annotations

from typing import cast

import orjson

from ...knowledge.documents import Document, parse_document, text_sha256
from ...knowledge.folders import KnowledgeKind
from ...model.errors import BadInputError
from ...model.traces import JsonValue
from ...trust.signing import read_signature
from ..contract import Row


def kept_form(kind: KnowledgeKind, name: str, text: str) -> str | None:
    """A file's content and signature as JSON; None where it cannot be read, or not be written so without loss."""
    try:
        document = parse_document(kind, name, text)
        signature = None if document.signature is None else document.signature.model_dump(mode="json")
        form = {"sha256": text_sha256(text), "content": dict(document.content), "signature": signature}
        kept = orjson.dumps(form)
    except (BadInputError, TypeError, ValueError):
        return None
    return kept.decode() if orjson.loads(kept) == form else None


def document_of(kind: KnowledgeKind, row: Row) -> Document:
    """The document of a row of `knowledge_file` (folder, name, text, parsed).

    Raises:
        BadInputError: if its text is no such file.

    Cost: some microseconds; a few milliseconds where it was taken in before files were kept parsed.
    """
    kept = _kept(row["parsed"])
    if kept is None or kept.get("sha256") != text_sha256(row["text"]):
        return parse_document(kind, row["name"], row["text"], folder=row["folder"])
    content = cast(dict[str, JsonValue], kept["content"])
    return Document(kind, row["name"], content, read_signature(kept["signature"]), row["folder"])


def _kept(text: str | None) -> dict[str, JsonValue] | None:
    """What was kept, where it has the form that `kept_form` gives it."""
    try:
        found = orjson.loads(text) if text else None
    except ValueError:
        return None
    whole = isinstance(found, dict) and isinstance(found.get("content"), dict) and "signature" in found
    return found if whole else None
