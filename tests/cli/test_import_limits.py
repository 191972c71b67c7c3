"""The limits of `retrospan import` and `retrospan serve` are options, and what passes one names it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commands import run
from retrospan.cli.serving.serve import serve_command
from retrospan.cli.shared.limit_options import chosen_limits
from retrospan.cli.traces.import_ import import_command
from retrospan.ingest.limits import GIB, KIB, MIB, Limits

SHARED = ("--max-trace-mib", "--max-attribute-kib", "--max-steps", "--max-depth", "--max-ratio")


def conversation(name: str, turns: list[str]) -> str:
    return json.dumps({"id": name, "messages": [{"role": "user", "content": turn} for turn in turns]})


def nested(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("option", "small", "large", "record"),
    [
        ("--max-trace-mib", "1", "2", conversation("big", ["a" * 300_000] * 4)),
        ("--max-steps", "3", "4", conversation("long", ["hi"] * 4)),
        ("--max-depth", "10", "20", json.dumps({"id": "deep", "metadata": {"n": nested(12)}, "messages": []})),
    ],
)
def test_what_passes_a_limit_names_the_option_that_lets_it_in(
    option: str, small: str, large: str, record: str, tmp_path: Path
) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_text(conversation("small", ["hello"]) + "\n" + record + "\n")
    refused = run("import", str(file), "--json", option, small)
    assert (refused.code, refused.json["traces"]) == (1, 1)
    [error] = refused.json["errors"]
    assert option in error["what"]
    taken = run("import", str(file), "--json", option, large)
    assert (taken.code, taken.json["traces"], taken.json["errors"]) == (0, 1, [])


def test_a_long_text_is_cut_where_the_option_says(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_text(conversation("long", ["a" * 5_000]))
    run("import", str(file), "--max-attribute-kib", "2")
    (step,) = run("trace", "show", "long", "--full", "--json").json["steps"]
    assert step["inputs"] == "a" * 2_048 + "… [cut here by Retrospan: 4.9 KiB, limit 2 KiB (--max-attribute-kib)]"


def test_a_document_too_large_to_be_read_as_a_whole_names_its_option(tmp_path: Path) -> None:
    file = tmp_path / "runs.json"
    file.write_text(json.dumps([{"id": "a", "messages": [{"role": "user", "content": "a" * 2_000_000}]}]))
    refused = run("import", str(file), "--json", "--max-document-mib", "1")
    assert "--max-document-mib" in refused.json["errors"][0]["what"]
    assert run("import", str(file), "--json").json["traces"] == 1


def test_a_run_that_comes_span_by_span_is_bounded_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    spans = [{"id": f"r{i}", "trace_id": "t", "run_type": "tool", "name": "look", "inputs": {}} for i in range(9)]
    file.write_text("".join(json.dumps(span) + "\n" for span in [*spans, spans[0]]))
    done = run("import", str(file), "--json", "--max-steps", "5")
    assert (done.json["steps"], [error["where"] for error in done.json["errors"]]) == (5, ["trace t"])


def test_import_and_serve_have_the_same_limits() -> None:
    for command, own in ((import_command, "--max-document-mib"), (serve_command, "--max-request-mib")):
        assert {*SHARED, own} <= {option for parameter in command.params for option in parameter.opts}


def test_options_are_limits_in_bytes() -> None:
    chosen = chosen_limits(
        max_trace_mib=64, max_attribute_kib=2, max_steps=9, max_depth=8, max_ratio=7, max_request_mib=1, max_file_gib=2
    )
    assert chosen == Limits(
        trace_bytes=64 * MIB,
        attribute_bytes=2 * KIB,
        steps=9,
        depth=8,
        ratio=7,
        request_bytes=MIB,
        file_bytes=2 * GIB,
    )
