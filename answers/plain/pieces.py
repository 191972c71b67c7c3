"""The parts of a turn that a reader can open: each whole, with a name and the way it is to be set."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import NamedTuple

from ...model.traces import Document, JsonValue
from .words import laid_out, scalar_text

SHORT = 600
"""Characters of a result that stand open; a longer one is folded behind its name."""
_LONGEST_VALUE = 1 << 20
"""Characters of a text that is still tried as JSON."""
_MARKDOWN = re.compile(r"^(?:#{1,6} \S|```|~~~|\|? *:?-{3,}:? *\|)|\*\*\S[^*\n]{0,200}\*\*", re.MULTILINE)


class Setting(StrEnum):
    """How a face sets a text."""

    PROSE = "prose"
    """Words, perhaps with Markdown in them."""
    VALUE = "value"
    """A value laid out line by line."""
    EXACT = "exact"
    """Every character as it stands: code, logs, what nobody can tell."""


class Piece(NamedTuple):
    """One text of a turn, as recorded and whole. The face passes it through its render gate."""

    name: str
    """What a reader calls it; empty where it is the turn itself."""
    text: str
    setting: Setting
    folded: bool = False
    """It stands behind its name until a reader opens it."""


def said(text: str, name: str = "", *, folded: bool = False) -> Piece:
    """Words of a person or an agent."""
    return Piece(name, text, Setting.PROSE, folded)


def given(name: str, value: JsonValue) -> Piece:
    """A value that came or went: laid out where it is one, as prose where it looks like Markdown, else exactly."""
    found = _parsed(value) if isinstance(value, str) else value
    if isinstance(found, dict | list) and found:
        text, setting = laid_out(found), Setting.VALUE
    else:
        text = value if isinstance(value, str) else scalar_text(value)
        setting = Setting.PROSE if _MARKDOWN.search(text) else Setting.EXACT
    return Piece(name, text, setting, len(text) > SHORT)


def found_document(number: int, document: Document) -> Piece:
    """A passage that a search brought."""
    name = f"Document {number}" + (f": {document.id}" if document.id else "")
    return given(name, document.content)


def _parsed(text: str) -> JsonValue:
    """The value that a text is JSON of; the text where it is none."""
    if text[:1] not in "{[" or len(text) > _LONGEST_VALUE:
        return text
    try:
        value: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value
