"""Threads of OpenAI's Assistants API: messages, runs and run steps, in pages, lines or one object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ....model.errors import BadInputError
from ....model.text.jsontext import as_text
from ....model.traces import JsonValue, SpanBatch
from ..evaluated import Evaluated, evaluated_batch
from ..fields import mapping, optional_text, sequence, time_ns
from ..head import Head
from ..records import ReadItem, RecordError, Source, json_records

CONVENTION = "openai-assistants"
_OBJECTS = ("thread.message", "thread.run.step", "thread.run", "thread")
_HELD = ("data", "messages", "runs", "run_steps", "steps", "thread", "run")


def sniff(head: Head) -> bool:
    """Whether the first record is an object of a thread or holds some."""
    return any(_is_item(item) for item in _items(head.first))


def _is_item(value: dict[str, JsonValue]) -> bool:
    return value.get("object") in _OBJECTS


def _items(value: dict[str, JsonValue]) -> list[dict[str, JsonValue]]:
    found = [value] if _is_item(value) else []
    for name in _HELD:
        held = value.get(name)
        found += [item for item in map(mapping, held if isinstance(held, list) else [held]) if _is_item(item)]
    return found


def read(source: Source) -> Iterator[ReadItem]:
    """One batch per thread, in the order of its times: the API lists the newest first."""
    threads: defaultdict[str, list[dict[str, JsonValue]]] = defaultdict(list)
    for record in json_records(source):
        if isinstance(record, RecordError):
            yield record
            continue
        items = _items(mapping(record.value))
        if not items:
            yield source.error(record.where, "No object of a thread: 'object' is none of " + ", ".join(_OBJECTS) + ".")
        for item in items:
            key = item.get("id") if item.get("object") == "thread" else item.get("thread_id")
            threads[as_text(key)].append(item)
    for key, items in threads.items():
        try:
            yield _thread(key, items, source)
        except BadInputError as err:
            yield source.error(f"thread {key}", str(err))


def _thread(key: str, items: list[dict[str, JsonValue]], source: Source) -> SpanBatch:
    runs = {as_text(item.get("id")): item for item in items if item.get("object") == "thread.run"}
    told = {as_text(mapping(mapping(item.get("step_details")).get("message_creation")).get("message_id")): item
            for item in items if item.get("object") == "thread.run.step"}  # fmt: skip
    turns: list[tuple[int, JsonValue]] = []
    for item in items:
        moment = time_ns(item.get("created_at")) or 0
        if item.get("object") == "thread.message":
            turns.append((moment, _message(item, runs, told)))
        elif item.get("object") == "thread.run.step":
            turns += [(moment, turn) for turn in _step(item, runs)]
        elif item.get("object") == "thread.run" and mapping(item.get("last_error")):
            error = mapping(item["last_error"])
            what = as_text(error.get("message") or error.get("code"))
            turns.append(
                (time_ns(item.get("failed_at")) or moment, {"role": "assistant", "content": what, "is_error": True})
            )
    ordered = [turn for _, turn in sorted(turns, key=lambda pair: pair[0])]
    about = next((mapping(item.get("metadata")) for item in items if item.get("object") == "thread"), {})
    version = next((optional_text(run.get("assistant_id")) for run in runs.values()), None)
    return evaluated_batch(
        Evaluated(key, ordered, version=version, metadata=about), CONVENTION, source, f"thread {key}"
    )


def _message(
    item: dict[str, JsonValue], runs: dict[str, dict[str, JsonValue]], told: dict[str, dict[str, JsonValue]]
) -> JsonValue:
    run, step = runs.get(as_text(item.get("run_id")), {}), told.get(as_text(item.get("id")), {})
    files: list[JsonValue] = [
        {"type": "file", "mime_type": as_text(mapping(held).get("file_id"))}
        for held in sequence(item.get("attachments"))
    ]
    return {
        "role": item.get("role"),
        "content": [*sequence(item.get("content")), *files],
        "timestamp": item.get("created_at"),
        "model": run.get("model"),
        "usage": step.get("usage") or (run.get("usage") if not told else None),
    }


def _step(item: dict[str, JsonValue], runs: dict[str, dict[str, JsonValue]]) -> list[JsonValue]:
    """The calls that a step made, and what they gave back."""
    calls: list[JsonValue] = []
    results: list[JsonValue] = []
    for call in map(mapping, sequence(mapping(item.get("step_details")).get("tool_calls"))):
        kind = as_text(call.get("type"))
        inner = mapping(call.get(kind))
        given = inner.get("arguments") if kind == "function" else inner.get("input") or inner.get("query")
        calls.append({"id": call.get("id"), "name": inner.get("name") or kind, "arguments": given})
        made = inner.get("output") if kind == "function" else inner.get("outputs") or inner.get("results")
        if made is not None:
            results.append({"role": "tool", "tool_call_id": call.get("id"), "content": as_text(made)})
    if not calls:
        return []
    run = runs.get(as_text(item.get("run_id")), {})
    about = {"timestamp": item.get("created_at"), "usage": item.get("usage"), "model": run.get("model")}
    return [{"role": "assistant", "content": "", "tool_calls": calls, **about}, *results]
