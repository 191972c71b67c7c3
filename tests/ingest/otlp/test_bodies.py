"""Bodies: every encoding that senders use, in any pieces, and none that swells."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from dataclasses import replace

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from retrospan.ingest.limits import DEFAULT_LIMITS, MIB
from retrospan.ingest.otlp.bodies import BodyReader
from retrospan.model.errors import BadInputError, TooLargeError

PLAIN = b"every span counts " * 500


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def _read(encoding: str, data: bytes, piece: int = 1000) -> bytes:
    reader = BodyReader(encoding, DEFAULT_LIMITS)
    for start in range(0, len(data), piece):
        reader.feed(data[start : start + piece])
    return reader.finish()


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("", PLAIN),
        ("identity", PLAIN),
        ("gzip", gzip.compress(PLAIN)),
        ("GZIP", gzip.compress(PLAIN)),
        ("deflate", zlib.compress(PLAIN)),
        ("deflate", _raw_deflate(PLAIN)),
        ("gzip", gzip.compress(PLAIN[:100]) + gzip.compress(PLAIN[100:])),
        ("zstd", zstandard.compress(PLAIN)),
        ("zstd", zstandard.compress(PLAIN[:100]) + zstandard.compress(PLAIN[100:])),
    ],
    ids=["none", "identity", "gzip", "upper case", "zlib", "raw deflate", "two members", "zstd", "two frames"],
)
@pytest.mark.parametrize("piece", [1, 7, 65_536])
def test_a_body_comes_out_whole_whatever_its_pieces(encoding: str, data: bytes, piece: int) -> None:
    assert _read(encoding, data, piece) == PLAIN


def test_an_unknown_encoding_is_named_with_those_that_are_known() -> None:
    with pytest.raises(
        BadInputError, match=r"'br' is not understood \(known: identity, gzip, deflate, zstd\)"
    ) as caught:
        BodyReader("br", DEFAULT_LIMITS)
    assert caught.value.where == "content-encoding"


def test_a_body_that_breaks_off_is_refused() -> None:
    with pytest.raises(BadInputError, match="ends too early"):
        _read("gzip", gzip.compress(PLAIN)[:-9])
    with pytest.raises(BadInputError, match="ends too early"):
        _read("zstd", zstandard.compress(PLAIN)[:-2])


@given(st.binary(min_size=1, max_size=300), st.sampled_from(["gzip", "deflate", "zstd"]))
def test_rubbish_is_bad_input_and_nothing_else(data: bytes, encoding: str) -> None:
    try:
        _read(encoding, data, 10)
    except BadInputError:
        return


def _gzip_bomb() -> bytes:
    zeros = bytes(MIB)
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(zeros) for _ in range(200)) + packer.flush()


@pytest.mark.parametrize(("encoding", "bomb"), [("gzip", _gzip_bomb()), ("zstd", zstandard.compress(bytes(200 * MIB)))])
def test_a_bomb_is_refused_in_constant_memory(encoding: str, bomb: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError):
            _read(encoding, bomb, 65_536)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * DEFAULT_LIMITS.request_bytes


def test_a_body_may_not_swell_beyond_the_ratio() -> None:
    limits = replace(DEFAULT_LIMITS, ratio=50, ratio_floor_bytes=1 * MIB)
    reader = BodyReader("gzip", limits)
    with pytest.raises(TooLargeError, match="50 times its size"):
        reader.feed(gzip.compress(bytes(2 * MIB)))


def test_a_plain_body_is_counted_too() -> None:
    reader = BodyReader("", replace(DEFAULT_LIMITS, request_bytes=10))
    reader.feed(b"12345678")
    with pytest.raises(TooLargeError, match="holds more than 10 bytes"):
        reader.feed(b"9abc")
