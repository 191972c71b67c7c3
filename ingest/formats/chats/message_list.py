"""Chat messages without an envelope: one conversation as a list or as lines, OpenAI's, Anthropic's or LangChain's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from ....model.errors import BadInputError
from ....model.text.jsontext import as_text, canonical
from ....model.traces import JsonValue
from ..chat import ROLES
from ..dialogue.textloop import with_results
from ..dialogue.turns import plain_message
from ..evaluated import Evaluated, evaluated_batch
from ..fields import mapping
from ..head import Head
from ..records import ReadItem, RecordError, Source, json_records

CONVENTION = "message-list"
_SAID = {"content", "parts", "tool_calls", "function_call"}
_ENVELOPES = {"human", "ai", "system", "tool", "function", "constructor", "AIMessageChunk", "HumanMessageChunk"}


def sniff(head: Head) -> bool:
    """Whether the first records are chat messages and nothing else."""
    records = [mapping(record) for record in head.records[:3]]
    return bool(records) and all(map(_is_message, records))


def _is_message(value: dict[str, JsonValue]) -> bool:
    inner = value.get("data") if isinstance(value.get("data"), dict) else value.get("kwargs")
    said = plain_message(value)
    role = as_text(said.get("role") or said.get("type")).lower()
    if role not in ROLES or "run_id" in value or "sessionId" in value:
        return False
    return bool(_SAID & said.keys()) or (isinstance(inner, dict) and as_text(value.get("type")) in _ENVELOPES)


def read(source: Source) -> Iterator[ReadItem]:
    """One batch: the messages of the file in their order are one conversation, whose id follows from them.

    A line or item that is no message is reported and left out.
    """
    turns: list[JsonValue] = []
    digest = hashlib.sha256()
    for record in json_records(source):
        if isinstance(record, RecordError):
            yield record
        elif not _is_message(mapping(record.value)):
            yield source.error(record.where, "No chat message: an object with a role and content is one.")
        else:
            turns.append(record.value)
            digest.update(canonical(record.value))
            source.limits.check_steps(len(turns), where=record.where)
    if not turns:
        return
    try:
        yield evaluated_batch(
            Evaluated(f"chat-{digest.hexdigest()[:24]}", with_results(turns)), CONVENTION, source, "file"
        )
    except BadInputError as err:
        yield source.error(err.where or "file", str(err))
