"""Retrieved passages: what they say of their own age, and which are versions of one document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from ..model.text.jsontext import parse_if_json
from ..model.traces import JsonValue, StepKind
from .reading import Reading, View
from .values import ValueKind, values_in

_VERSION = re.compile(
    r"(?i)(?<![a-z0-9])(?:v(?:ersion)?[ ._-]?)?"
    r"(\d{4}(?:-\d{2}){0,2}|\d{1,3}(?:\.\d{1,3}){0,2})(?![a-z0-9])"
)
_GONE = re.compile(
    r"(?i)\b(?:superseded(?: by)?|no longer (?:valid|in force|applies)|(?:was|has been|is) (?:replaced by|withdrawn)|"
    r"(?:is |now )?(?:obsolete|deprecated)|out ?dated version|nicht mehr gültig|ersetzt durch|aufgehoben|"
    r"n'est plus (?:valable|en vigueur)|remplacée? par|ya no es válid[oa]|sustituid[oa] por)"
)
_UNTIL = re.compile(
    r"(?i)\b(?:valid (?:until|through|till)|expire[sd]?(?: on)?|gültig bis|valable jusqu'au|"
    r"válid[oa] hasta)\b:?\s*"
)
_HEAD = 2_000
_GONE_STATES = frozenset(
    {"superseded", "deprecated", "obsolete", "archived", "expired", "withdrawn", "inactive", "old"}
)
_GONE_FLAGS = frozenset({"superseded", "deprecated", "obsolete", "archived", "expired", "is_deprecated", "is_archived"})
_END_KEYS = frozenset({"valid_until", "valid_to", "expires", "expires_at", "expiry", "effective_until", "end_date"})
_VERSION_KEYS = (
    "version",
    "updated_at",
    "last_updated",
    "effective_from",
    "effective_date",
    "published",
    "date",
    "year",
)
_NAME_KEYS = ("id", "doc_id", "document_id", "source", "title", "name", "url")
_TEXT_KEYS = ("content", "text", "body", "passage", "page_content")


@dataclass(frozen=True, slots=True)
class Passage:
    """One retrieved passage."""

    step: int
    name: str
    text: str
    metadata: Mapping[str, JsonValue]

    @property
    def family(self) -> str:
        """The name without its version; equal for versions of one document."""
        return _VERSION.sub("", self.name).strip(" ._-/").lower()

    @property
    def version(self) -> tuple[int, ...]:
        """Numbers that order versions; empty where nothing tells one."""
        for key in _VERSION_KEYS:
            if self.metadata.get(key) not in (None, ""):
                return tuple(int(part) for part in re.findall(r"\d{1,8}", str(self.metadata[key]))[:3])
        found = _VERSION.findall(self.name)
        return tuple(int(part) for part in re.findall(r"\d+", found[-1])) if found else ()

    def stale_words(self, today: date | None) -> str | None:
        """The words or the field by which it says itself that it no longer holds."""
        for key, value in self.metadata.items():
            name = key.lower()
            if (name in _GONE_FLAGS and value is True) or (
                name in ("status", "state") and isinstance(value, str) and value.lower() in _GONE_STATES
            ):
                return key
            if name in _END_KEYS and _is_past(str(value), today):
                return str(value)
        match = _GONE.search(self.text[:_HEAD])
        if match:
            return match.group()
        for until in _UNTIL.finditer(self.text[:_HEAD]):
            if _is_past(self.text[until.end() : until.end() + 24], today):
                return self.text[until.start() : until.end() + 10]
        return None


def passages_of(reading: Reading) -> Iterator[Passage]:
    """Passages of retrieval steps, and of tool results that are lists of named texts; each step's once."""
    for view in reading.results:
        documents = list(_documents(view))
        seen = {passage.text for passage in documents}
        yield from documents
        if not documents and view.step.kind is StepKind.TOOL:
            yield from (passage for passage in _listed(view) if passage.text not in seen)


def today_of(reading: Reading) -> date | None:
    """The day of the run by its first time; None where no step has one."""
    started = next((view.step.started_at_ns for view in reading.views if view.step.started_at_ns), None)
    return datetime.fromtimestamp(started / 1e9, UTC).date() if started else None


def _documents(view: View) -> Iterator[Passage]:
    for document in view.step.documents:
        metadata = document.metadata if isinstance(document.metadata, dict) else {}
        name = document.id or next((str(metadata[key]) for key in _NAME_KEYS if metadata.get(key)), "")
        yield Passage(view.index, name, document.content, metadata)


def _listed(view: View) -> Iterator[Passage]:
    value: Any = parse_if_json(view.text)
    items = (
        value
        if isinstance(value, list)
        else next((v for v in value.values() if isinstance(v, list)), [])
        if isinstance(value, dict)
        else []
    )
    for item in items[:50]:
        if isinstance(item, dict):
            name = next((str(item[key]) for key in _NAME_KEYS if isinstance(item.get(key), str)), "")
            text = next((item[key] for key in _TEXT_KEYS if isinstance(item.get(key), str)), "")
            if name and text:
                yield Passage(view.index, name, text, {k: v for k, v in item.items() if k not in _TEXT_KEYS})


def _is_past(text: str, today: date | None) -> bool:
    if today is None:
        return False
    for value in values_in(text):
        if value.kind is ValueKind.DATE and not value.normal.startswith("--"):
            return date.fromisoformat(value.normal) < today
    return False
