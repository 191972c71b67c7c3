"""What readers share: the place of a bad record, a file to be read, and JSON records out of a stream of bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

from ...model.errors import BadInputError, TooLargeError
from ...model.text.jsontext import parse
from ...model.traces import JsonValue, SpanBatch
from ..limits import DEFAULT_LIMITS, Limits, readable_bytes
from . import spreadsheet as table
from .loose import loose_values

DATASET_ITEMS = (
    "They hold a question and an expectation, and no run: import the runs that answered them, or write cases from them "
    "(`retrospan case new`)."
)
"""Why an item of a data set is no trace."""
_BOM = b"\xef\xbb\xbf"
_SKIP_CHUNK = 1 << 20
_HEADER_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class RecordError:
    """A record that was left out, with its place."""

    file: str
    where: str
    """`line 12`, `item 3`, `span 3f…`, `file`."""
    what: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Records or parts that are no run and were not taken, or not in full: counted and named, no error."""

    file: str
    what: str
    """In the plural, such as `data set items`."""
    count: int
    why: str = ""
    """A sentence: why, and what to do with them."""


ReadItem: TypeAlias = SpanBatch | RecordError | LeftOut


@dataclass(frozen=True, slots=True)
class Source:
    """One file, or one member of an archive, as a format reader sees it."""

    file: str
    """How errors call it."""
    name: str
    """File name without its compression suffix."""
    open: Callable[[], BinaryIO]
    """Opens the decompressed bytes; the caller closes."""
    limits: Limits = DEFAULT_LIMITS
    path: Path | None = None
    """Where it lies on disk; None inside an archive."""

    def error(self, where: str, what: str) -> RecordError:
        return RecordError(self.file, where, what)

    def left_out(self, what: str, count: int, why: str = "") -> LeftOut:
        return LeftOut(self.file, what, count, why)

    def read_all(self) -> bytes:
        """The whole content.

        Raises:
            TooLargeError: beyond `limits.document_bytes`.
        """
        with self.open() as stream:
            return read_bounded(stream, self.limits)


def opened(path: Path) -> BinaryIO:
    """A further file of a run, for reading; the caller closes."""
    return path.open("rb")


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON value of a file, with its place and size in bytes (0 where it was not measured)."""

    where: str
    value: JsonValue
    size: int = 0


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One line of a file or its whole body, not parsed yet."""

    where: str
    body: bytes


def read_bounded(stream: BinaryIO, limits: Limits, head: bytes = b"") -> bytes:
    """The rest of a stream.

    Raises:
        TooLargeError: beyond `limits.document_bytes`.
    """
    body = head + stream.read(max(limits.document_bytes + 1 - len(head), 0))
    if len(body) > limits.document_bytes:
        raise TooLargeError(
            f"One document of more than {readable_bytes(limits.document_bytes)} cannot be read as a whole. "
            "Write one record a line (JSONL), or raise the limit (--max-document-mib).",
            where="file",
        )
    return body


def json_records(source: Source) -> Iterator[Record | RecordError]:
    """Every record of a file: JSON one a line, the items of one array, one document, or the rows of a CSV.

    Broken lines, lines over `limits.trace_bytes` and records nested too deeply come as `RecordError`.
    """
    if _is_table(source):
        yield from _table_records(source)
        return
    for piece in raw_records(source):
        if isinstance(piece, RecordError):
            yield piece
        elif piece.where == "document":
            yield from _document_records(source, piece.body)
        else:
            yield from _checked(source, piece.where, piece.body)


def _is_table(source: Source) -> bool:
    with source.open() as stream:
        return bool(table.header_of(stream.readline(_HEADER_BYTES)))


def _table_records(source: Source) -> Iterator[Record | RecordError]:
    with source.open() as stream:
        for number, row in table.records(stream, source.limits.trace_bytes):
            if isinstance(row, table.RowError):
                yield source.error(f"row {number}", str(row))
            else:
                yield _deep_checked(source, Record(f"row {number}", row))


def paged_records(source: Source, names: tuple[str, ...] = ("data",)) -> Iterator[Record | RecordError]:
    """As `json_records`, and the items of a page such as `{"data": […], "meta": {…}}` each as a record.

    Args:
        source: The file.
        names: The fields that hold the items of a page; the first that is a list.
    """
    for record in json_records(source):
        value = record.value if isinstance(record, Record) and isinstance(record.value, dict) else {}
        name = next((name for name in names if isinstance(value.get(name), list)), "")
        page = value.get(name)
        if isinstance(record, Record) and isinstance(page, list):
            place = "" if record.where == "document" else f"{record.where}, "
            for index, item in enumerate(page):
                yield Record(f"{place}{name}[{index}]", item)
        else:
            yield record


def part_records(
    source: Source, parts: Callable[[dict[str, JsonValue]], Iterable[tuple[str, JsonValue]]]
) -> Iterator[Record | RecordError]:
    """As `json_records`, with each record that holds others in its place by these.

    Args:
        source: The file.
        parts: Place and value of what an object holds; nothing where it is a record itself.
    """
    for record in json_records(source):
        value = record.value if isinstance(record, Record) else None
        held = list(parts(value)) if isinstance(value, dict) else []
        if held:
            yield from (Record(place, item) for place, item in held)
        else:
            yield record


def raw_records(source: Source) -> Iterator[RawRecord | RecordError]:
    """The lines of a file, or its whole body where it is one JSON document (an array, or an indented object)."""
    limits = source.limits
    with source.open() as stream:
        first = _first_line(stream, limits)
        start = first.lstrip()[:1]
        if start == b"[" or (start == b"{" and _is_pretty(first)):
            yield RawRecord("document", read_bounded(stream, limits, first))
            return
        for number, line in _lines(stream, first, limits):
            if line is None:
                yield source.error(
                    f"line {number}",
                    f"The record is longer than {readable_bytes(limits.trace_bytes)}. "
                    "Leave out large payloads, or raise the limit (--max-trace-mib).",
                )
            elif line.strip():
                yield RawRecord(f"line {number}", line)


def _first_line(stream: BinaryIO, limits: Limits) -> bytes:
    first = b""
    while not first.strip() and (line := stream.readline(limits.trace_bytes + 1)):
        first += line.removeprefix(_BOM) if not first else line
        if len(first) > limits.trace_bytes:
            break
    return first


def _is_pretty(first: bytes) -> bool:
    line = first.strip()
    return line.endswith((b"{", b"[", b","))


def _lines(stream: BinaryIO, first: bytes, limits: Limits) -> Iterator[tuple[int, bytes | None]]:
    """Numbered lines; None for one that is too long, whose rest is read past without being kept."""
    number, line = first.count(b"\n", 0, len(first) - 1) + 1, first
    while line:
        if len(line) > limits.trace_bytes and not line.endswith(b"\n"):
            while (rest := stream.readline(_SKIP_CHUNK)) and not rest.endswith(b"\n"):
                pass
            yield number, None
        else:
            yield number, line
        number, line = number + 1, stream.readline(limits.trace_bytes + 1)


def _document_records(source: Source, body: bytes) -> Iterator[Record | RecordError]:
    try:
        value = parse(body)
    except ValueError as err:
        yield from _loose_records(source, "document", body, str(err))
        return
    del body
    if isinstance(value, list):
        yield from (_deep_checked(source, Record(f"item {index}", item)) for index, item in enumerate(value))
    else:
        yield from _frame_checked(source, Record("document", value))


def _frame_checked(source: Source, record: Record) -> Iterator[Record | RecordError]:
    """The rows of a data frame as a record each; anything else as it is."""
    rows = table.frame_rows(record.value)
    if rows is None:
        yield _deep_checked(source, record)
    else:
        yield from (_deep_checked(source, Record(f"row {index}", row)) for index, row in enumerate(rows))


def _checked(source: Source, where: str, line: bytes) -> Iterator[Record | RecordError]:
    try:
        value = parse(line)
    except ValueError as err:
        yield from _loose_records(source, where, line, str(err))
    else:
        yield from _frame_checked(source, Record(where, value, len(line)))


def _loose_records(source: Source, where: str, body: bytes, error: str) -> Iterator[Record | RecordError]:
    """The whole values of a broken document or line; where there are none, its error."""
    try:
        found = list(loose_values(body.decode()))
    except UnicodeDecodeError:
        found = []
    if not any(item.error is None for item in found):
        yield source.error(where, f"Not valid JSON: {error}.")
        return
    for item in found:
        place = item.where if where == "document" else f"{where}, {item.where}"
        if item.error is None:
            yield _deep_checked(source, Record(place, item.value))
        else:
            yield source.error(place, f"Not valid JSON: {item.error}.")


def _deep_checked(source: Source, record: Record) -> Record | RecordError:
    try:
        source.limits.check_depth(record.value, where=record.where)
    except TooLargeError as err:
        return source.error(record.where, str(err))
    return record


def each_record(
    source: Source,
    convert: Callable[[Record], SpanBatch | LeftOut | None],
    records: Callable[[Source], Iterator[Record | RecordError]] = json_records,
) -> Iterator[ReadItem]:
    """Runs `convert` over every JSON record; what it refuses with `BadInputError` becomes a `RecordError`."""
    for record in records(source):
        if isinstance(record, RecordError):
            yield record
            continue
        try:
            batch = convert(record)
        except BadInputError as err:
            yield source.error(_place(record.where, err.where), str(err))
        else:
            if batch is not None:
                yield batch


def _place(record: str, inside: str | None) -> str:
    return record if not inside or inside == record else f"{record}, {inside}"
