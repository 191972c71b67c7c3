"""How long a text that somebody writes may be."""

from __future__ import annotations

from ..errors import UsageError

TEXT_LIMIT = 8_000
"""Characters of an explanation, a reason, a note, on every face."""


def bounded(what: str, text: str, limit: int = TEXT_LIMIT) -> str:
    """A text with its outer blanks cut.

    Raises:
        UsageError: if it is empty or longer than `limit`.
    """
    text = text.strip()
    if not text:
        raise UsageError(f"The {what} is empty. Say it in one or two sentences.")
    return within(what, text, limit)


def within(what: str, text: str, limit: int = TEXT_LIMIT) -> str:
    """A text, which may be empty.

    Raises:
        UsageError: if it is longer than `limit`.
    """
    if len(text) > limit:
        raise UsageError(f"The {what} has {len(text)} characters; at most {limit} are kept. Shorten it.")
    return text
