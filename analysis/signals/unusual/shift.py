"""A request of a kind that has become more common than it was a week before."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ....model.findings import Signal
from ...reading import Reading
from ...texts.quotes import around
from ..definition import SignalDefinition, signal
from ..surroundings import Surroundings
from .new_topic import topic_words


def find_in(reading: Reading, surroundings: Surroundings) -> Iterator[Signal]:
    shifts = surroundings.population.shifts if surroundings.population else {}
    word = next((word for word in topic_words(reading.request) if word in shifts), None) if shifts else None
    if word is None or not reading.user_turns:
        return
    at, text = reading.user_turns[0]
    match = re.search(rf"(?i)\b{re.escape(word)}", text)
    yield signal(
        DEFINITION.name,
        at,
        f"requests with the word {word!r} became more common: {shifts[word]}",
        around(reading.view(at).step, text, match.start(), match.end(), "inputs") if match else None,
        strength=0.5,
        failure=False,
    )


DEFINITION = SignalDefinition(
    name="shift",
    definition=(
        "The request has a word whose share in the last seven days is significantly higher than before (Fisher exact, "
        "corrected for the number of words)."
    ),
    weakness="Words stand for topics; a new wording of a form looks like a shift. Needs 30 requests on each side.",
    find_in=find_in,
    failure=False,
)
