"""Codex rollout files: `{timestamp, type, payload}` a line, one session a file; older ones hold the bare items.

The first `session_meta` names the session; later ones belong to a copy of the session that this one was forked from or
started by, whose turns are context and no steps. `event_msg` records repeat what `response_item` records hold; token
counts, errors and undone turns are taken from them. What the model gives between two turns of others (reasoning, text,
calls) is one step.
"""

from __future__ import annotations

from collections.abc import Iterator

from ....model.errors import BadInputError
from ....model.traces import JsonValue
from ..fields import mapping
from ..head import Head
from ..records import ReadItem, Record, RecordError, Source, json_records
from ..session import left_out_of
from .codex_parents import copied_item, parent_items
from .codex_session import ITEM_TYPES, Rollout

CONVENTION = "codex"
_TYPES = (
    "session_meta",
    "turn_context",
    "response_item",
    "event_msg",
    "compacted",
    "token_usage_record",
    "world_state",
    "inter_agent_communication",
)


def sniff(head: Head) -> bool:
    """Whether the first records are of a rollout."""
    first = head.first
    if first.get("type") in _TYPES and "payload" in first:
        return True
    later = mapping(head.records[1]) if len(head.records) > 1 else {}
    is_named = {"id", "timestamp"} <= first.keys() and bool({"instructions", "git"} & first.keys())
    return is_named and (later.get("type") in ITEM_TYPES or "record_type" in later)


def read(source: Source) -> Iterator[ReadItem]:
    """One batch: the session."""
    records: list[Record] = []
    for record in json_records(source):
        if isinstance(record, RecordError):
            yield record
        elif isinstance(record.value, dict):
            records.append(Record(record.where, _enveloped(record.value)))
        else:
            yield source.error(record.where, "A record of a rollout is an object.")
    rollout = Rollout.of(records, source.name.rpartition(".")[0] or source.name, CONVENTION)
    inherited = _inherited(source, records, rollout.parent)
    for index, record in enumerate(records):
        try:
            rollout.add(record, is_inherited=index < inherited)
        except BadInputError as err:
            yield source.error(record.where, str(err))
    batch = rollout.batch()
    if not batch.spans:
        is_session = any(mapping(record.value).get("type") == "session_meta" for record in records)
        yield source.left_out("sessions without turns", 1) if is_session else source.error("file", "No turns in it.")
        return
    yield batch
    yield from left_out_of(source.file, rollout.left_out)


def _enveloped(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """A record of the first rollouts, which have no envelope, in the form of today's."""
    if "payload" in value:
        return value
    if value.get("type") in ITEM_TYPES:
        return {"timestamp": value.get("timestamp"), "type": "response_item", "payload": value}
    if "id" in value and "type" not in value:
        return {"timestamp": value.get("timestamp"), "type": "session_meta", "payload": value}
    return {"type": value.get("record_type") or value.get("type"), "payload": value}


def _inherited(source: Source, records: list[Record], parent: str | None) -> int:
    """How many records at the beginning are a copy of the parent's, by comparing them with its file where it lies."""
    if parent is None:
        return 0
    theirs = parent_items(source, parent)
    end = 0
    for index, record in enumerate(records):
        if (own := copied_item(mapping(record.value))) is not None:
            if own != next(theirs, None):
                break
            end = index + 1
    return end
