"""What a client loads before it calls anything: small, in a fixed order, and telling when to use what."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest
from mcp.types import Tool as ListedTool
from retrospan.mcp_server.instructions import INSTRUCTIONS
from retrospan.mcp_server.registry import load_tools
from retrospan.mcp_server.server import build_server
from retrospan.store.contract import Store

ALL_TOKENS = 2_500
ONE_TOOL_TOKENS = 320
SNAPSHOT = Path(__file__).with_name("definitions.json")


def listed(store: Store, *, read_only: bool = False) -> list[ListedTool]:
    return anyio.run(build_server(store, read_only=read_only).list_tools)


def wire(tool: ListedTool) -> str:
    return tool.model_dump_json(by_alias=True, exclude_none=True)


def test_all_definitions_fit_their_budget(store: Store) -> None:
    sizes = {tool.name: len(wire(tool)) / 4 for tool in listed(store)}
    assert sum(sizes.values()) <= ALL_TOKENS
    assert max(sizes.values()) <= ONE_TOOL_TOKENS, sizes


def test_definitions_change_only_on_purpose(store: Store) -> None:
    """To accept a change: write the new definitions to `definitions.json` beside this file and look at the diff."""
    now = [json.loads(wire(tool)) for tool in listed(store)]
    assert now == json.loads(SNAPSHOT.read_text())


def test_order_is_the_same_each_time(store: Store) -> None:
    assert [wire(tool) for tool in listed(store)] == [wire(tool) for tool in listed(store)]


def test_every_tool_says_what_it_may_do(store: Store) -> None:
    for tool in listed(store):
        assert tool.title
        assert tool.description
        assert tool.annotations is not None
        writes = tool.name in {"record_observation", "request_review", "propose_verdict", "propose_lesson"}
        assert tool.annotations.read_only_hint is not writes
        assert not tool.annotations.destructive_hint
        assert tool.output_schema is None
        assert tool.input_schema["additionalProperties"] is False


def test_read_only_leaves_out_the_tools_that_write(store: Store) -> None:
    names = {tool.name for tool in listed(store, read_only=True)}
    assert names == {name for name, tool in load_tools().items() if not tool.writes}
    assert "propose_verdict" not in names


@pytest.mark.parametrize("word", ["confirm", "sign", "decide", "approve", "delete", "execute"])
def test_no_tool_confirms_or_acts_on_the_world(word: str) -> None:
    assert not [name for name in load_tools() if word in name]


def test_instructions_fit_and_begin_with_the_route() -> None:
    assert len(INSTRUCTIONS) <= 2_048
    for name in ("search_traces", "summarize_failures", "search_lessons"):
        assert name in INSTRUCTIONS[:200]
    assert INSTRUCTIONS.startswith("Recorded runs of an AI agent")


def test_instructions_name_only_tools_that_exist() -> None:
    words = {word.strip(".,:;()") for word in INSTRUCTIONS.split()}
    named = {word for word in words if "_" in word}
    assert named <= set(load_tools())
