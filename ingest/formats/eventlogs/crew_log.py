"""The log of tasks that CrewAI writes (`output_log_file`), as text or as JSON: a trace each time that the crew ran."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePath

from ....model.text.jsontext import as_text
from ....model.traces import JsonValue, Message, SpanBatch, Status, StepError, TraceFacts
from ..fields import digest_of, mapping, time_ns
from ..head import Head
from ..records import ReadItem, Record, RecordError, Source, json_records
from ..session import SessionBuilder

CONVENTION = "crewai-log"
_NAMES = ("task_name", "task", "agent", "status")
_ENTRY = re.compile(r'^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d): (?=task_name=")', re.MULTILINE)
_FIELDS = re.compile(
    r'task_name="(?P<task_name>.*?)", task="(?P<task>.*?)", agent="(?P<agent>.*?)", status="(?P<status>\w+)"'
    r'(?:, output="(?P<output>.*)")?\s*\Z',
    re.DOTALL,
)


def sniff(head: Head) -> bool:
    """Whether the beginning is an entry of the log, as a line of text or as JSON."""
    return _ENTRY.match(head.data.decode("utf-8", "replace").lstrip()) is not None or _is_entry(head.first)


def _is_entry(value: dict[str, JsonValue]) -> bool:
    return all(isinstance(value.get(name), str) for name in _NAMES) and "timestamp" in value


def read(source: Source) -> Iterator[ReadItem]:
    """A batch a run of the crew: a new one begins where its first task starts again."""
    entries: list[dict[str, JsonValue]] = []
    for item in _entries(source):
        if isinstance(item, RecordError):
            yield item
        else:
            entries.append(item)
            source.limits.check_steps(len(entries), where="file")
    if not entries:
        yield source.error("file", "No entry of a task: task_name, task, agent and status are in each.")
    for run in _runs(entries):
        yield _batch(run, source)


def _entries(source: Source) -> Iterator[dict[str, JsonValue] | RecordError]:
    with source.open() as stream:
        is_text = not stream.read(64).lstrip().startswith((b"{", b"["))
    if not is_text:
        for record in json_records(source):
            if isinstance(record, Record) and _is_entry(mapping(record.value)):
                yield mapping(record.value)
            else:
                yield record if isinstance(record, RecordError) else source.error(record.where, "No entry of a task.")
        return
    text = source.read_all().decode("utf-8", "replace")
    starts = list(_ENTRY.finditer(text))
    for number, start in enumerate(starts):
        end = starts[number + 1].start() if number + 1 < len(starts) else len(text)
        found = _FIELDS.match(text, start.end(), end)
        if found is None:
            yield source.error(f"entry {number + 1}", "The entry is cut off: it has no agent and status.")
        else:
            yield {"timestamp": start[1], **found.groupdict()}


def _runs(entries: Iterable[dict[str, JsonValue]]) -> Iterator[list[dict[str, JsonValue]]]:
    run: list[dict[str, JsonValue]] = []
    for entry in entries:
        is_again = bool(run) and entry["task_name"] == run[0]["task_name"] and entry["agent"] == run[0]["agent"]
        if is_again and entry["status"] == "started":
            yield run
            run = []
        run.append(entry)
    if run:
        yield run


def _batch(run: list[dict[str, JsonValue]], source: Source) -> SpanBatch:
    key = f"{PurePath(source.name).stem}-{digest_of(list(run))}"
    builder = SessionBuilder(key, CONVENTION)
    told: set[str] = set()
    for index, entry in enumerate(run):
        task, name = as_text(entry["task"]).strip(), as_text(entry["task_name"])
        moment = time_ns(entry["timestamp"])
        builder.agent = as_text(entry["agent"]).strip() or None
        if task and task not in told:
            role = "system" if told else "user"
            builder.said(
                Message(role, task, name=None if role == "user" else name), key=f"{index}.task", time_ns=moment
            )
            told.add(task)
        if entry["status"] == "started":
            continue
        output = as_text(entry.get("output")).strip()
        span = builder.answered(Message("assistant", output, name=builder.agent), key=str(index), time_ns=moment)
        if entry["status"] != "completed":
            span.status, span.error = Status.ERROR, StepError(output or as_text(entry["status"]))
    return SpanBatch(builder.spans, [TraceFacts(key)])
