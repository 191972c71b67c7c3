"""A request of several questions, of which the answer leaves one out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ....model.findings import Signal
from ...failures import nothing_found
from ...reading import Reading, Role
from ...run_kinds import SERVICE, RunKind
from ...texts.quotes import around, quote
from ...values import values_in
from ...wording import HEDGE
from ..definition import SignalDefinition, signal

_QUESTION = re.compile(r"[^.!?\n¿]{12,400}\?")
_WORD = re.compile(r"[^\W\d_]{4,}")
_STEM = 5
"""Words are compared by so many first letters, which brings most forms of a word together."""
_COMMON = frozenset(
    [
        *("what", "when", "where", "which", "with", "have", "does", "that", "this", "will", "would", "could", "about"),
        *("from", "your", "there", "their", "they", "please", "also", "then", "know", "tell", "many", "much", "long"),
        *("kann", "wann", "welch", "eine", "haben", "sind", "bitte", "auch", "quel", "quell", "avez", "vous", "pouve"),
        *("comme", "combi", "cuánd", "cuánt", "puede", "tiene", "está", "cuál", "dónde"),
    ]
)
_LEAST_WORDS = 2
_OPENING = 300
_ELSEWHERE = re.compile(
    r"(?i)\b(?:you (?:can|could|may|might|should)|please|i(?:'d| would) (?:recommend|suggest)(?: you)?|"
    r"try)\s(?:also |always |simply )?"
    r"(?:to )?(?:visit(?:ing)?|check(?:ing)?(?: out)?|refer(?:ring)? to|consult(?:ing)?|go(?:ing)? to|"
    r"brows(?:e|ing)|look(?:ing)? at|"
    r"us(?:e|ing))\s(?:\w+\s){0,3}(?:following|these|websites?|resources|sites|platforms|links|web pages)\b"
)
_LIST = re.compile(r"(?m)^\s*(?:[-*\u2022]|\d{1,2}[.)])\s|https?://")


def find(reading: Reading) -> Iterator[Signal]:
    yield from _sent_elsewhere(reading)
    yield from _left_out(reading)


def _sent_elsewhere(reading: Reading) -> Iterator[Signal]:
    """An answer that opens by sending the person to look for themselves, though the look-ups found something."""
    final = reading.final
    if final is None or reading.kind is not RunKind.RETRIEVAL:
        return
    opening = final.text[:_OPENING]
    match = _ELSEWHERE.search(opening)
    found = [act for act in reading.acts if act.result and not act.failed and nothing_found(act.result) is None]
    if match and found and _LIST.search(final.text):
        yield signal(
            DEFINITION.name,
            final.index,
            f"sends the person elsewhere, though {found[-1].tool} had found something",
            around(final.step, final.text, match.start(), match.end(), "outputs"),
            quote(
                reading.view(found[-1].step if found[-1].done is None else found[-1].done).step,
                (found[-1].result or "")[:160],
            ),
            strength=0.5,
        )


def _left_out(reading: Reading) -> Iterator[Signal]:
    final = reading.final
    if final is None or HEDGE.search(final.text) or final.text.rstrip().endswith("?"):
        return
    if sum(view.role is Role.USER for view in reading.views) > 1:
        return  # in a dialogue, later turns answer what the last one does not
    questions = [match.group().strip() for match in _QUESTION.finditer(reading.request[:8_000])]
    if not 2 <= len(questions) <= 5:
        return
    told = _words(final.text)
    asked = [_words(question) for question in questions]
    if any(len(words) < _LEAST_WORDS for words in asked):
        return
    own = [words - set().union(*(other for other in asked if other is not words)) for words in asked]
    left = [i for i, words in enumerate(own) if len(words) >= _LEAST_WORDS and not words & told]
    if len(left) == 1 and any(words & told for i, words in enumerate(own) if i not in left):
        at = reading.user_turns[-1][0]
        step = reading.view(at).step
        text = reading.request
        start = text.find(questions[left[0]])
        yield signal(
            DEFINITION.name,
            final.index,
            f"of {len(questions)} questions one finds no word in the answer: {questions[left[0]][:120]}",
            around(step, text, start, start + len(questions[left[0]]), "inputs"),
            quote(final.step, final.text.strip()[:160], "outputs"),
            strength=0.5,
        )


def _words(text: str) -> set[str]:
    text = text[:20_000]
    words = {match.group().lower()[:_STEM] for match in _WORD.finditer(text)}
    return (words - _COMMON) | {value.normal for value in values_in(text)}


DEFINITION = SignalDefinition(
    name="partial_answer",
    definition=(
        "A single request holds two to five questions; the answer takes up words of some, and no word that only one of "
        "them has. Or the answer opens by sending the person to web sites, though the look-ups found something."
    ),
    weakness="An answer in other words, or a bare yes, looks like no answer. Languages with spaces and question marks.",
    find=find,
    meant_for=SERVICE,
)
