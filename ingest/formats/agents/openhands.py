"""OpenHands runs: saved trajectories, evaluation output (`output.jsonl`), and the events of a conversation's folder.

An event is told by `action` and `observation` in the older form, by `kind` in the SDK's. Several actions of one answer
are one model step. Events that only tell of the state of the machinery are counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ....model.errors import BadInputError
from ....model.traces import JsonValue, Outcome, SpanBatch, TraceFacts
from ..fields import digest_of, mapping, optional_text, sequence
from ..head import Head
from ..records import ReadItem, Record, RecordError, Source, json_records, opened
from ..session import SessionBuilder, left_out_of
from .openhands_events import KINDS, Conversation

CONVENTION = "openhands"
_AGENT = "openhands"
_EVENT_FILE = re.compile(r"(?:event-)?\d{1,9}(?:-[0-9a-fA-F-]{4,64})?\.json")


def sniff(head: Head) -> bool:
    """Whether the first records are events, or hold a history of them."""
    first = head.first
    history = sequence(first.get("history")) or sequence(first.get("events")) or sequence(first.get("trajectory"))
    if history and "instance_id" in first:
        return _is_event(_flat(history[:2])[0])
    return any(_is_event(mapping(record)) for record in head.records[:3])


def _is_event(event: dict[str, JsonValue]) -> bool:
    if event.get("kind") in KINDS:
        return True
    is_told = isinstance(event.get("action"), str) or isinstance(event.get("observation"), str)
    return is_told and "source" in event and ("args" in event or "extras" in event or "message" in event)


def is_event_file(path: Path) -> bool:
    """Whether a file of a folder is one event of a conversation that is kept in an `events` folder."""
    return path.parent.name == "events" and _EVENT_FILE.fullmatch(path.name) is not None


def is_read_with_others(path: Path) -> bool:
    """Whether an event's file is read with the first of its folder."""
    return is_event_file(path) and path != _event_files(path.parent)[0]


def _event_files(folder: Path) -> list[Path]:
    files = [path for path in folder.iterdir() if _EVENT_FILE.fullmatch(path.name)]
    return sorted(files, key=lambda path: (int(re.findall(r"\d+", path.name)[0]), path.name))


def read(source: Source) -> Iterator[ReadItem]:
    """A batch a run."""
    loose: list[dict[str, JsonValue]] = []
    for file in _sources(source):
        for record in json_records(file):
            value = mapping(record.value) if isinstance(record, Record) else {}
            history = next((value[name] for name in ("history", "events", "trajectory") if value.get(name)), None)
            if isinstance(record, RecordError):
                yield record
            elif isinstance(history, list):
                yield from _run(source, record, value, _flat(history))
            elif _is_event(value) or "llm_metrics" in value:
                loose.append(value)
            else:
                yield file.error(record.where, "No event: 'action', 'observation' and 'kind' are all missing.")
    if loose:
        yield from _run(source, Record("file", None), {}, loose)


def _sources(source: Source) -> Iterator[Source]:
    if source.path is None or not is_event_file(source.path):
        yield source
        return
    for path in _event_files(source.path.parent):
        yield Source(str(path), path.name, partial(opened, path), source.limits, path)


def _flat(history: list[JsonValue]) -> list[dict[str, JsonValue]]:
    """Events, which the oldest outputs hold as pairs of an action and its observation."""
    events: list[dict[str, JsonValue]] = []
    for item in history:
        events += map(mapping, item if isinstance(item, list) else [item])
    return events


def _run(
    source: Source, record: Record, whole: dict[str, JsonValue], events: list[dict[str, JsonValue]]
) -> Iterator[ReadItem]:
    instance = optional_text(whole.get("instance_id"))
    conversation = Conversation(SessionBuilder(_key(source, instance, events), CONVENTION, _AGENT))
    try:
        source.limits.check_size(record.size, where=record.where)
        source.limits.check_steps(len(events), where=record.where)
        for index, event in enumerate(events):
            conversation.add(event, index)
    except BadInputError as err:
        yield source.error(record.where, str(err))
        return
    builder = conversation.builder
    result = mapping(whole.get("test_result"))
    resolved = whole.get("resolved", mapping(result.get("report")).get("resolved"))
    error = optional_text(whole.get("error"))
    facts = TraceFacts(
        builder.trace_key,
        task=instance,
        session=builder.trace_key if instance is None else None,
        outcome=(Outcome.PASS if resolved else Outcome.FAIL) if isinstance(resolved, bool) else None,
        metadata={"error": error} if error else None,
    )
    batch = SpanBatch(builder.spans, [facts])
    if not batch.spans:
        yield source.error(record.where, "The run has no turns.")
        return
    yield batch
    yield from left_out_of(source.file, conversation.left_out)


def _key(source: Source, instance: str | None, events: list[dict[str, JsonValue]]) -> str:
    """The conversation's folder, else the instance or the file, with what its events are: names come again."""
    if source.path is not None and is_event_file(source.path):
        return source.path.parent.parent.name
    digest = digest_of([_told(event) for event in events])
    return f"{instance or source.name.rpartition('.')[0] or source.name}-{digest}"


def _told(event: dict[str, JsonValue]) -> list[JsonValue]:
    return [event.get(name) for name in ("id", "timestamp", "kind", "action", "observation", "args", "content")]
