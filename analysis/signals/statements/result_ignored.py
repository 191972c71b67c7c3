"""A result of which nothing is used afterwards."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from ....model.findings import Signal
from ....model.text.jsontext import as_text
from ...effects import Effect
from ...reading import Act, Reading, Role
from ...texts.quotes import quote
from ...values import values_in
from ..definition import SignalDefinition, signal

_WORD = re.compile(r"[^\W\d_]{5,}")
_LEAST = 6
"""A result with fewer telling words and values is too short to say that it was ignored."""


def find(reading: Reading) -> Iterator[Signal]:
    after = _words_by_step(reading)
    times = Counter(act.tool for act in reading.acts)
    before: set[str] = set()
    for view in reading.views:
        for act in reading.acts:
            if (
                act.done == view.index
                and times[act.tool] == 1
                and act.effect is not Effect.WRITE
                and act.result
                and not act.failure
            ):
                fresh = _telling(act.result) - before - _telling(as_text(act.arguments))
                later = [words for index, words in after if index > view.index]
                if len(fresh) >= _LEAST and later and not any(fresh & words for words in later):
                    yield _ignored(reading, act)
        if view.role is not Role.FRAME:  # a frame tells the answer first that its steps come to later
            before |= _telling(view.text)


def _ignored(reading: Reading, act: Act) -> Signal:
    step = reading.view(act.done or 0).step
    text = (act.result or "").strip()
    return signal(
        DEFINITION.name,
        act.done,
        f"nothing that {act.tool} returned appears in any later step",
        quote(step, text[:160], "outputs") or quote(step, step.tool or step.name, "tool"),
        strength=0.5,
        failure=False,
    )


def _words_by_step(reading: Reading) -> list[tuple[int, set[str]]]:
    found = []
    for view in reading.decisions:
        calls = " ".join(as_text(act.arguments) for act in reading.acts_by_asker.get(view.index, []))
        found.append((view.index, _telling(f"{view.text} {calls}")))
    return found


def _telling(text: str) -> set[str]:
    text = text[:20_000]
    return {match.group().lower() for match in _WORD.finditer(text)} | {value.normal for value in values_in(text)}


DEFINITION = SignalDefinition(
    name="result_ignored",
    definition="No new word or value of a result appears later, and its tool was used only once.",
    weakness="A result that was checked and rightly found irrelevant looks the same; very short results are skipped.",
    find=find,
    failure=False,
)
