"""Steps as agents cite them: found in the trace, with words that stand in them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...analysis.texts.quotes import texts_of
from ...model.errors import UsageError
from ...model.reviews import CitedStep
from ...model.text.display import safe_line, safe_text
from ...model.traces import Step, Trace
from .subjects import find_step

QUOTE_LIMIT = 1_000


@dataclass(frozen=True, slots=True)
class Citation:
    """A step as an agent cites it: `T412.7`, `7` or a span id, and words that stand in it."""

    step: str
    quote: str


def cite(trace: Trace, citation: Citation) -> CitedStep:
    """The step and the passage of it that is quoted.

    Raises:
        UsageError: if the words do not stand in the step.
        UnknownIdError: if there is no such step.
    """
    step = find_step(trace, citation.step)
    quote = locate_quote(step, citation.quote)
    if quote is None:
        raise UsageError(
            f"The words {safe_line(citation.quote, 80)!r} do not stand in {trace.summary.short_id}.{step.index}. "
            "Quote it letter for letter, a few words suffice."
        )
    return CitedStep(step.span_id, quote, step.index)


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
