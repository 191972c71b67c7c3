"""Steps as agents cite them: found in the trace, with words that stand in them."""

from __future__ import annotations

from dataclasses import dataclass

from ...model.errors import UsageError
from ...model.reviews import CitedStep
from ...model.text.display import safe_line
from ...model.traces import Trace
from .quotations import locate_quote
from .subjects import find_step


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
