"""Where each value of the call in question comes from: a person, a result, the instructions, the agent, or nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from ...model.text.jsontext import as_text, parse_if_json, scalars
from ...model.traces import JsonValue
from ..evidence.changes import changes_of
from ..evidence.clue import Kind
from ..evidence.inquiry import Inquiry
from ..reading import Act, Reading, Role
from ..shapes import normal
from ..suspects import Ranked
from .model import Origin, Origins

_MOST = 8
_CALLS = 2
_LEAST_LENGTH = 3
_INSTEAD = 4
_BECAUSE = {
    Kind.ARGUMENT: "good runs hand over other values",
    Kind.EXTRA_CHANGE: "good runs do not make it",
    Kind.REFUSED: "it was refused",
    Kind.UNCONFIRMED: "nobody said yes just before it",
    Kind.CHANGE: "the outcome rests on it",
}


def origins_of(case: Inquiry, ranked: Sequence[Ranked]) -> tuple[Origins, ...]:
    """The values of the two most suspected changes, else of the last one, else of the final answer; empty without any.

    Cost: one search of the text before the call for each of at most eight values.
    """
    reading = case.reading
    found = list(islice(_suspected(reading, ranked), _CALLS))
    if not found and (changes := changes_of(reading)):
        found = [(changes[-1], "the last change of the run")]
    if found:
        return tuple(Origins(act.step, act.tool, why, tuple(_arguments(reading, act))) for act, why in found)
    return tuple(_of_answer(case))


def _of_answer(case: Inquiry) -> Iterator[Origins]:
    final = case.reading.final
    uses = [use for use in case.uses if final is not None and use.step == final.index]
    if final is not None and uses:
        values = {use.value.key: origin(case.reading, "", use.value.text, final.index) for use in uses}
        ordered = sorted(values.values(), key=lambda item: not item.invented)
        yield Origins(final.index, None, "values of the answer", tuple(ordered[:_MOST]))


def _suspected(reading: Reading, ranked: Sequence[Ranked]) -> Iterator[tuple[Act, str]]:
    for suspect, clues in ranked:
        told = next((_BECAUSE[clue.kind] for clue in clues if clue.kind in _BECAUSE), None)
        act = next((act for act in reading.acts if act.step == suspect.step), None)
        if told and act:
            yield act, told


def _arguments(reading: Reading, act: Act) -> Iterator[Origin]:
    for path, value in list(scalars(act.arguments))[:_MOST]:
        yield origin(reading, path, value, act.step)


def origin(reading: Reading, name: str, value: JsonValue, before: int) -> Origin:
    """Where a value stood before a step, by whom it was first said or shown there."""
    wanted = normal(as_text(value) if isinstance(value, bool) or value is None else value)
    if not _is_telling(wanted):
        return Origin(name, value, traced=False)
    shown = next((act for act in reading.acts if _shows(act, wanted, before)), None)
    documents = (
        view.index
        for view in reading.results
        if view.index < before and any(holds(document.content, wanted) for document in view.step.documents)
    )
    return Origin(
        name,
        value,
        person=next((i for i, text in reading.user_turns if i <= before and holds(text, wanted)), None),
        result=shown.done if shown else next(documents, None),
        tool=shown.tool if shown else None,
        instructions=_spoken(reading, wanted, before, Role.CONTEXT),
        agent=_spoken(reading, wanted, before, Role.DECISION),
        instead=tuple(_instead(parse_if_json(shown.result or ""), wanted))[:_INSTEAD] if shown else (),
    )


def holds(text: str, wanted: str) -> bool:
    """Does a text hold these words, not as a part of longer ones?

    >>> holds("order W18, please", "w18"), holds("order W180", "w18")
    (True, False)
    """
    lower = " ".join(text.lower().split())
    at = lower.find(wanted)
    while at != -1:
        end = at + len(wanted)
        if not (lower[at - 1 : at].isalnum() and wanted[0].isalnum()) and not (
            lower[end : end + 1].isalnum() and wanted[-1].isalnum()
        ):
            return True
        at = lower.find(wanted, at + 1)
    return False


def _is_telling(wanted: str) -> bool:
    return len(wanted) >= _LEAST_LENGTH and wanted not in ("true", "false", "null", "none", "yes")


def _shows(act: Act, wanted: str, before: int) -> bool:
    return act.done is not None and act.done < before and bool(act.result) and holds(act.result or "", wanted)


def _spoken(reading: Reading, wanted: str, before: int, role: Role) -> int | None:
    return next(
        (
            view.index
            for view in reading.views
            if view.index < before and view.role is role and holds(view.text, wanted)
        ),
        None,
    )


def _instead(value: JsonValue, wanted: str) -> Iterator[str]:
    """Other values under the same key of a result, or other keys beside it where the value is itself a key."""
    keys = {path.split(".")[-1] for path, item in scalars(value) if normal(item) == wanted} - {""}
    seen = {wanted}
    for path, item in scalars(value):
        if path.split(".")[-1] in keys and not path.split(".")[-1].isdigit() and normal(item) not in seen:
            seen.add(normal(item))
            yield as_text(item)
    for beside in _keys_beside(value, wanted):
        if normal(beside) not in seen:
            seen.add(normal(beside))
            yield beside


def _keys_beside(value: JsonValue, wanted: str) -> Iterator[str]:
    if isinstance(value, dict):
        if any(normal(key) == wanted for key in value):
            yield from value
        for item in value.values():
            yield from _keys_beside(item, wanted)
    elif isinstance(value, list):
        for item in value:
            yield from _keys_beside(item, wanted)
