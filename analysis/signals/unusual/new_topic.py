"""A request of a kind that was not asked before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ....model.findings import Signal
from ...reading import Reading
from ...texts.quotes import around
from ..definition import SignalDefinition, signal
from ..surroundings import Surroundings

LEAST_RUNS = 50
_NEW = 3
"""So many telling words that no earlier request had."""
_SHARE = 0.5
_WORD = re.compile(r"[^\W\d_]{4,}")


def find_in(reading: Reading, surroundings: Surroundings) -> Iterator[Signal]:
    population = surroundings.population
    if population is None or population.runs < LEAST_RUNS or not reading.user_turns:
        return
    words = topic_words(reading.request)
    new = [word for word in words if not population.words.get(word)]
    if len(new) >= _NEW and len(new) >= _SHARE * len(words):
        at, text = reading.user_turns[0]
        match = re.search(rf"(?i)\b{re.escape(new[0])}", text)
        yield signal(
            DEFINITION.name,
            at,
            f"{', '.join(new[:4])}: words that none of {population.runs} earlier requests had",
            around(reading.view(at).step, text, match.start(), match.end(), "inputs") if match else None,
            strength=min(1.0, len(new) / 8),
            failure=False,
        )


def topic_words(text: str) -> Mapping[str, None]:
    """Words of a request by which topics are told apart, in order, each once."""
    return dict.fromkeys(match.group().lower() for match in _WORD.finditer(text[:4_000]))


DEFINITION = SignalDefinition(
    name="new_topic",
    definition="At least three, and half, of the words of a request stand in none of 50 or more earlier requests.",
    weakness="Another wording or another language looks like another topic; words of four letters and more.",
    find_in=find_in,
    failure=False,
)
