"""A changing call with an id out of an earlier turn, though the present turn speaks of something else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...store.findings import Signal
from ...store.jsontext import as_text, parse_if_json
from ...store.models import JsonValue
from ..acts import current_turn
from ..effects import Effect, hands_over
from ..quotes import quote
from ..reading import Act, Reading, Role
from ..values import ValueKind, values_in
from .definition import SignalDefinition, signal

_OTHER = re.compile(
    r"(?i)\b(?:other|another|else|as well|also|too|different|second|instead|ander\w*|auch|weiter\w*|zweite\w*|autre|"
    r"aussi|deuxième|otr[oa]s?|también|segund[oa])\b"
)
_THING = re.compile(
    r"(?i)\b(?:the|this|my|der|die|das|den|dem|meine?n?|le|la|les|mon|ma|el|los|las|mi)\s((?:[^\W\d_]+[ -]?){1,3})"
)
_WORD = re.compile(r"[^\W\d_]{4,}")
_COMMON = frozenset(
    [
        *("money", "back", "order", "orders", "from", "that", "this", "with", "have", "same", "other", "please"),
        *("refund", "bought", "item", "items", "first", "second", "address", "email", "mail", "account"),
        *("bestellung", "commande", "pedido", "geld", "argent", "dinero"),
    ]
)


def find(reading: Reading) -> Iterator[Signal]:
    for act in reading.acts:
        if act.effect is not Effect.WRITE or act.asked is None or hands_over(act.tool):
            continue
        turn = _turn_before(reading, act.asked)
        if turn is None:
            continue
        said, now = turn
        things = _things(said)
        if not things or not _OTHER.search(said):
            continue
        for value in values_in(as_text(act.arguments)):
            if value.kind is not ValueKind.ID:
                continue
            record = _record(reading, value.text, act.asked)
            if record is not None and value.text not in now and not things & _words(record):
                yield _signal(reading, act, value.text, sorted(things))
                return


def _turn_before(reading: Reading, asked: int) -> tuple[str, str] | None:
    """The last words of a person before a call, and all that was said and shown since; None in a first turn."""
    texts: list[str] = []
    earlier = False
    said = ""
    for view in reading.views:
        if view.index > asked:
            break
        turns = [view.text] if view.role is Role.USER else []
        if view.role is Role.DECISION:
            mine = current_turn(view) if not said else view.received
            earlier = earlier or (
                not said and len(mine) < len(view.step.new_messages) and _is_told(view.step.new_messages)
            )
            turns = [message.content for message in mine if message.role == "user"]
        for turn in turns:
            if turn.strip():
                earlier = earlier or bool(said)
                said, texts = turn, [turn]
        if view.role is Role.RESULT:
            texts.append(view.text)
    return (said, "\n".join(texts)) if said and earlier else None


def _is_told(messages: tuple[object, ...]) -> bool:
    return any(getattr(message, "role", "") == "assistant" for message in messages)


def _things(said: str) -> set[str]:
    """The words by which a person names what is meant."""
    return {word for match in _THING.finditer(said) for word in _words(match.group(1))} - _COMMON


def _words(text: str) -> set[str]:
    return {match.group().lower() for match in _WORD.finditer(text)}


def _record(reading: Reading, wanted: str, before: int) -> str | None:
    """What was shown of the thing that bears this id: the smallest object with it, else None."""
    found: list[str] = []
    for view in reading.views:
        if view.index >= before:
            break
        shown = [m.content for m in view.step.new_messages if m.role == "tool"]
        shown += [view.text] if view.role is Role.RESULT else []
        for text in shown:
            if wanted in text:
                value = parse_if_json(text)
                found += [as_text(part) for part in _objects(value) if wanted in as_text(part)]
    return min(found, key=len, default=None)


def _objects(value: JsonValue) -> Iterator[JsonValue]:
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if isinstance(item, (dict, list)):
            yield from _objects(item)


def _signal(reading: Reading, act: Act, value: str, things: list[str]) -> Signal:
    step = reading.view(act.step).step
    return signal(
        DEFINITION.name,
        act.step,
        f"{act.tool} gets {value} out of an earlier turn; what is known of it does not mention {', '.join(things[:3])}",
        quote(step, value, "arguments"),
        strength=0.9,
    )


DEFINITION = SignalDefinition(
    name="carried_id",
    definition=(
        "A changing call takes an id from an earlier turn, while the present turn asks about something else (another, "
        "also, too) that the record of that id does not mention."
    ),
    weakness=(
        "Things must be named after an article; a record that names the thing in other words is taken for another one. "
        "English, German, French and Spanish."
    ),
    find=find,
)
