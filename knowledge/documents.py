"""A knowledge file as content plus signature, whatever its form, and what the signature is worth.

The signature covers the parsed content, so an editor may re-wrap a file; it does not cover what the content does not
hold: comments, blank lines, the place on disk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..model.errors import BadInputError
from ..model.reviews import SignatureState
from ..model.text import yamltext
from ..model.text.jsontext import parse
from ..model.traces import JsonValue
from ..trust.root import Trust
from ..trust.session import ReviewSession
from ..trust.signing import Signature, SignatureCheck, check_signature, read_signature, sign_manifest
from .folders import KnowledgeKind

_FENCE = "---\n"


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed knowledge file."""

    kind: KnowledgeKind
    name: str
    """File name without its suffix."""
    content: Mapping[str, JsonValue]
    """What a signature covers. Of a lesson: `front` and `body`; else the keys of the file."""
    signature: Signature | None
    folder: str = ""
    """The `.retrospan` folder it was indexed from; empty for a draft kept in the store."""

    @property
    def id(self) -> str | None:
        """The id that the content states."""
        fields = self.content.get("front") if self.kind is KnowledgeKind.LESSON else self.content
        value = fields.get("id") if isinstance(fields, Mapping) else None
        return value if isinstance(value, str) else None

    @property
    def proper_name(self) -> str | None:
        """How the content wants its file to be named; None where any name will do."""
        if self.kind in (KnowledgeKind.RUBRIC, KnowledgeKind.JUDGE):
            return f"{self.id}.v{self.content.get('version')}"
        return str(self.id) if self.kind in (KnowledgeKind.LESSON, KnowledgeKind.CASE) else None


def parse_document(kind: KnowledgeKind, name: str, text: str, *, folder: str = "") -> Document:
    """The content and signature of a knowledge file.

    Raises:
        BadInputError: with `where` as `file:line`.
    """
    source = f"{name}{kind.suffix}"
    if kind is KnowledgeKind.LESSON:
        front, body = split_front_matter(text, source)
        signature = read_signature(front.pop("signature", None))
        return Document(kind, name, {"front": front, "body": body}, signature, folder)
    if kind is KnowledgeKind.VERDICT:
        record = _json(text, source)
        manifest = record.get("manifest")
        content = manifest if isinstance(manifest, dict) else {}
        return Document(kind, name, content, read_signature(record.get("signature")), folder)
    fields = _json(text, source) if kind is KnowledgeKind.REVIEWER else _yaml(text, source)
    signature = read_signature(fields.pop("signature", None))
    return Document(kind, name, fields, signature, folder)


def split_front_matter(text: str, source: str) -> tuple[dict[str, JsonValue], str]:
    """The YAML between the first two `---` lines, and the body after them.

    Raises:
        BadInputError: if there is none.
    """
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    if not text.startswith(_FENCE) or "\n---\n" not in text[3:]:
        raise BadInputError(f"{source}:1: a lesson starts with front matter between two lines `---`.", where=source)
    head, _, body = text[len(_FENCE) :].partition("\n---\n")
    return _yaml(head, source), "\n".join(line.rstrip() for line in body.strip().split("\n"))


def check_document(document: Document, trust: Trust) -> SignatureCheck:
    """What the file's signature is worth: `valid` only by a trusted reviewer, over this content, under its own name.

    Cost: one Ed25519 verification.
    """
    named = document.proper_name
    if named is not None and named != document.name:
        return SignatureCheck(SignatureState.INVALID, f"the file is named {document.name!r} and says {named!r}")
    return check_signature(document.kind.value, dict(document.content), document.signature, trust)


def sign_document(session: ReviewSession, document: Document, *, now: str) -> dict[str, JsonValue]:
    """The signature block over a document's content, as it stands in the file."""
    signature = sign_manifest(session, document.kind.value, dict(document.content), signed_at=now)
    block: dict[str, JsonValue] = signature.model_dump(mode="json")
    return block


def text_sha256(text: str) -> str:
    """Hex digest of a file's text, to see whether it has changed."""
    return hashlib.sha256(text.encode()).hexdigest()


def _yaml(text: str, source: str) -> dict[str, Any]:
    value = yamltext.load(text, source=source).value
    if not isinstance(value, dict):
        raise BadInputError(f"{source}:1: expected keys with values.", where=f"{source}:1")
    return value


def _json(text: str, source: str) -> dict[str, Any]:
    try:
        value = parse(text)
    except ValueError as err:
        raise BadInputError(f"{source}: no JSON ({err}).", where=source) from err
    if not isinstance(value, dict):
        raise BadInputError(f"{source}: expected a JSON object.", where=source)
    return value
