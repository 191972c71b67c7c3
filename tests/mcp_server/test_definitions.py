"""What a client loads before it calls anything: small, in a fixed order, and telling when to use what."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest
from mcp.types import Tool as ListedTool
from retrospan.mcp_server.arguments import check_arguments
from retrospan.mcp_server.instructions import INSTRUCTIONS
from retrospan.mcp_server.registry import load_tools
from retrospan.mcp_server.server import build_server
from retrospan.model.errors import UsageError
from retrospan.store.contract import Store

ALL_TOKENS = 1_400
"""Of names, descriptions, arguments and instructions together; four characters each."""
ONE_TOOL_TOKENS = 200
SNAPSHOT = Path(__file__).with_name("definitions.json")


def listed(store: Store, *, read_only: bool = False) -> list[ListedTool]:
    return anyio.run(build_server(store, read_only=read_only).list_tools)


def wire(tool: ListedTool) -> str:
    return tool.model_dump_json(by_alias=True, exclude_none=True)


def test_all_definitions_fit_their_budget() -> None:
    sizes = {
        tool.name: len(json.dumps([tool.name, tool.description, tool.schema], separators=(",", ":"))) / 4
        for tool in load_tools().values()
    }
    assert sum(sizes.values()) + len(INSTRUCTIONS) / 4 <= ALL_TOKENS, sizes
    assert max(sizes.values()) <= ONE_TOOL_TOKENS, sizes


def test_definitions_change_only_on_purpose(store: Store) -> None:
    """To accept a change: write the new definitions to `definitions.json` beside this file and look at the diff."""
    now = [json.loads(wire(tool)) for tool in listed(store)]
    assert now == json.loads(SNAPSHOT.read_text())


def test_order_is_the_same_each_time(store: Store) -> None:
    assert [wire(tool) for tool in listed(store)] == [wire(tool) for tool in listed(store)]


def test_every_tool_says_what_it_may_do(store: Store) -> None:
    for tool in listed(store):
        assert tool.description
        assert tool.annotations is not None
        writes = tool.name in {"record_observation", "request_review", "propose_verdict", "propose_lesson"}
        assert bool(tool.annotations.read_only_hint) is not writes
        # The protocol takes a tool that writes for destructive unless it says otherwise.
        assert tool.annotations.destructive_hint is (False if writes else None)
        assert tool.output_schema is None


def test_an_argument_that_is_not_listed_is_taken_and_named_by_errors() -> None:
    tool = load_tools()["search_traces"]
    assert "page" not in tool.schema["properties"]
    with pytest.raises(UsageError, match="'page'"):
        check_arguments("search_traces", tool.model, {"pages": "x"})


def test_read_only_leaves_out_the_tools_that_write(store: Store) -> None:
    names = {tool.name for tool in listed(store, read_only=True)}
    assert names == {name for name, tool in load_tools().items() if not tool.writes}
    assert "propose_verdict" not in names


@pytest.mark.parametrize("word", ["confirm", "sign", "decide", "approve", "delete", "execute"])
def test_no_tool_confirms_or_acts_on_the_world(word: str) -> None:
    assert not [name for name in load_tools() if word in name]


def test_instructions_fit_and_begin_with_the_route() -> None:
    assert len(INSTRUCTIONS) <= 2_048
    for name in ("open_case", "summarize_failures", "search_traces", "query"):
        assert name in INSTRUCTIONS[:200]
    assert INSTRUCTIONS.startswith("Recorded runs of an AI agent")


def test_instructions_name_only_tools_that_exist() -> None:
    words = {word.strip(".,:;()") for word in INSTRUCTIONS.split()}
    named = {word for word in words if "_" in word}
    assert named <= set(load_tools())
