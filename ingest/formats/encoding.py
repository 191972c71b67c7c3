"""Files in UTF-16, which PowerShell and spreadsheets write, read as UTF-8."""

from __future__ import annotations

import codecs
import io
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from typing_extensions import Buffer

_PIECE = 64 * 1024
_STARTS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"{\0", "utf-16-le"),
    (b"[\0", "utf-16-le"),
    (b"\0{", "utf-16-be"),
    (b"\0[", "utf-16-be"),
)


def as_utf8(stream: BinaryIO) -> BinaryIO:
    """The stream, recoded where its first bytes are those of a text in UTF-16 or UTF-32.

    Args:
        stream: At its beginning, buffered.
    """
    head = cast(io.BufferedReader, stream).peek(4)[:4]
    name = next((name for start, name in _STARTS if head.startswith(start)), None)
    return stream if name is None else cast(BinaryIO, io.BufferedReader(_Recoded(stream, name), _PIECE))


class _Recoded(io.RawIOBase):
    def __init__(self, raw: BinaryIO, encoding: str) -> None:
        self._raw = raw
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._waiting = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer)
        ended = False
        while not self._waiting and not ended:
            data = self._raw.read(_PIECE)
            ended = not data
            self._waiting = self._decoder.decode(data, final=ended).encode("utf-8", "surrogatepass")
        size = min(len(view), len(self._waiting))
        view[:size] = self._waiting[:size]
        self._waiting = self._waiting[size:]
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()
