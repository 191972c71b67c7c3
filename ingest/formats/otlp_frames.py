"""Requests one after another in one file, each behind its length, as the collector's file exporter writes them.

The exporter puts four bytes in network order before each request (`format: proto`, or either format with
`compression: zstd`, which compresses each request alone); other writers put a varint there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import zstandard

from ...model.errors import BadInputError, TooLargeError
from ..limits import Limits, readable_bytes

_PREFIX = 4
_MAX_VARINT = 5
_REQUEST_STARTS = (b"\x0a", b"{", b"\x28\xb5\x2f\xfd")
"""Field 1 of a protobuf request, an object, a zstd frame."""
_INNER_STARTS = (b"\x0a", b"\x12")
"""A resource or a scope, of which one comes first in a request."""


def framing(head: bytes) -> str | None:
    """`fixed` or `varint` where the first bytes are a length and the beginning of a request, else None.

    A request alone begins with its field 1, which as a length would be one of ten bytes or of 160 MiB.
    """
    if head[:1] == b"\x0a":
        return None
    size = int.from_bytes(head[:_PREFIX], "big")
    if size > 1 and head[_PREFIX:].startswith(_REQUEST_STARTS) and head[:1] not in (b"{", b"["):
        return "fixed"
    size, width = _varint(head)
    body = head[width:]
    inner, inner_width = _varint(body[1:])
    if size > 1 and body[:1] == b"\x0a" and inner + inner_width < size and body[1 + inner_width :][:1] in _INNER_STARTS:
        return "varint"
    return None


def frames(stream: BinaryIO, kind: str, limits: Limits) -> Iterator[tuple[str, bytes]]:
    """Places (`message 3`) and bodies, decompressed.

    Raises:
        BadInputError: if the file breaks off; `where` names the message.
        TooLargeError: beyond `limits.document_bytes`.
    """
    number = 0
    while (size := _next_size(stream, kind)) is not None:
        number += 1
        where = f"message {number}"
        if size > limits.document_bytes:
            raise TooLargeError(
                f"One request of {readable_bytes(size)} (limit: {readable_bytes(limits.document_bytes)}). "
                "Write smaller ones, or raise the limit (--max-document-mib).",
                where=where,
            )
        body = stream.read(size)
        if len(body) < size:
            raise BadInputError(
                f"The file breaks off: {len(body):,} of {size:,} bytes are there. Copy it again once it is complete.",
                where=where,
            )
        yield where, _plain(body, limits, where)


def _next_size(stream: BinaryIO, kind: str) -> int | None:
    if kind == "fixed":
        prefix = stream.read(_PREFIX)
        return int.from_bytes(prefix, "big") if len(prefix) == _PREFIX else None
    prefix = b""
    while byte := stream.read(1):
        prefix += byte
        if byte[0] < 0x80 or len(prefix) == _MAX_VARINT:
            return _varint(prefix)[0]
    return None


def _varint(data: bytes) -> tuple[int, int]:
    """The number and how many bytes it takes; (0, 0) where there is none."""
    number = 0
    for width, byte in enumerate(data[:_MAX_VARINT], 1):
        number |= (byte & 0x7F) << 7 * (width - 1)
        if byte < 0x80:
            return number, width
    return 0, 0


def _plain(body: bytes, limits: Limits, where: str) -> bytes:
    if not body.startswith(_REQUEST_STARTS[2]):
        return body
    most = min(limits.document_bytes, max(limits.ratio * len(body), limits.ratio_floor_bytes))
    try:
        with zstandard.ZstdDecompressor(max_window_size=limits.decoder_bytes).stream_reader(body) as reader:
            plain = reader.read(most + 1)
    except zstandard.ZstdError as err:
        raise BadInputError(f"The compressed data is broken: {err}. Copy the file again.", where=where) from err
    if len(plain) > most:
        raise TooLargeError(
            f"Decompresses to more than {readable_bytes(most)}. Write smaller requests, or raise the limit "
            "(--max-document-mib, --max-ratio).",
            where=where,
        )
    return plain
