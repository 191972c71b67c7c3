"""Reads files and folders of traces, whatever their format: `read_path`."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from ...model.errors import BadInputError, UsageError
from ..compressed import ZipArchive, compression_of, decompressed, plain_name
from ..limits import DEFAULT_LIMITS, Limits
from . import otlp, parquet
from .agents import cline, gemini_cli, openhands
from .agents.claude_code_files import is_read_with_session
from .bounds import within_limits
from .detect import Format, detect_format, format_named
from .encoding import as_utf8
from .head import HEAD_BYTES
from .markdown.markdown_chat import is_chat_file
from .progress import Progress, ProgressFile, ProgressMeter
from .records import LeftOut, ReadItem, RecordError, Source

__all__ = ["LeftOut", "Progress", "ReadItem", "RecordError", "read_path", "unread_files"]

DATA_SUFFIXES = (
    *(".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".pb", ".binpb", ".eval", ".zip", ".traj", ".parquet"),
)
"""What is looked at in a folder; a file that is named directly may be called anything."""
IGNORED_NAMES = (
    *("expected.json", "requests.json", "result.json", "package.json", "pyproject.json"),
    *("config.json", "reward.json", "ctrf.json", "sessions-index.json", "_index.json"),
)
"""Companions of runs and projects, which are no runs; an import counts them."""
_HIDDEN_DATA = (".aider.chat.history.md",)
"""Hidden files that are looked at all the same: their product names them so."""
_ARCHIVE_FORMATS = ("inspect",)
_LOOKED_FOR = f"Looked for names that end in {', '.join(DATA_SUFFIXES)}, also compressed; name others one by one."
_HEAD_PIECE = 16 * 1024
_GIVE_UP = 1_000
"""Bad records in a row after which a file is taken for one of another kind."""


def read_path(
    path: Path | str,
    format: str = "auto",  # noqa: A002
    *,
    limits: Limits = DEFAULT_LIMITS,
    on_progress: Progress | None = None,
) -> Iterator[ReadItem]:
    """Batches and bad records of a file, or of every data file in a folder, in the order of their names.

    Args:
        path: A file (also .gz, .xz, .bz2, .zst or .zip) or a folder; hidden files and links to folders are skipped.
        format: The name of a format, or `auto`.
        limits: What is too large.
        on_progress: Called with bytes read and bytes in all, as they lie on disk.

    Yields:
        `SpanBatch` to be committed as one, or `RecordError` for what was left out. Nothing is kept in memory but
        the record at hand, where the format allows it.

    Raises:
        UsageError: if there is no such path or format.
        BadInputError: if a single file, named directly, is of no known format, broken from the start, or a
            decompression bomb (`TooLargeError`).
    """
    path = Path(path)
    if format != "auto":
        format_named(format)
    if not path.exists():
        raise UsageError(f"No file or folder {str(path)!r}. Give the path of a trace file or a folder of them.")
    reader = _Reader(format, limits, ProgressMeter(on_progress))
    if path.is_dir():
        return reader.folder(path)
    return reader.single(path)


def unread_files(path: Path | str) -> list[LeftOut]:
    """The files of a folder that `read_path` does not look at, counted by the ending of their names."""
    root = Path(path)
    if not root.is_dir():
        return []
    endings: Counter[str] = Counter()
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        here = Path(folder)
        if otlp.capture_files(here, names):
            continue
        endings.update(
            plain_name(name) if plain_name(name) in IGNORED_NAMES else f"*{Path(plain_name(name)).suffix}"
            for name in names
            if not name.startswith(".") and not _is_data(name) and not is_chat_file(here / name)
        )
    return [LeftOut(str(root), f"files {ending}", number) for ending, number in sorted(endings.items())]


class _Reader:
    def __init__(self, format_name: str, limits: Limits, meter: ProgressMeter) -> None:
        self._format = format_name
        self._limits = limits
        self._meter = meter

    def single(self, path: Path) -> Iterator[ReadItem]:
        self._meter.expect(_size(path))
        yield from self._file(path, strict=True)

    def folder(self, root: Path) -> Iterator[ReadItem]:
        """Every data file below; what cannot be read is one `RecordError` and the next file follows."""
        plan = list(_plan(root))
        if not plan:
            yield RecordError(str(root), "folder", f"No trace file inside. {_LOOKED_FOR}")
        self._meter.expect(sum(_size(file) for files in plan for file in files))
        for files in plan:
            if len(files) > 1:
                yield from self._capture(files)
            else:
                yield from self._file(files[0], strict=False)

    def _capture(self, files: tuple[Path, ...]) -> Iterator[ReadItem]:
        sources = [self._source(file) for file in files]
        yield from within_limits(otlp.read_capture(sources), sources[0])

    def _file(self, path: Path, *, strict: bool) -> Iterator[ReadItem]:
        begun = False
        try:
            with self._open_raw(path) as raw:
                magic = raw.read(8)
            for item in self._items(path, magic):
                begun = True
                yield item
        except BadInputError as err:
            if strict and not begun:
                raise
            yield RecordError(str(path), err.where or "file", str(err))
        except OSError as err:
            yield RecordError(str(path), "file", f"Cannot be read: {err.strerror or err}.")

    def _items(self, path: Path, magic: bytes) -> Iterator[ReadItem]:
        if compression_of(magic) == "zip":
            return self._archive(path)
        if magic.startswith(parquet.MAGIC):
            return self._read(self._parquet(path))
        return self._read(self._source(path))

    def _parquet(self, path: Path) -> Source:
        """The rows of a Parquet file as lines of JSON."""
        opened = partial(parquet.json_lines, path, self._limits)
        return Source(str(path), path.with_suffix(".jsonl").name, opened, self._limits, path)

    def _archive(self, path: Path) -> Iterator[ReadItem]:
        with ZipArchive(self._open_raw(path), self._limits) as archive:
            names = tuple(archive.names())
            name = self._format
            if name == "auto":
                name = next((fmt for fmt in _ARCHIVE_FORMATS if _recognises(fmt, path.name, names)), "auto")
            if name in _ARCHIVE_FORMATS:
                source = Source(str(path), path.name, partial(self._open_raw, path), self._limits, path)
                yield from within_limits(format_named(name).read(source), source)
                return
            members = [member for member in names if _is_data(PurePosixPath(member).name)]
            if not members:
                yield RecordError(str(path), "file", f"No trace file inside. {_LOOKED_FOR}")
            for member in members:
                yield from self._member(archive, path, member)

    def _member(self, archive: ZipArchive, path: Path, member: str) -> Iterator[ReadItem]:
        label = f"{path}!{member}"
        source = Source(
            label,
            plain_name(PurePosixPath(member).name),
            lambda: as_utf8(decompressed(archive.open(member), self._limits)),
            self._limits,
        )
        try:
            yield from self._read(source)
        except BadInputError as err:
            yield RecordError(label, err.where or "file", str(err))

    def _read(self, source: Source) -> Iterator[ReadItem]:
        fmt = self._format_of(source)
        bad = 0
        for item in within_limits(fmt.read(source), source):
            bad = bad + 1 if isinstance(item, RecordError) else 0
            yield item
            if bad >= _GIVE_UP:
                what = f"{bad:,} bad records in a row; the rest is left out. Is it really {fmt.title} ({fmt.name})?"
                yield source.error("file", what)
                return

    def _format_of(self, source: Source) -> Format:
        if self._format != "auto":
            return format_named(self._format)
        with source.open() as stream:
            head = _beginning(stream)
            try:
                return format_named(detect_format(source.name, head))
            except BadInputError:
                _refuse_bomb(stream, self._limits)
                raise

    def _source(self, path: Path) -> Source:
        return Source(str(path), plain_name(path.name), partial(self._open, path), self._limits, path)

    def _open_raw(self, path: Path) -> BinaryIO:
        return ProgressFile(path, self._meter)

    def _open(self, path: Path) -> BinaryIO:
        with ExitStack() as cleanup:
            raw = cleanup.enter_context(self._open_raw(path))
            stream = as_utf8(decompressed(raw, self._limits))
            cleanup.pop_all()
            return stream


def _beginning(stream: BinaryIO) -> bytes:
    """The first bytes, as far as they can be read: what is broken further on is found when it is read."""
    head = b""
    try:
        while len(head) < HEAD_BYTES and (piece := stream.read1(_HEAD_PIECE)):  # type: ignore[attr-defined]
            head += piece
    except BadInputError:
        if not head:
            raise
    return head


def _refuse_bomb(stream: BinaryIO, limits: Limits) -> None:
    """Reads on until a bomb would show itself, so that it is called one."""
    left = 2 * limits.ratio_floor_bytes
    while left > 0 and (data := stream.read(64 * 1024)):
        left -= len(data)


def _recognises(name: str, file: str, members: tuple[str, ...]) -> bool:
    try:
        return detect_format(file, b"", members) == name
    except BadInputError:
        return False


def _plan(root: Path) -> Iterator[tuple[Path, ...]]:
    """The files to read: alone, or together where a folder is one OTLP capture."""
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        capture = otlp.capture_files(here, names)
        if capture:
            yield capture
            continue
        for name in sorted(names):
            file = here / name
            is_data = _is_data(name) or (not name.startswith(".") and is_chat_file(file))
            if is_data and file.is_file() and not _is_read_with_others(file):
                yield (file,)


def _is_read_with_others(path: Path) -> bool:
    """Whether a file tells of a run whose main file lies beside it, and is read with that one."""
    is_session = is_read_with_session(path) or gemini_cli.is_prompt_log(path)
    return is_session or cline.is_read_with_history(path) or openhands.is_read_with_others(path)


def _is_data(name: str) -> bool:
    plain = plain_name(name).lower()
    if plain in _HIDDEN_DATA:
        return True
    return not name.startswith(".") and plain.endswith(DATA_SUFFIXES) and plain not in IGNORED_NAMES


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
