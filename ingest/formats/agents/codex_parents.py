"""The rollout that another one was forked from, where it lies beside it or under another day of the sessions folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ....model.text.jsontext import canonical, parse
from ....model.traces import JsonValue
from ..fields import mapping
from ..records import Source

_ID = re.compile(r"[0-9A-Za-z-]{8,64}")
_DAYS = 3
"""Folders between a rollout and the folder of all sessions: year, month, day."""


def parent_items(source: Source, parent: str) -> Iterator[bytes]:
    """The items of the parent's rollout in canonical form, in order; none where the file is not found."""
    path = _file_of(source.path, parent)
    if path is None:
        return
    try:
        with path.open("rb") as stream:
            while line := stream.readline(source.limits.trace_bytes):
                if (item := copied_item(mapping(parse(line)))) is not None:
                    yield item
    except (OSError, ValueError):
        return


def copied_item(value: dict[str, JsonValue]) -> bytes | None:
    """What of a record a fork copies as it stands: items and counts of tokens, in canonical form."""
    payload = mapping(value.get("payload"))
    is_count = value.get("type") == "event_msg" and payload.get("type") == "token_count"
    return canonical(payload) if is_count or value.get("type") == "response_item" else None


def _file_of(path: Path | None, parent: str) -> Path | None:
    if path is None or not _ID.fullmatch(parent):
        return None
    pattern = f"*{parent}*.jsonl"
    beside = sorted(path.parent.glob(pattern))
    if not beside and all(part.isdigit() for part in path.parent.parts[-_DAYS:]):
        beside = sorted(path.parents[_DAYS].glob(f"*/*/*/{pattern}"))
    return next((file for file in beside if file != path), None)
