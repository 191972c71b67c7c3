"""A user who complains, corrects, asks for a person, or says the same again."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rapidfuzz import fuzz

from ....model.findings import Signal
from ...reading import Reading
from ...texts.quotes import around, quote
from ...texts.speakers import persons_words
from ...wording import AGREEMENT, FRUSTRATION, HEDGE
from ..definition import SignalDefinition, signal

_ALIKE = 85.0
_SHORT = 25
_LINES = 3
_WORDS = 0.85
_OPENING = 800
_LONGEST = 4_000
"""Whoever complains says so early and does not fill pages; prompts that a program writes do."""
_NO = re.compile(
    r"(?i)\b(?:can(?:not|'t| not| only)|(?:must|only) (?:be|go)|not (?:possible|allowed|permitted|eligible)|"
    r"nicht möglich|n'est pas possible|no es posible)\b"
)
_THANKS = re.compile(r"(?i)\b(?:thank(?:s| you)|danke|merci|gracias|appreciate)\b")
"""Who thanks in the same breath puts something right rather than complaining."""
_FIRST_WORDS = 160
_ABOUT_RUN = re.compile(
    r"(?i)that|you|still|not what|(?:this|it) (?:(?:is|'s) (?:not working|still|useless|not helpful)|d(?:oes|id))|"
    r"(?:i )?already (?:told|said|gave|provided)|das|c'est|eso|nicht"
)
"""What says that the run did something wrong. Who asks for a person, or is angry at their provider, may have an agent
that does all it can."""
_CORRECTS = re.compile(r"(?i)wrong|incorrect|already|said|mis(?:understood|take)|answer|listen|read|falsch|stimmt|faux")
"""Complaints about what the run did, whatever it said before."""


def find(reading: Reading) -> Iterator[Signal]:
    before: list[tuple[str, str]] = []
    for index, turn in reading.user_turns:
        step, asked = reading.view(index).step, reading.view(index).agent
        text = persons_words(turn)
        match = FRUSTRATION.search(text[:_OPENING]) if before and len(text) <= _LONGEST else None
        if match:
            evidence = around(step, text, match.start(), match.end(), "inputs")
            refused = not _CORRECTS.search(match.group()) and _after_a_no(reading, index)
            told = "the user takes a no badly" if refused else "the user complains or corrects"
            is_about = bool(_ABOUT_RUN.match(match.group())) and match.start() <= _FIRST_WORDS
            is_failure = is_about and not refused and not _THANKS.search(text[:_OPENING])
            yield signal(DEFINITION.name, index, told, evidence, strength=0.8, failure=is_failure)
        # A turn that opens with a yes repeats the words of what it agrees to.
        elif not _is_reply(reading, index, text) and any(
            _rephrased(earlier, text) for agent, earlier in before if agent == asked
        ):
            evidence = quote(step, text.splitlines()[0], "inputs")
            yield signal(DEFINITION.name, index, "the user asks the same again", evidence, strength=0.6)
        # A framework gives each of its agents a prompt of one make; that is nobody asking again.
        before.append((asked, text))


def _is_reply(reading: Reading, index: int, text: str) -> bool:
    """Does the turn agree to something, or answer what the agent has just asked?"""
    before = next((view for view in reversed(reading.decisions) if view.index < index and view.text.strip()), None)
    return bool(AGREEMENT.match(text)) or (before is not None and "?" in before.text)


def _after_a_no(reading: Reading, index: int) -> bool:
    """Was the person just told that something cannot be? Being unhappy with that tells of the rule, not of the run."""
    before = next((view for view in reversed(reading.decisions) if view.index < index and view.text.strip()), None)
    return before is not None and bool(HEDGE.search(before.text) or _NO.search(before.text))


def _rephrased(earlier: str, later: str) -> bool:
    if min(len(earlier), len(later)) < _SHORT or max(len(earlier), len(later)) > 600 or not _is_prose(later):
        return False
    return fuzz.token_sort_ratio(earlier.lower(), later.lower()) >= _ALIKE


def _is_prose(text: str) -> bool:
    """Is it said by somebody, rather than put out by a program: few lines, mostly words?"""
    words = sum(character.isalpha() or character.isspace() for character in text)
    return text.count("\n") <= _LINES and text[0] not in "([{<$>#/" and words >= _WORDS * len(text)


DEFINITION = SignalDefinition(
    name="user_frustration",
    definition="A later user turn complains, corrects, asks for a person, or repeats an earlier request.",
    weakness=(
        "Word lists find few of the unhappy users (published recall near 1 %); templated prompts look like repeats; "
        "anger at a no counts as notable only, be the no right or wrong."
    ),
    find=find,
)
