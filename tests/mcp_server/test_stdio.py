"""`retrospan mcp` as a client starts it: a process on stdin and stdout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from conversations import Builder
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.types import TextContent
from retrospan.store.contract import Store
from retrospan.store.traces.revisions import refresh

LIGHT = ("anthropic", "textual", "sqlalchemy", "alembic", "networkx", "numpy", "yaml")


def command(store: Store, *options: str) -> StdioServerParameters:
    code = "from retrospan.cli.main import main; main()"
    arguments = ["-c", code, "mcp", "--store", str(store.location), *options]
    return StdioServerParameters(command=sys.executable, args=arguments)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_client_reads_and_proposes_over_stdio(store: Store, runs: Builder, mode: str) -> None:
    async def dialogue() -> None:
        async with Client(command(store), mode=mode) as client:
            assert len((await client.list_tools()).tools) >= 10
            (block,) = (await client.call_tool("get_trace", {"trace": "T3"})).content
            assert isinstance(block, TextContent)
            assert "order R-9 was shipped" in block.text
            asked = await client.call_tool("request_review", {"trace": "T1", "question": "Was it right?"})
            assert not asked.is_error

    anyio.run(dialogue)
    with store.read() as con:
        assert con.execute("SELECT count(*) FROM review_item").fetchone()[0] == 1


def test_read_only_changes_no_byte_of_the_store(store: Store, runs: Builder) -> None:
    refresh(store)
    before = _content(store)

    async def dialogue() -> None:
        async with Client(command(store, "--read-only")) as client:
            names = {tool.name for tool in (await client.list_tools()).tools}
            assert "propose_verdict" not in names
            for tool, arguments in (
                ("search_traces", {"query": "refund"}),
                ("get_trace", {"trace": "T3"}),
                ("open_case", {"trace": "T1"}),
                ("diff_traces", {"left": "T1"}),
                ("summarize_failures", {}),
                ("list_reviews", {}),
                ("search_lessons", {}),
            ):
                result = await client.call_tool(tool, arguments)
                assert not result.is_error, (tool, result.content)

    anyio.run(dialogue)
    assert _content(store) == before


def _content(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.read() as con:
        names = [row[0] for row in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: [tuple(row) for row in con.execute(f'SELECT * FROM "{name}"')] for name in names}


def test_starting_loads_nothing_that_no_tool_has_asked_for(store: Store) -> None:
    code = (
        "import sys\n"
        "from retrospan.mcp_server.server import build_server\n"
        "from retrospan.store.opening import open_store\n"
        f"build_server(open_store({str(store.location)!r}))\n"
        f"print([name for name in {LIGHT!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_missing_store_is_told_on_stderr_alone(tmp_path: Path) -> None:
    code = "from retrospan.cli.main import main; main()"
    command = [sys.executable, "-c", code, "mcp", "--read-only", "--store", str(tmp_path / "none.db")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "No store at" in done.stderr
