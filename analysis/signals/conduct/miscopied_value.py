"""An id, number or address that the agent takes over almost, but not quite, as it was given."""

from __future__ import annotations

from collections.abc import Iterator

from rapidfuzz.distance import OSA

from ....model.findings import Signal
from ....model.text.jsontext import as_text, scalars
from ....model.traces import JsonValue
from ...reading import Reading, Role
from ...run_kinds import INFORMED, RunKind
from ...texts.quotes import around, quote
from ...values import Value, ValueKind, values_in
from ..definition import SignalDefinition, signal

_LEAST = 8
"""Shorter ids are alike by chance."""
_NEAR = 1
_NEAR_EMAIL = 3
_KINDS = (ValueKind.EMAIL, ValueKind.ID, ValueKind.NUMBER)


def find(reading: Reading) -> Iterator[Signal]:
    known: dict[str, tuple[int, Value]] = {}
    told: set[str] = set()
    for message in reading.earlier:
        _learn(known, 0, message.content)
    for view in reading.views:
        if view.role is Role.DECISION:
            for message in view.received:
                _learn(known, view.index, message.content)
            for text, start in _own(view.text, reading, view.index):
                for value in _of_interest(text):
                    near = _near(value, known)
                    if near is not None and near[1].normal not in told:
                        told.add(near[1].normal)
                        yield _signal(reading, view.index, text, value, near, start)
            _learn(known, view.index, view.text)
            for act in reading.acts_by_asker.get(view.index, ()):
                _learn(known, view.index, as_text(act.arguments))
        else:
            _learn(known, view.index, view.text)
            _learn_values(known, view.index, view.step.inputs)


def _own(text: str, reading: Reading, step: int) -> Iterator[tuple[str, bool]]:
    """The agent's words and the arguments of its calls; whether it is words."""
    yield text, True
    for act in reading.acts_by_asker.get(step, ()):
        for _, item in scalars(act.arguments):
            if isinstance(item, str | int):
                yield str(item), False


def _learn(known: dict[str, tuple[int, Value]], step: int, text: str) -> None:
    for value in _of_interest(text):
        known.setdefault(value.normal, (step, value))


def _learn_values(known: dict[str, tuple[int, Value]], step: int, value: JsonValue) -> None:
    for _, item in scalars(value):
        _learn(known, step, str(item))


def _of_interest(text: str) -> Iterator[Value]:
    for value in values_in(text):
        if value.kind is ValueKind.EMAIL or (value.kind in _KINDS and _weight(value) >= _LEAST):
            yield value


def _weight(value: Value) -> int:
    """Characters that tell one id from another; an amount is none, nor is a name of a program."""
    digits = sum(character.isdigit() for character in value.normal)
    is_id = digits >= 3 and not any(mark in value.normal for mark in "._%")
    return len(value.normal.strip("#-_")) if is_id else 0


def _near(value: Value, known: dict[str, tuple[int, Value]]) -> tuple[int, Value] | None:
    """The one value of its kind that it nearly is; None where it is known itself or several are as near."""
    if value.normal in known:
        return None
    limit = _NEAR_EMAIL if value.kind is ValueKind.EMAIL else _NEAR
    near = [
        (step, other)
        for normal, (step, other) in known.items()
        if other.kind is value.kind and _is_slip(value, normal, limit)
    ]
    return near[0] if len(near) == 1 else None


def _is_slip(value: Value, other: str, limit: int) -> bool:
    """A letter wrong, missing, too many or changed with its neighbour; in an address, in its name or its host alone."""
    if OSA.distance(value.normal, other, score_cutoff=limit) > limit:
        return False
    if value.kind is ValueKind.EMAIL:
        name, _, host = value.normal.partition("@")
        other_name, _, other_host = other.partition("@")
        return (name == other_name) != (host == other_host) and min(len(name), len(other_name)) >= 5
    return not _counts_on(value.normal, other)


def _counts_on(one: str, other: str) -> bool:
    """Do they differ in their last two characters alone, as the next of a row does?"""
    return one[:-2] == other[:-2]


def _signal(reading: Reading, index: int, text: str, value: Value, near: tuple[int, Value], is_words: bool) -> Signal:
    step, source = near
    own, view = reading.view(index).step, reading.view(step)
    shown = around(own, text, value.start, value.end, "outputs") if is_words else quote(own, value.text, "arguments")
    return signal(
        DEFINITION.name,
        index,
        f"{value.text} stands nowhere before, and {source.text} is one slip away",
        shown,
        quote(view.step, source.text),
        strength=0.8,
    )


DEFINITION = SignalDefinition(
    name="miscopied_value",
    definition=(
        "The agent says or hands on an id, a long number or an e-mail address that stands nowhere before and "
        "differs by "
        "a slip of the pen from the one value of its kind that does."
    ),
    weakness="Values that differ only at their end count on and are passed over; two real values may be neighbours.",
    find=find,
    meant_for=INFORMED | {RunKind.CHAT},
)
