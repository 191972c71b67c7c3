"""Request bodies, decompressed while they arrive and counted, so that a bomb is refused before it costs memory."""

from __future__ import annotations

import zlib
from typing import Any

import zstandard

from ...model.errors import BadInputError, TooLargeError
from ..limits import Limits, readable_bytes

ENCODINGS = ("identity", "gzip", "deflate", "zstd")
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_RAW_DEFLATE = -15
_ZLIB_METHOD = 8
_PIECE = 256 * 1024
_ZSTD_PIECE = 256
"""Bytes of zstd taken at once: a block of four may stand for 128 KiB, and its decoder cannot be told to stop."""
_ZSTD_WINDOW = 8 * 1024 * 1024
"""What RFC 9659 allows a sender over HTTP to ask for."""


class BodyReader:
    """Takes a body piece by piece.

    Args:
        encoding: The content-encoding header; empty or `identity` for plain bytes.
        limits: `request_bytes` bounds what comes out, `ratio` how much it may swell.

    Raises:
        BadInputError: if the encoding is unknown; `where` is `content-encoding`.
    """

    def __init__(self, encoding: str, limits: Limits) -> None:
        name = encoding.strip().lower() or "identity"
        if name not in ENCODINGS and name not in _WINDOWS:
            raise BadInputError(
                f"Content-encoding {name!r} is not understood (known: {', '.join(ENCODINGS)}). "
                "Set OTEL_EXPORTER_OTLP_COMPRESSION to gzip or none.",
                where="content-encoding",
            )
        self._name = name
        self._limits = limits
        self._decoder: Any = None
        self._parts: list[bytes] = []
        self._read = 0
        self.size = 0
        """Bytes held so far."""

    def feed(self, piece: bytes) -> None:
        """Take the next bytes as they came over the wire.

        Raises:
            TooLargeError: as soon as a limit is passed.
            BadInputError: if they cannot be decompressed.
        """
        self._read += len(piece)
        if self._name == "identity":
            self._keep(piece)
            return
        try:
            if self._name == "zstd":
                self._unpack(piece)
            else:
                self._inflate(piece)
        except (zlib.error, zstandard.ZstdError) as err:
            raise BadInputError(
                f"The body is not valid {self._name} ({err}). Send it again, or without compression.",
                where=f"byte {self._read}",
            ) from err

    def finish(self) -> bytes:
        """The whole plain body.

        Raises:
            BadInputError: if compressed data ended too early.
        """
        if self._decoder is not None and not self._decoder.eof:
            raise BadInputError(f"The {self._name} body ends too early. Send it again.", where=f"byte {self._read}")
        body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts = []
        return body

    def _inflate(self, piece: bytes) -> None:
        while piece:
            if self._decoder is None or (self._decoder.eof and self._name != "deflate"):
                self._decoder = zlib.decompressobj(self._window(piece))
            self._keep(self._decoder.decompress(piece, _PIECE))
            if self._decoder.eof:
                piece = b"" if self._name == "deflate" else self._decoder.unused_data.lstrip(b"\0")
            else:
                piece = self._decoder.unconsumed_tail

    def _unpack(self, piece: bytes) -> None:
        """zstd, also several frames one after another."""
        waiting = memoryview(piece)
        while waiting:
            if self._decoder is None or self._decoder.eof:
                self._decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
            taken, waiting = waiting[:_ZSTD_PIECE], waiting[_ZSTD_PIECE:]
            self._keep(self._decoder.decompress(taken))
            if self._decoder.eof and (rest := self._decoder.unused_data):
                waiting = memoryview(bytes(rest) + bytes(waiting))

    def _window(self, piece: bytes) -> int:
        """Senders disagree on whether `deflate` has the zlib header that RFC 9110 asks for."""
        if self._name == "deflate" and piece[0] & 0x0F != _ZLIB_METHOD:
            return _RAW_DEFLATE
        return _WINDOWS[self._name]

    def _keep(self, plain: bytes) -> None:
        self.size += len(plain)
        limits = self._limits
        if self.size > limits.request_bytes:
            raise TooLargeError(
                f"The request holds more than {readable_bytes(limits.request_bytes)}. "
                "Send smaller batches (OTEL_BSP_MAX_EXPORT_BATCH_SIZE), or raise the limit (--max-request-mib).",
                where="request body",
            )
        if self.size > limits.ratio_floor_bytes and self.size > limits.ratio * self._read:
            raise TooLargeError(
                f"The request decompresses to more than {limits.ratio} times its size, as no real trace does. "
                "If it is one, raise the limit (--max-ratio).",
                where="request body",
            )
        if plain:
            self._parts.append(plain)
