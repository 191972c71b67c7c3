"""Claude Code session files: one record a line, sub-agents in files beside them.

One session is one trace, with the steps of each sub-agent below the call that started it. A sub-agent that no call
started is a trace of its own in the same session. Turns that were taken back are folded; records that are no turns are
counted.
"""

from __future__ import annotations

from collections.abc import Iterator

from ....model.errors import BadInputError
from ....model.text.jsontext import as_text
from ....model.traces import JsonValue
from ..fields import digest_of, mapping
from ..head import Head
from ..records import ReadItem, Record, RecordError, Source, json_records
from ..session import left_out_of
from .claude_code_files import agent_type, session_files
from .claude_code_links import TURNS, sessions_of
from .claude_code_session import Session

CONVENTION = "claude-code"
OTHER_TYPES = (
    "system",
    "summary",
    "attachment",
    "queue-operation",
    "file-history-snapshot",
    "last-prompt",
    "permission-mode",
    "progress",
    "custom-title",
    "ai-title",
)


def sniff(head: Head) -> bool:
    """Whether the first records are of a Claude Code session."""
    for record in head.records:
        value = mapping(record)
        if value.get("type") in TURNS and "uuid" in value and "message" in value and "session_id" not in value:
            return True
        if value.get("type") in OTHER_TYPES and ("sessionId" in value or "leafUuid" in value or "messageId" in value):
            return True
    return False


def read(source: Source) -> Iterator[ReadItem]:
    """A batch a session: the session with its sub-agents."""
    main, *agents = session_files(source)
    records, errors = _records(main)
    yield from errors
    groups = sessions_of(records, main.name.rpartition(".")[0] or main.name)
    others: list[tuple[Source, list[Record]]] = []
    for file in agents:
        found, errors = _records(file)
        yield from errors
        others.append((file, found))
    is_empty = True
    for group in groups:
        session = Session(group.key or _nameless(main, group.own), CONVENTION)
        session.inherit(group.inherited)
        session.take(group.own)
        for file, found in others if group is groups[-1] else []:
            session.agent_types[_agent_of(found)] = agent_type(file)
            session.take(found)
        session.finish()
        yield from (main.error(where, what) for where, what in session.errors)
        for batch in session.batches():
            is_empty = False
            yield batch
        if not is_empty:
            yield from left_out_of(main.file, session.left_out)
    if is_empty and any(_value(record).get("type") in OTHER_TYPES for record in records):
        yield source.left_out("sessions without turns", 1)
    elif is_empty:
        yield source.error("file", "The session has no turns.")


def _records(source: Source) -> tuple[list[Record], list[RecordError]]:
    """The records of a file that are objects, and what is wrong with the others."""
    records: list[Record] = []
    errors: list[RecordError] = []
    for record in json_records(source):
        if isinstance(record, RecordError):
            errors.append(record)
        elif not isinstance(record.value, dict):
            errors.append(source.error(record.where, str(BadInputError("A record of a session is an object."))))
        else:
            records.append(record)
    return records, errors


def _agent_of(records: list[Record]) -> str:
    return next((as_text(_value(record).get("agentId")) for record in records if _value(record).get("agentId")), "")


def _value(record: Record) -> dict[str, JsonValue]:
    return mapping(record.value)


def _nameless(source: Source, records: list[Record]) -> str:
    """A key for a session that names none: files of one name must not become one trace."""
    stem = source.name.rpartition(".")[0] or source.name
    first = next((record for record in records if _value(record).get("type") in TURNS), None)
    return f"{stem}-{digest_of(first.value)}" if first else stem
