"""The escape for prompts: trace text goes to a model only inside a fence, and cannot end it or pose as one.

The fence carries a number drawn anew for every answer, and its brackets never stand in the text inside. What Retrospan
itself says (counts, what was left out, the next call) stays outside.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from .display import safe_line, safe_text

OPEN, CLOSE = "⟦", "⟧"
_LOOK_ALIKE = str.maketrans({"⟦": "[", "⟧": "]", "〚": "[", "〛": "]"})


def inert(text: str) -> str:
    """Trace text that a model may see inside a fence; line breaks stay."""
    return safe_text(text).translate(_LOOK_ALIKE)


def inert_line(text: str, width: int | None = None) -> str:
    """Trace text on one line, cut at `width`."""
    return safe_line(text, width).translate(_LOOK_ALIKE)


TRACED = "untrusted data from traced runs"


def fenced(lines: Iterable[str], what: str = TRACED) -> str:
    """Lines of text, already made inert, between two marks that share a fresh number; `what` says whose text it is."""
    nonce = secrets.token_hex(4)
    body = "\n".join(lines)
    return f"{OPEN}{nonce} {what}{CLOSE}\n{body}\n{OPEN}/{nonce}{CLOSE}"


FENCE_COST = len(fenced([]))
"""Characters that a fence adds."""
