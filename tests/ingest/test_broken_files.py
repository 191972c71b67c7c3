"""Files that are not quite what they should be: what is whole goes in, the rest is reported with its place."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest
from commands import run
from hypothesis import given
from hypothesis import strategies as st
from retrospan.ingest.formats.loose import loose_values
from retrospan.ingest.formats.read import ReadItem, RecordError, read_path
from retrospan.model.traces import SpanBatch


def conversation(name: str) -> dict[str, object]:
    return {"id": name, "messages": [{"role": "user", "content": "hi"}]}


def names(items: list[ReadItem]) -> list[str]:
    return [item.facts[0].trace_key for item in items if isinstance(item, SpanBatch)]


def errors(items: list[ReadItem]) -> list[tuple[str, str]]:
    return [(item.where, item.what) for item in items if isinstance(item, RecordError)]


A, B = (json.dumps(conversation(name)) for name in "ab")
PRETTY = json.dumps([conversation("a"), conversation("b")], indent=2)


@pytest.mark.parametrize(
    "text",
    [
        A + B,
        A + "\r" + B,
        f"{A},\n{B},\n",
        "\n".join(json.dumps(conversation(name), indent=2) for name in "ab"),
        f"\x1e{A}\n\x1e{B}\n"[1:],
        f"[{A}][{B}]",
    ],
)
def test_objects_one_after_another_are_all_read(text: str, tmp_path: Path) -> None:
    (tmp_path / "runs.json").write_text(text)
    items = list(read_path(tmp_path / "runs.json"))
    assert (names(items), errors(items)) == (["a", "b"], [])


def test_the_whole_items_of_an_array_that_is_cut_off_go_in(tmp_path: Path) -> None:
    (tmp_path / "runs.json").write_text(PRETTY[:-30])
    items = list(read_path(tmp_path / "runs.json"))
    [(where, what)] = errors(items)
    assert names(items) == ["a"] and where == "item 1" and "not read" in what
    (tmp_path / "runs.json").write_text(PRETTY[:-2])
    items = list(read_path(tmp_path / "runs.json"))
    assert names(items) == ["a", "b"] and errors(items)[0][0] == "document"


def test_a_compressed_file_that_is_cut_off_gives_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "runs.jsonl.gz").write_bytes(gzip.compress(f"{A}\n{B}\n".encode() * 50)[:-12])
    items = list(read_path(tmp_path / "runs.jsonl.gz"))
    assert set(names(items)) == {"a", "b"}
    assert ["compressed data is broken" in what for _, what in errors(items)] == [True]


def test_compressed_files_inside_a_zip_are_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("runs.jsonl.gz", gzip.compress(A.encode()))
        archive.writestr("more.jsonl", B)
    items = list(read_path(tmp_path / "all.zip"))
    assert (sorted(names(items)), errors(items)) == (["a", "b"], [])


def test_what_holds_no_trace_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with zipfile.ZipFile(tmp_path / "text.zip", "w") as archive:
        archive.writestr("readme.md", "hi")
    for name in ("empty", "text.zip"):
        done = run("import", str(tmp_path / name), "--json")
        assert (done.code, done.json["traces"]) == (1, 0)
        assert "No trace file inside" in done.json["errors"][0]["what"]


def test_an_archive_that_is_not_opened_says_what_to_do(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.jsonl", A)
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.writestr("inner.zip", inner.getvalue())
    with tarfile.open(tmp_path / "runs.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "outer.zip", "a.jsonl")
    for name in ("outer.zip", "runs.tar.gz"):
        [error] = run("import", str(tmp_path / name), "--json").json["errors"]
        assert "unpack it" in error["what"]


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e400", "123456789012345678901234567890"])
def test_numbers_that_json_cannot_hold_change_nothing_the_second_time(number: str, tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_text(f'{{"id": "r", "metadata": {{"n": {number}}}, "messages": [{{"role": "user", "content": "x"}}]}}\n')
    assert run("import", str(file), "--json").json["traces"] == 1
    again = run("import", str(file), "--json").json
    assert (again["traces"], again["updated"], again["skipped"]) == (0, 0, 1)


@given(st.text(alphabet='[]{}",:1ae\\ \n') | st.text())
def test_no_text_breaks_the_reader_and_it_ends(text: str) -> None:
    found = list(loose_values(text))
    assert sum(item.error is not None for item in found) <= 1
    assert all(item.error is None for item in found[:-1])
