"""The labelled requests of the tool-choice benchmark: enough, of every tool, and valid as calls."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from retrospan.mcp_server.registry import load_tools

REQUESTS: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[2] / "benchmarks" / "tool_choice.yaml").read_text(encoding="utf-8")
)


def test_there_are_enough_and_every_tool_is_wanted() -> None:
    wanted = Counter(entry["tool"] for entry in REQUESTS)
    assert len(REQUESTS) >= 60
    assert set(wanted) == set(load_tools())
    assert len({entry["request"] for entry in REQUESTS}) == len(REQUESTS)


def test_a_wanted_call_names_what_the_tool_takes() -> None:
    tools = load_tools()
    for entry in REQUESTS:
        tool = tools[entry["tool"]]
        properties = tool.schema["properties"]
        assert set(entry.get("arguments", {})) <= set(tool.model.model_fields), entry
        assert set(entry.get("also", [])) <= set(tools) - {entry["tool"]}, entry
        for name, value in entry.get("arguments", {}).items():
            assert value in properties.get(name, {}).get("enum", [value]), entry


def test_no_request_names_its_tool() -> None:
    for entry in REQUESTS:
        assert entry["tool"] not in entry["request"]
