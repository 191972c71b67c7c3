"""Detection, folders, compressed files, limits and progress."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tracemalloc
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import zstandard
from retrospan.ingest.formats.detect import FORMATS, detect_format
from retrospan.ingest.formats.head import completed_json
from retrospan.ingest.formats.read import RecordError, read_path
from retrospan.ingest.limits import MIB, Limits
from retrospan.model.errors import BadInputError, TooLargeError, UsageError
from retrospan.model.traces import SpanBatch, Status

HELLO = {"id": "r1", "messages": [{"role": "user", "content": "hello"}]}
LINE = json.dumps(HELLO).encode() + b"\n"


def read(path: Path, **options: Any) -> list[Any]:
    return list(read_path(path, **options))


def step_counts(items: list[Any]) -> list[int]:
    return [len(item.spans) for item in items if isinstance(item, SpanBatch)]


@pytest.mark.parametrize(
    ("suffix", "compress"),
    [
        (".gz", gzip.compress),
        (".xz", lzma.compress),
        (".bz2", bz2.compress),
        (".zst", zstandard.compress),
        ("", bytes),
    ],
)
def test_compressed_files_are_read_by_their_first_bytes(tmp_path: Path, suffix: str, compress: Any) -> None:
    named = tmp_path / f"runs.jsonl{suffix}"
    unnamed = tmp_path / "download"
    for file in (named, unnamed):
        file.write_bytes(compress(LINE * 3))
        assert step_counts(read(file)) == [1, 1, 1]


def test_files_that_were_compressed_in_several_pieces_are_read_to_the_end(tmp_path: Path) -> None:
    for name, compress in (("a.gz", gzip.compress), ("a.xz", lzma.compress), ("a.zst", zstandard.compress)):
        (tmp_path / name).write_bytes(compress(LINE) + compress(LINE))
        assert step_counts(read(tmp_path / name)) == [1, 1]


@pytest.mark.parametrize(
    "compress",
    [gzip.compress, lzma.compress, bz2.compress, zstandard.compress],
    ids=["gzip", "xz", "bzip2", "zstd"],
)
def test_a_file_that_ends_too_early_is_named_and_what_came_before_stays(tmp_path: Path, compress: Any) -> None:
    noise = [{**HELLO, "id": f"r{i}", "metadata": {"n": str(hash((i, "x")))}} for i in range(4000)]
    body = compress("\n".join(json.dumps(record) for record in noise).encode())
    file = tmp_path / "runs.jsonl.gz"
    file.write_bytes(body[: len(body) * 3 // 4] if compress is not bz2.compress else body[:-9])
    items = read(file)

    assert isinstance(items[-1], RecordError)
    assert "ended" in items[-1].what or "ends too early" in items[-1].what
    assert len(items) > 1 or compress is bz2.compress


@pytest.mark.parametrize(
    ("compress", "size"),
    [(gzip.compress, 200 << 20), (partial(lzma.compress, preset=0), 40 << 20), (zstandard.compress, 200 << 20)],
    ids=["gzip", "xz", "zstd"],
)
@pytest.mark.parametrize("head", [b"", b'{"id":"a","messages":[{"role":"user","content":"', b'[{"id":"a"},'])
def test_a_bomb_is_refused_early_and_in_little_memory(tmp_path: Path, compress: Any, size: int, head: bytes) -> None:
    file = tmp_path / "bomb.jsonl.gz"
    file.write_bytes(compress(head + b"\0" * size))
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError, match="--max-ratio"):
            read(file)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 64 << 20


@pytest.mark.parametrize("compress", [lzma.compress, zstandard.compress], ids=["xz", "zstd"])
def test_many_alike_records_are_no_bomb(tmp_path: Path, compress: Any) -> None:
    line = json.dumps({"id": "r", "messages": [{"role": "user", "content": "hello " * 4_000}]}).encode() + b"\n"
    file = tmp_path / "runs.jsonl.xz"
    file.write_bytes(compress(line * 1_000))

    assert file.stat().st_size * 1_000 < len(line) * 1_000
    assert step_counts(read(file)) == [1] * 1_000


def test_a_file_beyond_the_size_limit_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl.gz"
    file.write_bytes(gzip.compress(LINE * 20_000, 1))
    items = read(file, limits=Limits(file_bytes=600_000))

    assert isinstance(items[-1], RecordError)
    assert "--max-file-gib" in items[-1].what


def test_a_zip_is_read_member_by_member(tmp_path: Path) -> None:
    file = tmp_path / "export.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("b/second.jsonl", LINE * 2)
        archive.writestr("../first.jsonl", LINE)
        archive.writestr("__MACOSX/first.jsonl", "junk")
        archive.writestr("notes.txt", "junk")
        archive.writestr("broken.json", "[1,")
    items = read(file)

    assert step_counts(items) == [1, 1]
    assert [item.file.rpartition("!")[2] for item in items if isinstance(item, RecordError)] == ["broken.json"]


def test_a_folder_is_read_in_order_and_one_bad_file_does_not_stop_it(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(LINE)
    (tmp_path / "b.jsonl.gz").write_bytes(b"\x1f\x8bgarbage")
    (tmp_path / "c.json").write_text('{"unknown": 1}')
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "e.jsonl").write_bytes(LINE * 2)
    (tmp_path / ".hidden.jsonl").write_bytes(LINE)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.jsonl").write_bytes(LINE)
    (tmp_path / "README.md").write_text("# nothing")
    (tmp_path / "expected.json").write_text("{}")
    items = read(tmp_path)

    assert step_counts(items) == [1, 1, 1]
    errors = {Path(item.file).name: item for item in items if isinstance(item, RecordError)}
    assert errors.keys() == {"b.jsonl.gz", "c.json"}
    assert "unknown" in errors["c.json"].what and "Known: " in errors["c.json"].what


def test_progress_ends_at_the_size_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(LINE * 5_000)
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(LINE * 100))
    total = sum(file.stat().st_size for file in tmp_path.iterdir())
    seen: list[tuple[int, int]] = []
    list(read_path(tmp_path, on_progress=lambda done, of: seen.append((done, of))))

    assert seen[0] == (0, total)
    assert seen[-1] == (total, total)
    assert seen == sorted(seen)
    assert len(seen) > 4


def test_a_missing_path_and_an_unknown_format_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No file or folder"):
        read_path(tmp_path / "nothing")
    with pytest.raises(UsageError, match="did you mean 'langfuse'"):
        read_path(tmp_path, "langfuze")


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 100, bytes(range(256)) * 40, b"hello world", b"%PDF-1.7 \x00\xff", b"[]", b'"text"', b"{}"]
)
def test_a_file_of_no_known_format_is_refused_with_the_known_ones(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "thing.bin"
    file.write_bytes(content)
    with pytest.raises(BadInputError, match="not recognised"):
        read(file)


@pytest.mark.parametrize("fmt", [fmt.name for fmt in FORMATS])
@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00rubbish\n\x01", b'{"id": 1', b"[[[[", b"null\n7\n[]\n{}\n", b"a,b\n1,2\n"]
)
def test_rubbish_under_a_forced_format_gives_errors_only(tmp_path: Path, fmt: str, content: bytes) -> None:
    file = tmp_path / "rubbish"
    file.write_bytes(content)
    try:
        items = read(file, format=fmt)
    except BadInputError as err:
        assert str(err)
        return
    assert all(isinstance(item, RecordError) or not item.spans for item in items)


def test_a_long_line_is_skipped_without_being_kept(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_bytes(LINE + b'{"id":"' + b"x" * 500_000 + b'"}\n' + LINE)
    first, error, last = read(file, limits=Limits(trace_bytes=100_000))

    assert isinstance(first, SpanBatch) and isinstance(last, SpanBatch)
    assert (error.where, "--max-trace-mib" in error.what) == ("line 2", True)


def test_a_text_over_the_limit_is_cut_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    long = {"id": "r", "messages": [{"role": "user", "content": "é" * 2_000}, {"role": "assistant", "content": "ok"}]}
    file.write_text(json.dumps(long))
    [batch] = read(file, limits=Limits(attribute_bytes=1_000))
    human, model = batch.spans

    assert human.inputs == "é" * 500 + "… [cut here by Retrospan: 3.9 KiB, limit 1000 bytes (--max-attribute-kib)]"
    assert model.input_messages[0].content == human.inputs


def test_hostile_ids_and_markup_pass_as_plain_data(tmp_path: Path) -> None:
    nasty = "../../etc/passwd\x1b]0;own\x07<script>[red]\u202e"
    call = {"name": nasty, "arguments": {nasty: nasty}}
    turns: list[dict[str, Any]] = [
        {"role": "assistant", "name": nasty, "content": nasty, "tool_calls": [call]},
        {"role": "tool", "content": nasty, "is_error": True},
    ]
    file = tmp_path / "runs.jsonl"
    file.write_text(json.dumps({"id": nasty, "task": nasty, "messages": turns}))
    [batch] = read(file)

    assert {span.trace_key for span in batch.spans} == {nasty}
    assert batch.spans[1].status is Status.ERROR
    assert all(int(span.span_id, 16) >= 0 for span in batch.spans)


def test_detection_takes_a_head_that_is_cut_anywhere() -> None:
    whole = json.dumps({**HELLO, "messages": HELLO["messages"] * 50}, indent=1).encode()  # type: ignore[operator]
    for end in range(120, len(whole), 97):
        assert detect_format("x.json", whole[:end]) == "messages"


def test_completing_cut_json_keeps_what_is_whole() -> None:
    assert completed_json('{"a": [1, 2, {"b": "c,]", "d": "unfin') == {"a": [1, 2, {"b": "c,]"}]}
    assert completed_json("") is None
    assert completed_json("[" * 500) is not None


def test_reading_leaves_no_file_open(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl.gz"
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb") as out:
        out.write(LINE * 100)
    file.write_bytes(buffer.getvalue())
    reading = read_path(file)
    next(reading)
    reading.close()  # type: ignore[attr-defined]
    file.unlink()


def test_a_file_that_only_begins_like_a_zip_is_bad_input_and_closed(tmp_path: Path) -> None:
    file = tmp_path / "export.zip"
    file.write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(BadInputError, match="Not a readable zip"):
        read(file)


def test_a_file_of_bad_records_only_is_given_up(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_bytes(LINE + b"{}\n" * 999 + LINE + b"{}\n" * 5_000)
    items = read(file)

    assert step_counts(items) == [1, 1]
    assert len(items) == 2 + 999 + 1_000 + 1
    assert "the rest is left out" in items[-1].what


def test_a_trace_of_thirty_mebibytes_comes_in(tmp_path: Path) -> None:
    text = "word " * 2_600
    turns = [{"role": "user" if i % 2 else "assistant", "content": f"{i} {text}"} for i in range(2_400)]
    path = tmp_path / "big.jsonl"
    path.write_text(json.dumps({"id": "big", "messages": turns}))
    assert 29 * MIB < path.stat().st_size < 31 * MIB
    (batch,) = read_path(path)
    assert isinstance(batch, SpanBatch)
    assert len(batch.spans) == 2_400
