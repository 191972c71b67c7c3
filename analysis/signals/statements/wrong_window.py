"""The agent says that something lies within a span of time, and the times in the records say that it does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from ....model.findings import Signal
from ....model.text.jsontext import parse_if_json, scalars
from ...reading import Reading, Role
from ...run_kinds import INFORMED
from ...texts.quotes import around, quote
from ..definition import SignalDefinition, signal

_STAMP = re.compile(r"\b(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})?")
_NOW = re.compile(
    r"(?i)(?:current (?:date and )?time|today|now|it(?:'s|"
    r" is))\b[^\n]{0,40}?(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?)"
)
_WITHIN = re.compile(
    r"(?i)\b(?P<not>not |outside |isn't |wasn't |more than |over )?(?:made |booked |created |placed |bought |"
    r"purchased |"
    r"ordered )?(?:within|in|inside)? ?(?:the )?(?:last|past|previous) (?P<n>\d{1,3}|"
    r"twenty-four)[ -]?(?P<unit>hours?|hrs?|h)\b"
)
_UNSURE = re.compile(r"(?i)\b(?:if|unless|whether|only|must|can be|could|would|policy|either|any of|when|also)\b")
_BEGAN = re.compile(
    r"(?i)(?:creat|book|order|purchas|plac|issu|register|open|submit)\w*(?:_?(?:at|on|date|time|timestamp))?$"
)


def find(reading: Reading) -> Iterator[Signal]:
    now = _now(reading)
    if now is None:
        return
    began: list[tuple[int, str, datetime]] = []
    for view in reading.views:
        if view.role is Role.RESULT:
            began += _times(view.index, view.text, view.step.outputs)
        elif view.role is Role.DECISION and began:
            yield from _told(reading, view.index, view.text[:6_000], began, now)


def _told(
    reading: Reading, index: int, text: str, began: list[tuple[int, str, datetime]], now: datetime
) -> Iterator[Signal]:
    for match in _WITHIN.finditer(text):
        start = max(text.rfind(mark, 0, match.start()) for mark in ".!?\n") + 1
        stop = min((at for at in (text.find(mark, match.end()) for mark in "!?\n") if at >= 0), default=len(text))
        sentence = text[start : stop + 1]
        if (
            match["not"]
            or sentence.endswith("?")
            or _UNSURE.search(text[start : match.start()])
            or re.search(r"(?i)\bnot\b|n't", sentence)
        ):
            continue
        meant = [item for item in began if item[1][:10] in sentence] or (
            began if len({b[1] for b in began}) == 1 else []
        )
        span = timedelta(hours=24 if match["n"].lower() == "twenty-four" else int(match["n"]))
        if meant and all(now - moment > span for _, _, moment in meant):
            step, stamp, moment = meant[-1]
            hours = int((now - moment).total_seconds() // 3600)
            yield signal(
                DEFINITION.name,
                index,
                f"says that it lies within {span.total_seconds() / 3600:.0f} hours; {stamp} is {hours} hours ago",
                around(reading.view(index).step, text, match.start(), match.end(), "outputs"),
                quote(reading.view(step).step, stamp, "outputs"),
                strength=0.9,
            )
            return


def _now(reading: Reading) -> datetime | None:
    """What the instructions call the present time."""
    for view in reading.views[:3]:
        for text in (view.text, *(message.content for message in view.received)):
            if found := _NOW.search(text[:40_000]):
                return _moment(found[1])
    return None


def _times(step: int, text: str, value: object) -> Iterator[tuple[int, str, datetime]]:
    held = parse_if_json(text)
    for path, item in scalars(held if isinstance(held, dict | list) else None):
        if isinstance(item, str) and _BEGAN.search(path.rpartition(".")[2]) and (found := _STAMP.match(item)):
            moment = _moment(found.group())
            if moment is not None:
                yield step, item, moment


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.replace(" ", "T", 1))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


DEFINITION = SignalDefinition(
    name="wrong_window",
    definition=(
        "The agent says that something was made within the last so many hours, while the instructions name the present "
        "time and the record's own time of creation lies further back."
    ),
    weakness="English; hours alone; a record whose time stands under a name of its own is passed over.",
    find=find,
    meant_for=INFORMED,
)
