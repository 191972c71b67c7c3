"""How the run ends: broken off, unanswered, or with a claim that sums it all up."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...model.findings import CauseClass
from ..effects import Effect
from ..quotes import around, quote
from ..reading import Role
from ..wording import HEDGE
from .case import CaseFile
from .clue import Clue, clue

_CLOSING = re.compile(
    r"(?i)\b(?:thanks?|thank you|bye|goodbye|that(?:'s| is| will be) all|no,? that|have a (?:great|nice|"
    r"good)|cheers|danke|merci|gracias)\b"
    r"|#{2,}\s?\w+\s?#{2,}"
)
_ALL_DONE = re.compile(
    r"(?i)\b(?:all (?:\w+ ){0,3}(?:updates?|changes?|requests?|items?|orders?|tasks?)? ?(?:have|has|are|"
    r"were) (?:been )?(?:now )?"
    r"(?:successfully )?\w+|everything (?:has been|is)|request (?:has been |is )?(?:fully |"
    r"successfully )?(?:satisfied|completed))\b"
)
_SHORT_RUN = 14
_FEW_DECISIONS = 6


def clues(case: CaseFile) -> Iterator[Clue]:
    """The last steps, where they are the failure themselves."""
    yield from _broken_off(case)
    yield from _unanswered(case)
    yield from _summing_up(case)
    yield from _quick_answer(case)


def _broken_off(case: CaseFile) -> Iterator[Clue]:
    last = case.reading.views[-1].index if case.reading.views else 0
    for signal in case.signals:
        if signal.signal != "llm_error" or signal.step is None:
            continue
        if signal.step < last - 1:
            yield clue(signal.step, 0.3, "a model call failed and the run went on", CauseClass.MODEL, signal.evidence)
        elif last < _SHORT_RUN:
            reason = "the run breaks off here before it got anywhere"
            yield clue(signal.step, 1.0, reason, CauseClass.MODEL, signal.evidence)
        else:
            yield clue(signal.step, 0.3, "the run breaks off here", CauseClass.MODEL, signal.evidence)


def _unanswered(case: CaseFile) -> Iterator[Clue]:
    spoken = [view for view in case.reading.views if view.text.strip() or view.role is Role.DECISION]
    if spoken and spoken[-1].role is Role.USER and len(spoken) > 2 and not _CLOSING.search(spoken[-1].text):
        view = spoken[-1]
        yield clue(
            view.index,
            0.9,
            "the run ends here and the user gets no answer",
            CauseClass.WORKFLOW,
            [quote(view.step, view.text.strip()[:160], "inputs")],
        )


def _summing_up(case: CaseFile) -> Iterator[Clue]:
    final = case.reading.final
    if final is None or HEDGE.search(final.text):
        return
    match = _ALL_DONE.search(final.text[:4_000])
    if match:
        yield clue(
            final.index,
            0.5,
            "the answer claims that all is done",
            CauseClass.REASONING,
            [around(final.step, final.text, match.start(), match.end(), "outputs")],
        )


def _quick_answer(case: CaseFile) -> Iterator[Clue]:
    """In a run of few decisions that only looks things up, the answer is the decision; a dialogue is left alone."""
    final, decisions = case.reading.final, case.reading.decisions
    turns = sum(view.role is Role.USER for view in case.reading.views)
    if final is None or final is not decisions[-1] or turns > 1 or len(decisions) > _FEW_DECISIONS:
        return
    if all(act.effect is Effect.READ for act in case.reading.acts):
        yield clue(
            final.index,
            0.5,
            f"the answer of a short run ({len(decisions)} decisions) that only looks things up",
            CauseClass.UNDETERMINED if case.reading.acts else CauseClass.REASONING,
            [quote(final.step, final.text.strip()[-160:], "outputs")],
        )
