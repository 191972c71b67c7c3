"""Opens gzip, xz, bzip2 and zstd files and zip archives, and refuses those that swell beyond reason.

What comes out between two line breaks is counted against what went in, so that a bomb is refused after
`Limits.ratio_floor_bytes` and a few kilobytes of input, in constant memory. Many alike lines are no bomb: they are read
one at a time.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, BinaryIO, cast

import zstandard

from ..model.errors import BadInputError, TooLargeError
from .limits import Limits, readable_bytes

SUFFIXES = (".gz", ".xz", ".lzma", ".bz2", ".zst", ".zstd")
_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ\x00": "xz",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
}
_READ_SIZE = 16 * 1024
_HEAD_SIZE = 18
"""Longest header of a zstd frame."""
_ZSTD_METHOD = 93
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_DECODER_ERRORS = (
    EOFError,
    OSError,
    zlib.error,
    lzma.LZMAError,
    zstandard.ZstdError,
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    struct.error,
    UnicodeError,
    ValueError,
)


def compression_of(head: bytes) -> str | None:
    """`gzip`, `xz`, `bzip2`, `zstd` or `zip` by the first bytes, None for anything else."""
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)


def plain_name(name: str) -> str:
    """A file name without its compression suffix: `runs.jsonl.xz` is `runs.jsonl`."""
    path = PurePosixPath(name)
    return path.stem if path.suffix.lower() in SUFFIXES else path.name


def decompressed(raw: BinaryIO, limits: Limits) -> BinaryIO:
    """The plain bytes of a stream that may be gzip, xz, bzip2 or zstd; closing it closes `raw`.

    Reading raises `BadInputError` where the data is broken or ends too early, `TooLargeError` beyond
    `limits.file_bytes` or `limits.ratio`.

    Args:
        raw: At its beginning, buffered.
        limits: What is too large.
    """
    head = cast(io.BufferedReader, raw).peek(_HEAD_SIZE)[:_HEAD_SIZE]
    kind = compression_of(head)
    if kind is None or kind == "zip":
        return raw
    feed = _Feed(raw)
    return guarded(_decoder(kind, feed, limits), feed, limits, _declared_size(head) if kind == "zstd" else 0)


def guarded(decoded: IO[bytes], feed: _Feed, limits: Limits, least: int = 0) -> BinaryIO:
    """The decoded bytes under the limits; fewer than `least` are an error."""
    return cast(BinaryIO, io.BufferedReader(_Guard(decoded, feed, limits, least), 64 * 1024))


def _declared_size(head: bytes) -> int:
    """Size of the first zstd frame, which its reader does not check at the end of the file; 0 where it is not given."""
    try:
        return max(zstandard.frame_content_size(head), 0)
    except zstandard.ZstdError:
        return 0


def _decoder(kind: str, feed: _Feed, limits: Limits) -> IO[bytes]:
    if kind == "gzip":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=feed, mode="rb"))
    if kind == "bzip2":
        return bz2.BZ2File(feed)
    if kind == "xz":
        return cast("IO[bytes]", _XzStream(feed, limits.decoder_bytes))
    window = 1 << (limits.decoder_bytes.bit_length() - 1)
    reader = zstandard.ZstdDecompressor(max_window_size=window).stream_reader(
        feed, read_size=_READ_SIZE, read_across_frames=True
    )
    return cast("IO[bytes]", reader)


class _Feed(io.RawIOBase, BinaryIO):
    """Compressed input, handed out in small pieces and counted."""

    def __init__(self, raw: BinaryIO, left: int | None = None) -> None:
        self.raw = raw
        self.consumed = 0
        self.left = left

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        wanted = _READ_SIZE if size < 0 else min(size, _READ_SIZE)
        if self.left is not None:
            wanted = min(wanted, self.left)
        data = self.raw.read(wanted)
        self.consumed += len(data)
        if self.left is not None:
            self.left -= len(data)
        return data

    def close(self) -> None:
        self.raw.close()
        super().close()


class _XzStream(io.RawIOBase):
    """xz with a bound on the memory that a file's header may ask for, which `lzma.LZMAFile` lacks."""

    def __init__(self, feed: _Feed, memory: int) -> None:
        self._feed = feed
        self._memory = memory
        self._decoder = self._new()

    def _new(self) -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(format=lzma.FORMAT_AUTO, memlimit=self._memory)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        rest = b""
        while True:
            if self._decoder.eof:
                rest = self._decoder.unused_data or self._feed.read()
                if not rest.strip(b"\0"):
                    return b""
                self._decoder = self._new()
            elif self._decoder.needs_input:
                rest = self._feed.read()
                if not rest:
                    raise EOFError("the file ends too early")
            if out := self._decoder.decompress(rest, size):
                return out
            rest = b""


class _Guard(io.RawIOBase):
    """Decoded output, counted against the input; speaks of broken data in our own errors."""

    def __init__(self, decoded: IO[bytes], feed: _Feed, limits: Limits, least: int) -> None:
        self._least = least
        self._decoded = decoded
        # `read` of these fills its size or fails, and what was whole before a broken end would be lost.
        self._read = decoded.read1 if isinstance(decoded, gzip.GzipFile | bz2.BZ2File) else decoded.read
        self._feed = feed
        self._limits = limits
        self._produced = 0
        self._stretch = 0
        """Bytes since the last line break."""
        self._stretch_from = 0
        """What had gone in at that break."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray, /) -> int:  # type: ignore[override]
        try:
            data = self._read(min(len(buffer), 64 * 1024))
            if not data and self._produced < self._least:
                raise EOFError("the file ends too early")
        except BadInputError:
            raise
        except _DECODER_ERRORS as err:
            raise BadInputError(
                f"The compressed data is broken: {err}. Fetch or export the file again.",
                where=f"byte {self._feed.consumed}",
            ) from err
        buffer[: len(data)] = data
        self._produced += len(data)
        self._follow_lines(data)
        self._check()
        return len(data)

    def _follow_lines(self, data: bytes) -> None:
        line_end = data.rfind(b"\n") + 1
        if data[:line_end].strip():
            self._stretch, self._stretch_from = len(data) - line_end, self._feed.consumed
        else:
            self._stretch += len(data)

    def _check(self) -> None:
        limits, produced = self._limits, self._produced
        if produced > limits.file_bytes:
            raise TooLargeError(
                f"Decompresses to more than {readable_bytes(limits.file_bytes)}. "
                "Split it, or raise the limit (--max-file-gib).",
                where="file",
            )
        went_in = self._feed.consumed - self._stretch_from
        if self._stretch > limits.ratio_floor_bytes and self._stretch > limits.ratio * max(went_in, 1):
            raise TooLargeError(
                f"Decompresses to more than {limits.ratio} times its size ({readable_bytes(self._stretch)} from "
                f"{readable_bytes(went_in)} without a line break), as no real trace does. "
                "If it is one, raise the limit (--max-ratio).",
                where="file",
            )

    def close(self) -> None:
        if not self.closed:
            self._decoded.close()
            self._feed.close()
        super().close()


class ZipArchive:
    """The members of a zip file, also those compressed with zstd (method 93), which older Pythons cannot open."""

    def __init__(self, raw: BinaryIO, limits: Limits) -> None:
        """Reads the directory of the archive; `raw` belongs to it from here on.

        Raises:
            BadInputError: if it is no zip file.
        """
        self._raw = raw
        self._limits = limits
        try:
            self._zip = zipfile.ZipFile(raw)
        except _DECODER_ERRORS as err:
            raw.close()
            raise BadInputError(f"Not a readable zip file: {err}.", where="file") from err

    def names(self) -> list[str]:
        """Names of the files inside, sorted; hidden ones and those of the macOS archiver are left out."""
        return sorted(name for name in self._zip.namelist() if not name.endswith("/") and not _hidden(name))

    def open(self, name: str) -> BinaryIO:
        """The plain bytes of a member; counts against the same limits as a compressed file.

        Raises:
            BadInputError: if it is encrypted, or its place in the file is broken.
        """
        info = self._zip.getinfo(name)
        if info.flag_bits & 0x1:
            raise BadInputError("The archive is encrypted. Unpack it first.", where=name)
        try:
            feed = self._feed(info)
            return guarded(self._member(info, feed), feed, self._limits)
        except _DECODER_ERRORS as err:
            raise BadInputError(f"The archive is broken: {err}.", where=name) from err

    def _feed(self, info: zipfile.ZipInfo) -> _Feed:
        section = _Section(self._raw, info.header_offset)
        header = _LOCAL_HEADER.unpack(section.read(_LOCAL_HEADER.size))
        if header[0] != b"PK\x03\x04":
            raise zipfile.BadZipFile("a member is not where the directory says")
        section.position += header[9] + header[10]
        return _Feed(cast(BinaryIO, section), info.compress_size)

    def _member(self, info: zipfile.ZipInfo, feed: _Feed) -> IO[bytes]:
        if info.compress_type == zipfile.ZIP_STORED:
            return cast("IO[bytes]", feed)
        if info.compress_type == zipfile.ZIP_DEFLATED:
            return cast("IO[bytes]", _DeflateStream(feed))
        if info.compress_type == _ZSTD_METHOD:
            return _decoder("zstd", feed, self._limits)
        raise NotImplementedError(f"compression method {info.compress_type} is not supported")

    def close(self) -> None:
        self._zip.close()
        self._raw.close()

    def __enter__(self) -> ZipArchive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())


class _Section:
    """A place in a shared file, read without moving anybody else's place."""

    def __init__(self, raw: BinaryIO, position: int) -> None:
        self._raw = raw
        self.position = position

    def read(self, size: int) -> bytes:
        self._raw.seek(self.position)
        data = self._raw.read(size)
        self.position += len(data)
        return data

    def close(self) -> None:
        """The archive owns the file."""


class _DeflateStream(io.RawIOBase):
    """Raw deflate, as inside a zip."""

    def __init__(self, feed: _Feed) -> None:
        self._feed = feed
        self._decoder = zlib.decompressobj(-15)

    def read(self, size: int = -1, /) -> bytes:
        while not self._decoder.eof:
            rest = self._decoder.unconsumed_tail or self._feed.read()
            out = self._decoder.decompress(rest, max(size, 0))
            if out:
                return out
            if not rest and not self._decoder.eof:
                raise EOFError("a member ends too early")
        return b""


def _hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)
