"""A changing call with an id out of an earlier turn, though the present turn speaks of something else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ....model.findings import Evidence, Signal
from ....model.text.jsontext import as_text, scalars
from ....model.traces import JsonValue
from ...acts import current_turn
from ...effects import Effect, hands_over
from ...reading import Act, Reading, Role, View
from ...run_kinds import RunKind
from ...texts.quotes import around, quote
from ...values import ValueKind, values_in
from ...wording import AGREEMENT
from ..definition import SignalDefinition, signal

_OTHER = re.compile(
    r"(?i)\b(?:other|another|else|as well|also|second|ander\w*|auch|weiter\w*|zweite\w*|autre|"
    r"aussi|deuxième|otr[oa]s?|también|segund[oa])\b"
)
_THING = re.compile(
    r"(?i)\b(?:the|this|my|der|die|das|den|dem|meine?n?|le|la|les|mon|ma|el|los|las|mi)\s((?:[^\W\d_]+[ -]?){1,3})"
)
_PERSON = re.compile(r"(?i)user|customer|client|caller")
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
        things = set() if AGREEMENT.search(said[:600]) else _things(said)
        if not things:
            continue
        for value in values_in(_of_things(act.arguments)):
            if value.kind is not ValueKind.ID:
                continue
            record = _record(reading, value.text, act.asked)
            if record is not None and value.text not in now and not things & _words(record + as_text(act.arguments)):
                yield _signal(reading, act, value.text, sorted(things))
                return


def _of_things(arguments: JsonValue) -> str:
    """The values handed over, but for who is spoken to: a person stays the same whatever is talked about."""
    return "\n".join(as_text(item) for path, item in scalars(arguments) if not _PERSON.search(path))


def _turn_before(reading: Reading, asked: int) -> tuple[str, str] | None:
    """The last words of a person before a call, and all that was said and shown since; None in a first turn."""
    texts: list[str] = []
    earlier = bool(reading.given)
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
    """The words by which a person names another thing than before."""
    sentences = [sentence for sentence in re.split(r"[.!?\n]+", said) if _OTHER.search(sentence)]
    named = {word for sentence in sentences for match in _THING.finditer(sentence) for word in _words(match.group(1))}
    return named - _COMMON


def _words(text: str) -> set[str]:
    return {match.group().lower() for match in _WORD.finditer(text)}


def _record(reading: Reading, wanted: str, before: int) -> str | None:
    """All that was said and shown together with this id before the call; None where nothing was."""
    found = [message.content for message in reading.given if message.role != "user" and wanted in message.content]
    for view in reading.views:
        if view.index > before:
            break
        told = [m.content for m in view.step.new_messages if m.role in ("tool", "assistant")]
        told += [view.text] if view.role in (Role.RESULT, Role.DECISION) and view.index < before else []
        found += [text for text in told if wanted in text]
    return "\n".join(found) or None


def _quoted(view: View, thing: str) -> Evidence | None:
    """A person's words about the thing, where this step shows them."""
    texts = [view.text] if view.role is Role.USER else [m.content for m in view.received if m.role == "user"]
    for text in texts:
        match = re.search(rf"(?i)\b{re.escape(thing)}\b", text)
        if match:
            return around(view.step, text, match.start(), match.end(), "inputs")
    return None


def _signal(reading: Reading, act: Act, value: str, things: list[str]) -> Signal:
    step = reading.view(act.step).step
    said = [found for view in reading.views[: act.step + 1] for thing in things[:1] if (found := _quoted(view, thing))]
    return signal(
        DEFINITION.name,
        act.step,
        f"{act.tool} gets {value} out of an earlier turn; nothing shown with it mentions {', '.join(things[:3])}",
        quote(step, value, "arguments"),
        *said[-1:],
        strength=0.9,
    )


DEFINITION = SignalDefinition(
    name="carried_id",
    definition=(
        "A changing call takes an id from an earlier turn, while the present turn asks about something else (another, "
        "also) that nothing shown or said together with that id mentions."
    ),
    weakness=(
        "Things must be named after an article; a record that names the thing in other words is taken for another one. "
        "English, German, French and Spanish."
    ),
    find=find,
    meant_for=frozenset({RunKind.BUSINESS, RunKind.TEAM}),
)
