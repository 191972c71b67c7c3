"""Conversations in the messages format, for tests to fill a store with."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from retrospan.ingest.formats.messages import conversation_batch
from retrospan.ingest.formats.records import Record, Source
from retrospan.store.contract import Store
from retrospan.store.traces.commit import commit_batch


def says(role: str, content: str, **fields: Any) -> dict[str, Any]:
    """A message of the messages format."""
    return {"role": role, "content": content, **fields}


def calls(name: str, call_id: str = "c1", **arguments: Any) -> dict[str, Any]:
    """An assistant message that calls one tool."""
    return {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"id": call_id, "name": name, "arguments": arguments}],
    }


def answers(content: str, call_id: str = "c1") -> dict[str, Any]:
    """The tool message that answers a call."""
    return {"role": "tool", "tool_call_id": call_id, "content": content}


class Builder:
    """Adds conversations in the messages format to a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._count = 0

    def add(self, *messages: dict[str, Any], **fields: Any) -> int:
        """Commit one conversation; returns the trace's row id. `id` is made up where it is not given."""
        self._count += 1
        record = {"id": f"run-{self._count}", **fields, "messages": list(messages)}
        batch = conversation_batch(Record("test", record), Source("test", "test", BytesIO))
        return commit_batch(self._store, batch).trace_ids[0]
