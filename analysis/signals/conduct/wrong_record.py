"""A changing call takes one record, though the person names another that stands beside it."""

from __future__ import annotations

from collections.abc import Iterator

from ....model.findings import Signal
from ....model.text.jsontext import as_text, scalars
from ....model.traces import JsonValue
from ...reading import Act, Reading, Role
from ...run_kinds import RunKind
from ...texts.quotes import quote
from ...texts.records import Record, marks_of, named_in, records_with
from ...tools.tool_roles import ToolRole, words_of
from ...values import ValueKind, values_in
from ...wording import AGREEMENT
from ..definition import SignalDefinition, signal

_STEM = 5
_LEAST = 4
_COMMON = named_in(
    "please cancel cancelled change changed confirm confirmed book booked order orders appointment booking active open "
    "pending delivered processed scheduled true false none null with from this that have want would like name status "
    "date time user customer patient available standard basic other same first last next back need could"
)


def find(reading: Reading) -> Iterator[Signal]:
    changed = {
        as_text(item) for act in reading.acts if act.role is ToolRole.WRITE for _, item in scalars(act.arguments)
    }
    for act in reading.acts:
        if act.role is not ToolRole.WRITE or act.asked is None or act.failed:
            continue
        said = _said_before(reading, act.asked)
        if not _asks_for(said, act.tool):
            continue
        for wanted in dict.fromkeys(as_text(item) for _, item in scalars(act.arguments)):
            found = _misnamed(reading, act, wanted, said, changed) if _is_id(wanted) and wanted not in said else None
            if found:
                yield _signal(reading, act, wanted, found)
                return


def _said_before(reading: Reading, asked: int) -> str:
    """The last words of a person before the call; empty where they only agree to what the agent proposed."""
    turns = [text for index, text in reading.user_turns if index <= asked]
    last = turns[-1] if turns else ""
    return "" if AGREEMENT.match(last.strip()) or len(last) > 4_000 else last


def _asks_for(said: str, tool: str) -> bool:
    """Do the words ask for this very act, by its verb or its thing?"""
    told = {word[:_STEM] for word in named_in(said)}
    return any(word[:_STEM] in told for word in words_of(tool) if len(word) >= _LEAST)


def _misnamed(reading: Reading, act: Act, wanted: str, said: str, changed: set[str]) -> frozenset[str] | None:
    """The words by which the person names a record beside the one that is taken, and not that one."""
    named = named_in(said) - _COMMON
    for text in _shown(reading, act):
        for record in records_with(text, wanted):
            if record.marks & named:
                return None  # the person may mean this one
            shared = _ids(record.row)
            others = [row for row in record.beside if not (_ids(row) - shared) & changed]
            best = max((_own_marks(row, record) & named for row in others), key=len, default=frozenset())
            if best:
                return frozenset(best)
    return None


def _own_marks(row: JsonValue, record: Record) -> frozenset[str]:
    """What tells this row from all the others of its list."""
    mine = marks_of(row)
    rest = [record.row, *(other for other in record.beside if other is not row)]
    return mine - frozenset(mark for other in rest for mark in marks_of(other))


def _ids(row: JsonValue) -> set[str]:
    return {text for _, item in scalars(row) if _is_id(text := as_text(item))}


def _is_id(text: str) -> bool:
    values = list(values_in(text)) if 2 < len(text) < 60 and " " not in text else []
    return len(values) == 1 and (values[0].kind is ValueKind.ID or (text.isdigit() and len(text) > 4))


def _shown(reading: Reading, act: Act) -> Iterator[str]:
    """Results before the call, the newest first, those of earlier turns last."""
    before = [
        other.result for other in reading.acts if other.done is not None and other.result and other.done <= act.step
    ]
    yield from reversed(before)
    yield from (message.content for message in reversed(reading.earlier) if message.role == "tool")


def _signal(reading: Reading, act: Act, wanted: str, found: frozenset[str]) -> Signal:
    told = ", ".join(sorted(found)[:3])
    said = [view for view in reading.views[: act.step + 1] if view.role is Role.USER][-1:]
    return signal(
        DEFINITION.name,
        act.step,
        f"{act.tool} takes {wanted}, though the person names another record beside it: {told}",
        quote(reading.view(act.step).step, wanted, "arguments"),
        *(quote(view.step, view.text.strip()[:160], "inputs") for view in said),
        strength=0.8,
    )


DEFINITION = SignalDefinition(
    name="wrong_record",
    definition=(
        "A changing call takes the id of a record of which the person's last words name nothing; they name by word, "
        "date or time exactly one that stands beside it in the same result."
    ),
    weakness="A person who names one record and means another; records are seen in JSON results only.",
    find=find,
    meant_for=frozenset({RunKind.BUSINESS}),
)
