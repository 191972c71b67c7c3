"""Runs whose end is the failure itself: broken off before they got anywhere, or a person left without an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...model.findings import CauseClass
from ..reading import Role
from ..texts.quotes import quote
from .clue import Clue, Kind, clue
from .inquiry import Inquiry

_CLOSING = re.compile(
    r"(?i)\b(?:thanks?|thank you|bye|goodbye|that(?:'s| is| will be) all|no,? that|have a (?:great|nice|"
    r"good)|cheers|danke|merci|gracias)\b"
    r"|#{2,}\s?\w+\s?#{2,}"
)
_SHORT_RUN = 14


def clues(case: Inquiry) -> Iterator[Clue]:
    """The last steps, where they are the failure themselves."""
    yield from _broken_off(case)
    yield from _unanswered(case)


def _broken_off(case: Inquiry) -> Iterator[Clue]:
    last = case.reading.views[-1].index if case.reading.views else 0
    for signal in case.signals:
        if signal.signal != "llm_error" or signal.step is None:
            continue
        if signal.step >= last - 1 and last < _SHORT_RUN:
            reason = "the run breaks off here before it got anywhere"
            yield clue(signal.step, 1.0, reason, CauseClass.MODEL, signal.evidence, Kind.BROKEN_OFF)


def _unanswered(case: Inquiry) -> Iterator[Clue]:
    spoken = [view for view in case.reading.views if view.text.strip() or view.role is Role.DECISION]
    if spoken and spoken[-1].role is Role.USER and len(spoken) > 2 and not _CLOSING.search(spoken[-1].text):
        view = spoken[-1]
        yield clue(
            view.index,
            0.9,
            "the run ends here and the user gets no answer",
            CauseClass.WORKFLOW,
            [quote(view.step, view.text.strip()[:160], "inputs")],
            Kind.UNANSWERED,
        )
