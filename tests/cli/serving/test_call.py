"""`retrospan call`: the same tools from a shell."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from commands import run
from retrospan.mcp_server.registry import load_tools


@pytest.fixture(autouse=True)
def one_run(tmp_path: Path) -> None:
    messages = [{"role": "user", "content": "Refund R-1"}, {"role": "assistant", "content": "Refunded."}]
    path = tmp_path / "runs.jsonl"
    path.write_text(json.dumps({"id": "run-1", "messages": messages}))
    assert run("import", str(path)).code == 0


def test_a_tool_prints_its_text() -> None:
    done = run("call", "get_trace", "--args", '{"trace": "T1"}')
    assert done.code == 0
    assert "1 llm: Refunded." in done.out
    assert done.err == ""


def test_json_holds_the_same_text() -> None:
    done = run("call", "get_trace", "--args", '{"trace": "T1", "steps": "1"}', "--json")
    assert done.json["tool"] == "get_trace"
    assert "Refunded." in done.json["text"]


def test_without_a_tool_all_are_listed() -> None:
    assert [item["name"] for item in run("call", "--json").json] == list(load_tools())
    assert "search_traces(query, limit)" in run("call").out


def test_read_only_lists_what_it_would_run() -> None:
    usable = list(load_tools(read_only=True))
    assert "propose_verdict" not in usable
    assert [item["name"] for item in run("call", "--read-only", "--json").json] == usable


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (("get_trace", "--args", '{"trace": "T9"}'), 2, "No trace 'T9'"),
        (("get_trace", "--args", '{"trac": "T1"}'), 2, "did you mean 'trace'"),
        (("get_trace", "--args", "{"), 2, "no JSON"),
        (("get_trace", "--args", "[]"), 2, "no JSON object"),
        (("get_traces",), 2, "did you mean 'get_trace'"),
        (("get_trace", "--store", "/nowhere/at/all/store.db", "--read-only"), 3, "No store at"),
        (("request_review", "--read-only", "--args", '{"trace": "T1", "question": "Right?"}'), 1, "--read-only"),
    ],
)
def test_what_is_wrong_is_told_on_stderr_with_its_exit_code(args: tuple[str, ...], code: int, told: str) -> None:
    done = run("call", *args)
    assert done.code == code
    assert done.out == ""
    assert told in done.err


def test_calling_a_tool_needs_no_mcp_sdk() -> None:
    code = (
        "import sys\nfrom retrospan.cli.main import main\n"
        "try: main(['call', 'get_trace', '--args', '{\"trace\": \"T1\"}'])\n"
        "except SystemExit: pass\n"
        "sys.stderr.write(str([name for name in ('mcp', 'anthropic', 'textual', 'starlette') if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Refunded." in done.stdout
    assert done.stderr == "[]"
