"""CSV and UTF-16: exports from data frames, platforms and spreadsheets."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from retrospan.ingest.formats.detect import detect_format
from retrospan.ingest.formats.evaluations.reviews_csv import columns_of
from retrospan.ingest.formats.read import ReadItem, RecordError, read_path
from retrospan.ingest.formats.spreadsheet import cell_value, header_of
from retrospan.model.errors import BadInputError
from retrospan.model.traces import Outcome, SpanBatch

SPANS: list[dict[str, Any]] = [
    {
        "context.trace_id": "ab" * 16,
        "context.span_id": f"{number:016x}",
        "parent_id": "" if number == 1 else f"{1:016x}",
        "name": f"step {number}",
        "span_kind": "TOOL",
        "start_time": f"2026-05-01 10:00:0{number}.5+00:00",
        "attributes.input.value": "{'order': 7, 'why': \"it's late\"}",
        "attributes.llm.token_count.prompt": "",
    }
    for number in (1, 2)
]


def table(rows: list[dict[str, Any]], delimiter: str = ",") -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read(path: Path) -> tuple[SpanBatch, list[RecordError]]:
    whole, errors = SpanBatch(), []
    item: ReadItem
    for item in read_path(path):
        if isinstance(item, RecordError):
            errors.append(item)
        elif isinstance(item, SpanBatch):
            whole.spans += item.spans
            whole.facts += item.facts
    return whole, errors


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-bom"])
def test_a_data_frame_as_csv_gives_its_spans(delimiter: str, encoding: str, tmp_path: Path) -> None:
    text = table(SPANS, delimiter)
    file = tmp_path / "spans.csv"
    file.write_bytes(b"\xfe\xff" + text.encode("utf-16-be") if "be-bom" in encoding else text.encode(encoding))
    batch, errors = read(file)
    assert errors == []
    assert [(span.name, span.parent_span_id) for span in batch.spans] == [("step 1", None), ("step 2", f"{1:016x}")]
    assert batch.spans[0].inputs == {"order": 7, "why": "it's late"}


def test_json_lines_in_utf_16_are_read_also_in_a_zip(tmp_path: Path) -> None:
    line = json.dumps({"id": "r", "messages": [{"role": "user", "content": "größer"}]}, ensure_ascii=False)
    body = (line + "\r\n").encode("utf-16-le")
    (tmp_path / "plain.jsonl").write_bytes(body)
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
        archive.writestr("runs.jsonl", b"\xff\xfe" + body)
    for name in ("plain.jsonl", "packed.zip"):
        batch, errors = read(tmp_path / name)
        assert (errors, [span.inputs for span in batch.spans]) == ([], ["größer"])


def test_a_conversation_in_a_cell_is_read_whole(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "a" * 200_000}, {"role": "assistant", "content": 'He said "no", twice.'}]
    (tmp_path / "runs.csv").write_text(table([{"id": "r1", "messages": json.dumps(turns), "outcome": "fail"}]))
    batch, errors = read(tmp_path / "runs.csv")
    assert errors == [] and batch.spans[1].output_messages[0].content == 'He said "no", twice.'
    assert batch.facts[0].outcome is Outcome.FAIL


def test_bad_rows_are_named_and_the_rest_goes_in(tmp_path: Path) -> None:
    good = table(SPANS)
    (tmp_path / "spans.csv").write_text(good + "alone\n" + ",".join("x" * 20) + "\n" + good.splitlines()[1] + "\n")
    batch, errors = read(tmp_path / "spans.csv")
    assert len(batch.spans) == 3
    assert [error.where for error in errors] == ["row 4", "row 5"]
    assert "quotes" in errors[1].what


def test_json_lines_with_a_broken_first_line_are_no_table() -> None:
    assert header_of(b'er", "content": "x"}') == ()
    assert header_of(b"\x0a\x12\x0a, x") == ()
    assert header_of(b"id,messages\r\n") == ("id", "messages")


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("12", 12),
        ("-1.50", -1.5),
        ("0012", "0012"),
        ("12e4567890123456", "12e4567890123456"),
        ("5516889437137798", "5516889437137798"),
        ("True", True),
        ('{"a": [1]}', {"a": [1]}),
        ("{'a': None, 'b': True}", {"a": None, "b": True}),
        ("{'at': datetime.datetime(2026, 1, 1)}", "{'at': datetime.datetime(2026, 1, 1)}"),
        ("[" * 5_000 + "]" * 5_000, "[" * 5_000 + "]" * 5_000),
        ('"quoted"', "quoted"),
        ("__import__('os')", "__import__('os')"),
    ],
)
def test_cells_are_read_as_what_they_were_written_from(cell: str, value: Any) -> None:
    assert cell_value(cell) == value


@given(st.text())
def test_no_cell_raises(cell: str) -> None:
    cell_value(cell)
    cell_value("{" + cell)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (["Trace ID", "Expert verdict", "reviewer_comment", "Reviewer"], "trace label comment reviewer"),
        (["traceId", "Is correct?", "Notes", "Reviewed by"], "trace label comment reviewer"),
        (["url", "context.trace_id", "overall score", "Reason for score"], "trace score comment"),
        (["run id", "human-label", "criterion"], "trace label name"),
        (["trace_url", "label"], "label"),
    ],
)
def test_review_columns_are_found_under_many_names(header: list[str], found: str) -> None:
    assert set(columns_of(header)) == set(found.split())


def test_a_spreadsheet_in_windows_1252_keeps_its_letters(tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_bytes("Trace ID;Verdict;Comment\r\nr1;fail;größer – “so”\r\n".encode("cp1252"))
    batch, errors = read(tmp_path / "reviews.csv")
    assert errors == [] and batch.facts[0].annotations[0].explanation == "größer – “so”"


def test_what_a_csv_of_another_kind_holds_is_said() -> None:
    with pytest.raises(BadInputError, match="a CSV with the columns city, population"):
        detect_format("x.csv", b"city,population\nUlm,126000\n")
