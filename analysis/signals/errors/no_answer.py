"""A person waits for words that never come."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from ....model.findings import Signal
from ....model.traces import Status
from ...reading import Reading, Role, View
from ...texts.quotes import quote
from ...texts.speakers import asks_leave, persons_words
from ..definition import SignalDefinition, signal

_ASKS_AGAIN = re.compile(
    r"(?i)^\W*(?:hello|hey|hi)?\W*(?:\?|(?:(?:are|is) (?:you|any(?:one|body)|some(?:one|body)) (?:still )?(?:there|"
    r"done|ok|working)|"
    r"any (?:update|news|progress|luck)|what happened|(?:so|and|well)[,.]?\W*$|did you (?:get|hear|see|finish|find)|"
    r"(?:please )?(?:continue|go on|keep going|carry on)\W*$|you (?:there|stopped)|why (?:did|have) you stop|"
    r"(?:can|could|will|would) you (?:please )?(?:now )?(?:present|show|give|tell|answer|finish|continue|respond|reply|"
    r"summari[sz]e|share)\b[^.!?\n]{0,80}(?:now|already|please|then)?\W*\?))"
)
_CLOSES = re.compile(
    r"(?i)###|\[[A-Z _-]{4,}\]|\b(?:thank(?:s| you)|bye|goodbye|good night|take care|have a (?:nice|good|great)|"
    r"that(?:'s| is) "
    r"all|no(?:thing)? (?:more|else|thanks)|all set|cheers|danke|tschüss|merci|au revoir|gracias|adiós|stop|exit|quit|"
    r"cancel|terminate|never ?mind)\b"
)
_LEAST_ACTS = 3
_SHORT = 60


def find(reading: Reading) -> Iterator[Signal]:
    turns = [view for view in reading.views if view.role is Role.USER and persons_words(view.text)]
    if not turns or not reading.decisions:
        return
    yield from _left_waiting(reading, turns)
    yield from _asked_again(reading, turns)
    yield from _broke_off(reading, turns)


def _left_waiting(reading: Reading, turns: list[View]) -> Iterator[Signal]:
    """The run goes on for people alone: they speak, and nobody answers any more."""
    spoken = max((view.index for view in reading.decisions if view.text.strip() or _calls(view)), default=-1)
    waiting = [view for view in turns if view.index > spoken]
    calling = [view for view in waiting if "?" in view.text and not _CLOSES.search(view.text)]
    is_over = bool(waiting) and len(waiting[0].text) <= _SHORT and bool(_CLOSES.search(waiting[0].text))
    if spoken >= 0 and len(waiting) > 1 and calling and not is_over:
        told = f"nobody answers any more, though the person speaks {len(waiting)} more times"
        quotes = [quote(view.step, persons_words(view.text)[:160], "inputs") for view in waiting[:4]]
        yield signal(DEFINITION.name, calling[0].index, told, *quotes, strength=0.9)


def _asked_again(reading: Reading, turns: list[View]) -> Iterator[Signal]:
    """A turn of work ends without a word, and the person has to ask for what came of it."""
    for before, after in pairwise(turns):
        between = [view for view in reading.views if before.index < view.index < after.index]
        acted = sum(view.role is Role.RESULT for view in between)
        if acted < _LEAST_ACTS or not _ASKS_AGAIN.search(persons_words(after.text)[:200]):
            continue
        last = max((view.index for view in between if view.role is Role.RESULT), default=-1)
        if not any(view.role is Role.DECISION and view.text.strip() and view.index > last for view in between):
            told = f"after {acted} calls the turn ends without an answer, and the person has to ask for it"
            words = persons_words(after.text)[:160]
            yield signal(DEFINITION.name, after.index, told, quote(after.step, words, "inputs"), strength=0.7)


def _broke_off(reading: Reading, turns: list[View]) -> Iterator[Signal]:
    """All that the person hears of is an error: the only call failed, or the model gave nothing."""
    if any(view.text.strip() for view in reading.decisions):
        return
    last = reading.views[-1]
    failed = next((act for act in reversed(reading.acts)), None)
    failures = [act for act in reading.acts if act.failed]
    errors = [view for view in reading.decisions if view.step.status is Status.ERROR]
    is_stopped = failed is not None and (asks_leave(failed.failure) or asks_leave(failed.result))
    if is_stopped or not ((failures and failed is not None and failed.failed) or errors):
        return
    told = "the person gets no word: the run ends with an error"
    words = persons_words(turns[0].text)[:160]
    yield signal(
        DEFINITION.name,
        turns[0].index,
        told,
        quote(turns[0].step, words, "inputs"),
        quote(last.step, last.text.strip()[:160]),
        strength=0.9,
    )


def _calls(view: View) -> bool:
    return any(message.tool_calls for message in view.step.output_messages)


DEFINITION = SignalDefinition(
    name="no_answer",
    definition=(
        "A person's words find no answer: they speak on and nobody replies, they have to ask what came of a turn that "
        "ended in the middle of the work, or all that comes of their request is an error."
    ),
    weakness="A recording that leaves replies out looks like silence; asking again is told by English words.",
    find=find,
)
