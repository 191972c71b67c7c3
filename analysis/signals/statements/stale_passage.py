"""An answer that rests on a passage which no longer holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ....model.findings import Signal
from ...passages import Passage, passages_of, today_of
from ...reading import Reading, View
from ...run_kinds import INFORMED
from ...texts.quotes import around, quote
from ...values import Value, ValueKind, values_in
from ..definition import SignalDefinition, signal

_RUN = 8
"""So many words in a row are taken from the passage rather than from the language."""
_WORD = re.compile(r"\w+")


def find(reading: Reading) -> Iterator[Signal]:
    final = reading.final
    if final is None:
        return
    passages = list(passages_of(reading))
    today = today_of(reading)
    seen: set[str] = set()
    for passage in passages:
        because = _stale(passage, passages, passage.stale_words(today))
        if because is None or passage.text in seen:
            continue
        seen.add(passage.text)
        current = [other.text for other in passages if other.text != passage.text]
        used = _value_used(final, passage, [reading.request, *current])
        words = used.text if used else _words_used(final.text, passage.text, current)
        if words:
            yield signal(
                DEFINITION.name,
                final.index,
                f"rests on {passage.name or 'a passage'}, {because}",
                around(final.step, final.text, used.start, used.end, "outputs") if used else quote(final.step, words),
                quote(reading.view(passage.step).step, words) or quote(reading.view(passage.step).step, passage.name),
                strength=0.9,
            )


def _stale(passage: Passage, passages: Sequence[Passage], words: str | None) -> str | None:
    if words is not None:
        return f"which says of itself that it no longer holds ({words})"
    newer = [p for p in passages if p.family and p.family == passage.family and p.version > passage.version]
    if newer and passage.version:
        return f"though {max(newer, key=lambda p: p.version).name}, a newer version, was found too"
    return None


def _value_used(final: View, passage: Passage, current: Sequence[str]) -> Value | None:
    """A value of the answer that only this passage holds."""
    theirs = {value.key for value in values_in(passage.text)}
    others = {value.key for text in current for value in values_in(text)}
    for value in values_in(final.text):
        plain = value.kind is ValueKind.NUMBER and value.normal in ("0", "1")
        if value.key in theirs and value.key not in others and not plain:
            return value
    return None


def _words_used(answer: str, passage: str, current: Sequence[str]) -> str | None:
    """A run of words of the answer that stands in this passage and in no other."""
    words = list(_WORD.finditer(answer))
    lower = passage.lower()
    for first, last in zip(words, words[_RUN - 1 :], strict=False):
        piece = answer[first.start() : last.end()]
        if piece.lower() in lower and not any(piece.lower() in text.lower() for text in current):
            return piece
    return None


DEFINITION = SignalDefinition(
    name="stale_passage",
    definition=(
        "The answer takes a value or eight words in a row from a passage that calls itself superseded or expired, or "
        "of which a newer version was found in the same run."
    ),
    weakness=(
        "Versions are told by numbers in names and a few field names; a stale passage found alone that does not say so "
        "is not seen. Phrases of expiry in English, German, French and Spanish."
    ),
    find=find,
    meant_for=INFORMED,
)
