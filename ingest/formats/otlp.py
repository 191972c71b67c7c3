"""OTLP in files: a request as protobuf or JSON, the JSON lines of a collector, and folders of captured requests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ...store.errors import BadInputError
from ...store.models import SpanBatch
from ..compressed import plain_name
from .head import Head
from .records import ReadItem, RecordError, Source, raw_records

if TYPE_CHECKING:
    from ..otlp.raw import RawLog, RawSpan

_REQUEST_KEYS = {
    "resourceSpans",
    "resourceLogs",
    "resourceMetrics",
    "resource_spans",
    "resource_logs",
    "resource_metrics",
}
_CAPTURED = re.compile(r"^\d+-(traces|logs)\.(pb|json)$")
_PROTOBUF, _JSON = "application/x-protobuf", "application/json"
_FLUSH_RECORDS = 4_000
"""Spans and log records of a collector file that are mapped together, so that logs find their spans."""


def sniff_json(head: Head) -> bool:
    """Whether the file is an OTLP/JSON request or lines of them."""
    return bool(_REQUEST_KEYS & head.first.keys())


def sniff_protobuf(head: Head) -> bool:
    """Whether the first bytes are field 1 of an OTLP request: a resource message with a resource or scope inside."""
    data = head.data
    if data[:1] != b"\x0a":
        return False
    position = 1
    while position < min(len(data), 11) and data[position] & 0x80:
        position += 1
    inner = data[position + 1 : position + 2]
    return inner in (b"\x0a", b"\x12") and (b"{" not in data[:2])


def read_json(source: Source) -> Iterator[ReadItem]:
    """Requests of a file, joined over up to a few thousand records so that logs find their spans."""
    spans: list[RawSpan] = []
    logs: list[RawLog] = []
    for piece in raw_records(source):
        if isinstance(piece, RecordError):
            yield piece
            continue
        problems: list[str] = []
        try:
            _decode(piece.body, _JSON, spans, logs, problems)
        except BadInputError as err:
            yield source.error(piece.where, str(err))
        for problem in problems:
            yield source.error(piece.where, problem)
        if len(spans) + len(logs) >= _FLUSH_RECORDS:
            yield _batch(spans, logs)
            spans, logs = [], []
    if spans or logs:
        yield _batch(spans, logs)


def read_protobuf(source: Source) -> Iterator[ReadItem]:
    """One request. Traces and logs look alike on the wire, so the name decides, else whichever holds ids."""
    yield from read_capture([source])


def read_capture(sources: Iterable[Source]) -> Iterator[ReadItem]:
    """The requests of one capture, mapped together: the content of some spans comes in log records."""
    spans: list[RawSpan] = []
    logs: list[RawLog] = []
    for source in sources:
        problems: list[str] = []
        try:
            if source.name.endswith(".json"):
                _decode(source.read_all(), _JSON, spans, logs, problems)
            else:
                _decode_protobuf(source, spans, logs, problems)
        except (BadInputError, OSError) as err:
            yield source.error(getattr(err, "where", None) or "file", str(err))
        for problem in problems:
            yield source.error("file", problem)
    if spans or logs:
        yield _batch(spans, logs)


def capture_files(folder: Path, names: Iterable[str]) -> tuple[Path, ...]:
    """The request files of a folder that is one capture (`001-traces.pb`, `002-logs.pb`, …), in order; else none.

    Where a request lies there in both encodings, the protobuf is taken.
    """
    found: dict[str, str] = {}
    for name in sorted(names):
        if match := _CAPTURED.match(plain_name(name)):
            request = plain_name(name).rpartition(".")[0]
            if match[2] == "pb" or request not in found:
                found[request] = name
    return tuple(folder / found[request] for request in sorted(found))


def _decode(body: bytes, kind: str, spans: list[RawSpan], logs: list[RawLog], problems: list[str]) -> None:
    from ..otlp.decode import decode_logs, decode_traces

    if b'"resourceSpans"' in body or b'"resource_spans"' in body:
        _add(spans, decode_traces(body, kind, problems))
    elif b'"resourceLogs"' in body or b'"resource_logs"' in body:
        _add(logs, decode_logs(body, kind))
    elif b'"resourceMetrics"' not in body and b'"resource_metrics"' not in body:
        raise BadInputError("No OTLP request: resourceSpans and resourceLogs are both missing.")


def _decode_protobuf(source: Source, spans: list[RawSpan], logs: list[RawLog], problems: list[str]) -> None:
    from ..otlp.decode import decode_logs, decode_traces

    body = source.read_all()
    if "metrics" in source.name:
        return
    if "logs" in source.name:
        _add(logs, decode_logs(body, _PROTOBUF))
        return
    rejected: list[str] = []
    found = decode_traces(body, _PROTOBUF, rejected)
    if rejected and not found and "traces" not in source.name:
        _add(logs, decode_logs(body, _PROTOBUF))
        return
    problems.extend(rejected)
    _add(spans, found)


def _add(records: list[RawSpan] | list[RawLog], found: list[RawSpan] | list[RawLog]) -> None:
    for record in found:
        record.sequence = len(records)
        records.append(record)  # type: ignore[arg-type]


def _batch(spans: list[RawSpan], logs: list[RawLog]) -> SpanBatch:
    from ..conventions.mapping import to_batch

    return to_batch(spans, logs)
