"""Candidates for where a run went wrong: one to three steps, why each would suffice, and what was refused.

They become part of a proposal: their quotations are its citations, their reasons its explanation, in the order given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...model.errors import UsageError
from ...model.reviews import CitedStep, Label
from ...model.text.bounds import bounded
from ...model.traces import Trace
from .citing import Citation, cite
from .subjects import find_step

MOST = 3
MOST_REFUSED = 5
REASON_LIMIT = 600


@dataclass(frozen=True, slots=True)
class Candidate:
    """A step that an agent holds to be the cause."""

    step: str
    """`T412.7`, `7` or a span id."""
    quote: str
    """Words that stand in it."""
    sufficient: str
    """Why the end would have been right, had this step been: the sentence that makes it a cause."""


def checked_candidates(
    trace: Trace, label: Label, candidates: Sequence[Candidate], refused: Sequence[str]
) -> tuple[tuple[CitedStep, ...], str]:
    """The candidates as citations and as text for the explanation; both empty where none are given.

    Raises:
        UsageError: if the label is no fail, there are more than three, two name one step, a quote does not stand in its
            step, a sentence is missing, or no alternative is refused.
        UnknownIdError: if a step does not exist.
    """
    if not candidates:
        if refused:
            raise UsageError("Alternatives are refused in favour of a candidate, and none is given. Name one to three.")
        return (), ""
    _check_numbers(label, candidates, refused)
    cited = tuple(cite(trace, Citation(entry.step, entry.quote)) for entry in candidates)
    steps = [find_step(trace, entry.step).index for entry in candidates]
    if len(set(steps)) < len(steps):
        raise UsageError("Two candidates name one step. Each is a step of its own; the likeliest comes first.")
    lines = [
        f"{number}. Step {step}: {bounded('sufficient', entry.sufficient, REASON_LIMIT)}"
        for number, (step, entry) in enumerate(zip(steps, candidates, strict=True), 1)
    ]
    lines += [f"Refused: {bounded('refused', words, REASON_LIMIT)}" for words in refused]
    return cited, "\n".join(lines)


def _check_numbers(label: Label, candidates: Sequence[Candidate], refused: Sequence[str]) -> None:
    if label is not Label.FAIL:
        raise UsageError(
            f"Candidates say where a run went wrong; the label is {label.value}. Leave them out, or fail it."
        )
    if len(candidates) > MOST:
        raise UsageError(f"{len(candidates)} candidates are too many; at most {MOST}, the likeliest first.")
    if not 1 <= len(refused) <= MOST_REFUSED:
        raise UsageError(
            f"{len(refused)} alternatives are refused; name 1 to {MOST_REFUSED} other steps or causes that you "
            "considered, each with what speaks against it."
        )
