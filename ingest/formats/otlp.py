"""OTLP in files: a request as protobuf or JSON, the JSON lines of a collector, and folders of captured requests."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ...model.errors import BadInputError
from ...model.text.jsontext import canonical, parse
from ...model.traces import JsonValue, SpanBatch
from ..compressed import plain_name
from .fields import mapping, sequence
from .head import Head
from .otlp_frames import frames, framing
from .platforms.phoenix_scopes import restore_scopes, with_metadata
from .records import ReadItem, RecordError, Source, raw_records

if TYPE_CHECKING:
    from ..otlp.raw import Bounds, RawLog, RawSpan

_REQUEST_KEYS = {
    "resourceSpans",
    "resourceLogs",
    "resourceMetrics",
    "resource_spans",
    "resource_logs",
    "resource_metrics",
}
_TEMPO = "batches"
"""What Tempo's API calls the list of resource spans."""
_CAPTURED = re.compile(r"^\d+-(traces|logs)\.(pb|json)$")
_SPAN_KEYS = (("startTimeUnixNano", "spanId"), ("start_time_unix_nano", "span_id"))
_SCOPES = {"scopeSpans", "instrumentationLibrarySpans", "scope_spans"}
_WRAP = 64
_PROTOBUF, _JSON = "application/x-protobuf", "application/json"
_FRAME_HEAD = 16
_FLUSH_RECORDS = 4_000
"""Spans and log records of a collector file that are mapped together, so that logs find their spans."""


def sniff_json(head: Head) -> bool:
    """Whether the file is an OTLP/JSON request or lines of them."""
    first = mapping(head.first.get("trace")) or head.first
    is_tempo = any(_SCOPES & mapping(item).keys() for item in sequence(first.get(_TEMPO))[:1])
    return bool((_REQUEST_KEYS | _SCOPES) & first.keys()) or is_tempo or _is_span(sequence(head.first.get("data"))[:1])


def _is_span(page: list[JsonValue]) -> bool:
    """Whether the first item of a page is a bare OTLP span, as Phoenix's API gives them."""
    first = mapping(page[0]) if page else {}
    return any({time, span_id} <= first.keys() for time, span_id in _SPAN_KEYS)


def _requests(body: bytes) -> list[bytes] | None:
    """The requests of a list of them, or one in Tempo's words; None for anything else.

    Raises:
        BadInputError: if it is no JSON.
    """
    if body.lstrip()[:1] != b"[" and b'"batches"' not in body and b'"trace"' not in body[:_WRAP]:
        return None
    try:
        value = parse(body)
    except ValueError as err:
        raise BadInputError(f"Not valid JSON: {err}.") from err
    items = value if isinstance(value, list) else [value]
    return [canonical(_plain(mapping(item))) for item in items]


def _plain(value: dict[str, JsonValue]) -> JsonValue:
    """A request with OTLP's own names; ids in Tempo's base64 are read as such by the decoder."""
    inner = mapping(value.get("trace")) or value
    if _SCOPES & inner.keys():
        inner = {_TEMPO: [inner]}
    if _TEMPO not in inner:
        return inner
    return {"resourceSpans": inner[_TEMPO]}


def _page_as_request(body: bytes) -> bytes | None:
    """A page of bare spans as a request; None for anything else."""
    try:
        page = sequence(mapping(parse(body)).get("data"))
    except ValueError:
        return None
    return canonical({"resourceSpans": [{"scopeSpans": [{"spans": page}]}]}) if _is_span(page[:1]) else None


def sniff_protobuf(head: Head) -> bool:
    """Whether the first bytes are field 1 of an OTLP request: a resource message with a resource or scope inside.

    Requests one after another, each behind its length, count too.
    """
    data = head.data
    if not head.records and framing(data[:_FRAME_HEAD]):
        return True
    if data[:1] != b"\x0a":
        return False
    position = 1
    while position < min(len(data), 11) and data[position] & 0x80:
        position += 1
    inner = data[position + 1 : position + 2]
    return inner in (b"\x0a", b"\x12") and (b"{" not in data[:2])


def read_json(source: Source) -> Iterator[ReadItem]:
    """Requests of a file, joined over up to a few thousand records so that logs find their spans."""
    joined = _Joined(source)
    for piece in raw_records(source):
        if isinstance(piece, RecordError):
            yield piece
            continue
        yield from joined.take(piece.where, piece.body, joined.json)
        yield from joined.flushed(_FLUSH_RECORDS)
    yield from joined.flushed()


def read_protobuf(source: Source) -> Iterator[ReadItem]:
    """One request, or many, each behind its length.

    Traces and logs look alike on the wire, so the name decides, else whichever holds ids.
    """
    with source.open() as stream:
        kind = framing(stream.read(_FRAME_HEAD))
    if kind is None:
        yield from read_capture([source])
        return
    joined = _Joined(source)
    with source.open() as stream:
        try:
            for where, body in frames(stream, kind, source.limits):
                yield from joined.take(where, body, joined.any)
                yield from joined.flushed(_FLUSH_RECORDS)
        except BadInputError as err:
            yield source.error(err.where or "file", str(err))
    yield from joined.flushed()


def read_capture(sources: Iterable[Source]) -> Iterator[ReadItem]:
    """The requests of one capture, mapped together: the content of some spans comes in log records."""
    joined: _Joined | None = None
    for source in sources:
        joined = joined.also(source) if joined else _Joined(source)
        try:
            body = source.read_all()
        except (BadInputError, OSError) as err:
            yield source.error(getattr(err, "where", None) or "file", str(err))
        else:
            yield from joined.take("file", body, joined.json if source.name.endswith(".json") else joined.any)
    if joined:
        yield from joined.flushed()


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


def _in_microseconds(moment: int | None) -> int | None:
    """Phoenix keeps microseconds and writes nanoseconds through a double: by some 100 ns a child leaves its parent."""
    return None if moment is None else (moment + 500) // 1_000 * 1_000


class _Joined:
    """Requests decoded so far, waiting to be mapped together."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._spans: list[RawSpan] = []
        self._logs: list[RawLog] = []

    def also(self, source: Source) -> _Joined:
        """The same, with what comes from here on read under another file's name."""
        self._source = source
        return self

    def take(self, where: str, body: bytes, read: Callable[[bytes, list[str]], None]) -> Iterator[RecordError]:
        """Takes one request with `json` or `any`; what was wrong with it, or with single spans of it."""
        problems: list[str] = []
        try:
            read(body, problems)
        except BadInputError as err:
            yield self._source.error(err.where or where if where == "file" else where, str(err))
        for problem in problems:
            yield self._source.error(where, problem)

    def json(self, body: bytes, problems: list[str]) -> None:
        """One request in JSON.

        Raises:
            BadInputError: if it is none.
        """
        from ..otlp.decode import decode_logs, decode_traces

        if (requests := _requests(body)) is not None:
            for request in requests:
                self.json(request, problems)
            return
        bounds = self._bounds()
        if b'"resourceSpans"' not in body and (page := _page_as_request(body)):
            found = decode_traces(page, _JSON, problems, bounds)
            for span in found:
                span.attributes = with_metadata(span.attributes)
                span.start_ns, span.end_ns = _in_microseconds(span.start_ns), _in_microseconds(span.end_ns)
            restore_scopes(found)
            self._add(self._spans, found)
        elif b'"resourceSpans"' in body or b'"resource_spans"' in body:
            self._add(self._spans, decode_traces(body, _JSON, problems, bounds))
        elif b'"resourceLogs"' in body or b'"resource_logs"' in body:
            self._add(self._logs, decode_logs(body, _JSON, bounds))
        elif b'"resourceMetrics"' not in body and b'"resource_metrics"' not in body:
            raise BadInputError("No OTLP request: resourceSpans and resourceLogs are both missing.")

    def any(self, body: bytes, problems: list[str]) -> None:
        """One request in protobuf or, behind its length, in JSON.

        Raises:
            BadInputError: if it is none.
        """
        from ..otlp.decode import decode_logs, decode_traces

        name, bounds = self._source.name, self._bounds()
        if body[:1] == b"{":
            self.json(body, problems)
            return
        if "metrics" in name:
            return
        if "logs" in name:
            self._add(self._logs, decode_logs(body, _PROTOBUF, bounds))
            return
        rejected: list[str] = []
        try:
            found = decode_traces(body, _PROTOBUF, rejected, bounds)
        except BadInputError:
            if "traces" in name:
                raise
            found, rejected = [], ["no spans"]
        if rejected and not found and "traces" not in name:
            self._add(self._logs, decode_logs(body, _PROTOBUF, bounds))
            return
        problems.extend(rejected)
        self._add(self._spans, found)

    def flushed(self, least: int = 1) -> Iterator[SpanBatch]:
        """One batch of what waits, once that is `least` records."""
        from ..conventions.registry import to_batch

        if len(self._spans) + len(self._logs) >= least:
            yield to_batch(self._spans, self._logs)
            self._spans, self._logs = [], []

    def _bounds(self) -> Bounds:
        from ..otlp.raw import Bounds

        return Bounds(self._source.limits)

    def _add(self, records: list[RawSpan] | list[RawLog], found: list[RawSpan] | list[RawLog]) -> None:
        for record in found:
            record.sequence = len(records)
            records.append(record)  # type: ignore[arg-type]
