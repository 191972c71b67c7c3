"""Quotations that agents hand in: found in their step, and kept as they stand there."""

from __future__ import annotations

import re

from ...analysis.texts.quotes import texts_of
from ...model.text.display import safe_text
from ...model.traces import Step

QUOTE_LIMIT = 1_000


def locate_quote(step: Step, words: str) -> str | None:
    """The passage of the step that `words` quotes, letter for letter as it stands there; None where it does not.

    Agents read trace text through the render gate and re-flow blanks, so blanks compare alike and a visible symbol
    matches the character that it stands for.
    """
    wanted = words.strip().strip("…").strip()
    if not wanted or len(wanted) > QUOTE_LIMIT:
        return None
    gated = re.sub(r"\s+", " ", safe_text(wanted))
    for text in texts_of(step):
        if wanted in text:
            return wanted
    for text in texts_of(step):
        flat = re.sub(r"\s+", " ", safe_text(text))
        if gated in flat:
            return gated
    return None
