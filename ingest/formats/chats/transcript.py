"""Dialogues in files of no known product: told by their shape, whatever the fields are called.

A run is an object with a list of turns somewhere in it, or a list of turns by itself. What stands beside it (an id, a
task, marks of a grader, what was expected) is taken where its name says what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from ....model.errors import BadInputError
from ....model.text.jsontext import as_text
from ....model.traces import JsonValue, SpanBatch
from ..dialogue.beside import about, key_of, marks_of, task_of
from ..dialogue.textloop import with_results
from ..dialogue.turns import single_turns
from ..dialogue.voices import is_dialogue, is_exchange, is_turn, plain_turns
from ..evaluated import Evaluated, evaluated_batch
from ..fields import digest_of, mapping, optional_text, sequence
from ..head import Head
from ..judgements import first_of
from ..records import ReadItem, Record, RecordError, Source, each_record, json_records

CONVENTION = "transcript"
_DEPTH = 3
_HEAD = 20
_EXPECTED = ("expected", "expected_output", "ground_truth", "gold", "target", "reference_answer", "correct_diagnosis")
_SYSTEM = ("system_prompt", "system", "instructions")
_GREETING = ("greeting", "first_message")


def sniff(head: Head) -> bool:
    """Whether the records are turns of a dialogue, or the first one holds such a list."""
    return _is_turns(list(head.records)) or bool(list(_runs(head.first)))


def read(source: Source) -> Iterator[ReadItem]:
    """One batch per dialogue; a file of turns is one."""
    records = json_records(source)
    head = list(islice(records, _HEAD))
    if _is_turns([record.value for record in head if isinstance(record, Record)]):
        yield from _one_dialogue(chain(head, records), source)
    else:
        yield from each_record(source, lambda record: _run(record, source), lambda _: _parts(chain(head, records)))


def _one_dialogue(records: Iterable[Record | RecordError], source: Source) -> Iterator[ReadItem]:
    turns: list[JsonValue] = []
    for record in records:
        if isinstance(record, RecordError):
            yield record
        else:
            turns.append(record.value)
            source.limits.check_steps(len(turns), where=record.where)
    try:
        yield _batch({}, turns, source, Record("file", turns))
    except BadInputError as err:
        yield source.error(err.where or "file", str(err))
    if others := sum(not is_turn(turn) for turn in turns):
        yield source.left_out("records without words", others, "They hold nobody's turn.")


def _parts(records: Iterable[Record | RecordError]) -> Iterator[Record | RecordError]:
    for record in records:
        held = list(_runs(mapping(record.value))) if isinstance(record, Record) else []
        if isinstance(record, Record) and held:
            yield from (Record(place or record.where, item, record.size) for place, item in held)
        else:
            yield record


def _runs(value: dict[str, JsonValue]) -> Iterator[tuple[str, JsonValue]]:
    """The runs of a record: itself where a list of turns is its own, else the items of a list that have one."""
    if _turns_in(value):
        yield "", value
        return
    for name, held in value.items():
        items = [mapping(item) for item in sequence(held)]
        if items and _turns_in(items[0]):
            yield from ((f"{name}[{index}]", item) for index, item in enumerate(items))


def _run(record: Record, source: Source) -> SpanBatch:
    value = mapping(record.value)
    turns = _turns_in(value)
    if not turns:
        raise BadInputError("No dialogue: no list of turns with a speaker and words was found.")
    source.limits.check_size(record.size, where=record.where)
    return _batch(value, turns, source, record)


def _batch(value: dict[str, JsonValue], raw: list[JsonValue], source: Source, record: Record) -> SpanBatch:
    source.limits.check_steps(len(raw), where=record.where)
    turns = plain_turns(raw)
    opening: list[JsonValue] = []
    if (system := first_of(value, *_SYSTEM)) is not None and isinstance(system, str):
        opening.append({"role": "system", "content": system})
    if isinstance(greeting := first_of(value, *_GREETING), str) and greeting not in as_text(raw[:1]):
        opening.append({"role": "assistant", "content": greeting})
    run = Evaluated(
        key_of(value) or f"transcript-{digest_of(record.value)}",
        with_results([turn for _, turn in single_turns([*opening, *turns])]),
        task=task_of(value),
        version=optional_text(value.get("version")),
        expected=first_of(value, *_EXPECTED),
        notes=list(marks_of(value, CONVENTION)),
        metadata=about(value),
    )
    return evaluated_batch(run, CONVENTION, source, record.where)


def _turns_in(value: dict[str, JsonValue]) -> list[JsonValue]:
    """The list of turns with the most of them; one with speakers goes before one of exchanges."""
    lists = list(_lists(value, 0))
    spoken = [held for held in lists if is_dialogue(held)]
    return max(spoken or [held for held in lists if is_exchange(held)], key=len, default=[])


def _is_turns(values: list[JsonValue]) -> bool:
    return all(isinstance(value, dict) for value in values) and is_dialogue(values) and len(values) > 1


def _lists(value: dict[str, JsonValue], level: int) -> Iterator[list[JsonValue]]:
    for held in value.values():
        if isinstance(held, list) and held:
            yield held
        elif isinstance(held, dict) and level + 1 < _DEPTH:
            yield from _lists(held, level + 1)
