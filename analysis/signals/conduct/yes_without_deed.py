"""The person agrees to a change that the agent proposed, and no change is ever made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from ....model.findings import Signal
from ...effects import Effect
from ...reading import Act, Reading, Role, View
from ...run_kinds import RunKind
from ...texts.quotes import around, quote
from ...texts.speakers import persons_words
from ...tools.tool_roles import ToolRole
from ...wording import HEDGE
from ..definition import SignalDefinition, signal

_PROPOSES = re.compile(
    r"(?i)\b(?:(?:do|would) you (?:like|want)(?: me)? to (?:proceed|go ahead|confirm|continue)|"
    r"(?:please )?(?:confirm|reply|"
    r"say|answer|respond)[^.?!\n]{0,60}\(?[\"'“]?yes\b|please confirm[^.!?\n]{0,80}(?:proceed|go ahead|book|cancel|"
    r"change|"
    r"order|refund|update)|shall i (?:proceed|go ahead|book|cancel|change|order|update)|(?:can|may|"
    r"should) i (?:proceed|go ahead))"
)
_YES = re.compile(
    r"(?i)^\W*(?:yes|yep|yeah|sure|ok(?:ay)?|please (?:do|proceed|go ahead|book|cancel)|go ahead|confirm(?:ed)?|"
    r"proceed|"
    r"ja|oui|s[ií])\b(?![^.!?\n]{0,40}\b(?:but|first|before|wait|however|actually|question)\b)"
)
_CLOSES = re.compile(
    r"(?i)^\W*(?:###|thank|thanks|bye|great|perfect|good|that(?:'s| is) (?:all|great)|no\b|alright|ok)"
)
_ELSE = frozenset({ToolRole.HANDOVER, ToolRole.UNKNOWN, ToolRole.RUN, ToolRole.ASK})


def find(reading: Reading) -> Iterator[Signal]:
    spoken = [view for view in reading.views if view.role in (Role.USER, Role.DECISION) and view.text.strip()]
    agreed: tuple[View, View, re.Match[str]] | None = None
    for before, after in pairwise(spoken):
        if before.role is Role.DECISION and after.role is Role.USER:
            proposed = _PROPOSES.search(before.text[-1_500:])
            if proposed and _YES.match(persons_words(after.text)):
                agreed = (before, after, proposed)
    if agreed is None:
        return
    before, after, proposed = agreed
    if any(act.step > after.index and _is_deed(act) for act in reading.acts) or _went_on(spoken, after):
        return
    start = max(0, len(before.text) - 1_500) + proposed.start()
    yield signal(
        DEFINITION.name,
        before.index,
        "the person says yes to what is proposed, and nothing is done after it",
        around(before.step, before.text, start, start + len(proposed.group()), "outputs"),
        quote(after.step, persons_words(after.text)[:160], "inputs"),
        strength=0.7,
    )


def _is_deed(act: Act) -> bool:
    """A change, tried or made, or anything that may be one."""
    return act.effect is Effect.WRITE or act.role in _ELSE


def _went_on(spoken: list[View], yes: View) -> bool:
    """Was more said of it: by the agent why it cannot be, or by the person about something else?"""
    later = [view for view in spoken if view.index > yes.index]
    said = [view.text for view in later if view.role is Role.DECISION]
    heard = [persons_words(view.text) for view in later if view.role is Role.USER]
    return any(HEDGE.search(text[:4_000]) for text in said) or any(text and not _CLOSES.search(text) for text in heard)


DEFINITION = SignalDefinition(
    name="yes_without_deed",
    definition=(
        "The agent asks for a yes to a change, the person gives it, and no call that changes something or passes the "
        "person on follows, nor a word why not."
    ),
    weakness="English proposals; what is only told after a yes (a price, an explanation) needs no change.",
    find=find,
    meant_for=frozenset({RunKind.BUSINESS, RunKind.RETRIEVAL}),
)
