"""`retrospan query` and `retrospan export`."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow.parquet
import pytest
from click.testing import CliRunner
from conversations import Builder, answers, calls, says
from retrospan.cli.main import cli
from retrospan.store.contract import Store


@pytest.fixture
def where(store: Store, traces: Builder) -> tuple[str, ...]:
    for run in ("one", "two"):
        traces.add(says("user", "=SUM(1)"), calls("look", q="ü"), answers("found"), says("assistant", "Yes."), id=run)
    return ("--store", store.location)


def run(*args: str) -> str:
    done = CliRunner().invoke(cli, args, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_rows_print_as_a_table_as_json_and_as_inert_csv(where: tuple[str, ...]) -> None:
    sql = "SELECT id, input FROM runs ORDER BY run"
    assert run("query", sql, *where).splitlines()[0].split() == ["id", "input"]
    assert json.loads(run("query", sql, "--json", *where))[0] == {"id": "one", "input": "=SUM(1)"}
    assert list(csv.reader(run("query", sql, "--csv", *where).splitlines()))[1] == ["one", "'=SUM(1)"]


def test_a_question_becomes_a_parquet_file(where: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "calls.parquet"
    run("query", "SELECT run, tool, arguments FROM calls ORDER BY run", "--parquet", str(path), *where)
    table = pyarrow.parquet.read_table(path)
    assert table.to_pylist()[0] == {"run": 1, "tool": "look", "arguments": '{"q":"ü"}'}


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_views_are_written_whole(where: tuple[str, ...], tmp_path: Path, form: str) -> None:
    told = run("export", "--to", str(tmp_path / "out"), "--format", form, *where)
    assert f"runs.{form}: 2 rows" in told and f"calls.{form}: 2 rows" in told and f"edges.{form}: 2 rows" in told


def test_exported_lines_read_back(where: tuple[str, ...], tmp_path: Path) -> None:
    run("export", "messages", "--to", str(tmp_path), *where)
    lines = [json.loads(line) for line in (tmp_path / "messages.jsonl").read_text().splitlines()]
    assert [(line["run"], line["role"]) for line in lines][:2] == [(1, "user"), (1, "assistant")]


def test_an_unknown_view_names_those_that_there_are(where: tuple[str, ...], tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["export", "setting", "--to", str(tmp_path), *where])
    assert "there are runs, steps" in str(done.exception) or "there are runs, steps" in done.output
