"""A user who complains, corrects, asks for a person, or says the same again."""

from __future__ import annotations

from collections.abc import Iterator

from rapidfuzz import fuzz

from ...store.findings import Signal
from ..quotes import around, quote
from ..reading import Reading
from ..wording import FRUSTRATION
from .definition import SignalDefinition, signal

_ALIKE = 85.0
_SHORT = 25


def find(reading: Reading) -> Iterator[Signal]:
    before: list[str] = []
    for index, text in reading.user_turns:
        step = reading.view(index).step
        match = FRUSTRATION.search(text[:4_000]) if before else None
        if match:
            evidence = around(step, text, match.start(), match.end(), "inputs")
            yield signal(DEFINITION.name, index, "the user complains or corrects", evidence, strength=0.8)
        elif any(_rephrased(earlier, text) for earlier in before):
            evidence = quote(step, text.strip().splitlines()[0], "inputs")
            yield signal(DEFINITION.name, index, "the user asks the same again", evidence, strength=0.6)
        before.append(text)


def _rephrased(earlier: str, later: str) -> bool:
    if min(len(earlier), len(later)) < _SHORT or max(len(earlier), len(later)) > 600:
        return False
    return fuzz.token_set_ratio(earlier, later) >= _ALIKE


DEFINITION = SignalDefinition(
    name="user_frustration",
    definition="A later user turn complains, corrects, asks for a person, or repeats an earlier request.",
    weakness=(
        "Word lists find few of the unhappy users (published recall near 1 %); templated prompts look like repeats."
    ),
    find=find,
)
