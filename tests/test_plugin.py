"""The Claude Code plugin: what its manifest says is there, and its skills name only what exists."""

from __future__ import annotations

import json
import re
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from retrospan.cli.main import COMMANDS
from retrospan.mcp_server.registry import load_tools

ROOT = Path(__file__).parents[1]
PLUGIN = ROOT / "plugins" / "claude-code"
SKILLS = sorted(PLUGIN.glob("skills/*/SKILL.md"))


def test_the_marketplace_names_the_plugin_as_it_is() -> None:
    market = json.loads((ROOT / ".claude-plugin" / "marketplace.json").read_text())
    manifest = json.loads((PLUGIN / ".claude-plugin" / "plugin.json").read_text())
    (entry,) = market["plugins"]
    assert (ROOT / entry["source"]).resolve() == PLUGIN
    assert entry["name"] == manifest["name"] == "retrospan"
    assert manifest["version"] == version("retrospan")


def test_its_server_is_ours() -> None:
    servers = json.loads((PLUGIN / ".mcp.json").read_text())["mcpServers"]
    assert servers == {"retrospan": {"type": "stdio", "command": "retrospan", "args": ["mcp"]}}
    assert servers["retrospan"]["args"][0] in COMMANDS


def test_it_runs_nothing_by_itself() -> None:
    assert sorted(path.name for path in PLUGIN.iterdir()) == [".claude-plugin", ".mcp.json", "skills"]


def test_there_are_two_skills() -> None:
    assert [path.parent.name for path in SKILLS] == ["before-a-change", "triage-failures"]


@pytest.mark.parametrize("path", SKILLS, ids=lambda path: path.parent.name)
def test_a_skill_says_when_to_use_it_and_names_only_what_exists(path: Path) -> None:
    _, front, body = path.read_text().split("---\n", 2)
    head = yaml.safe_load(front)
    assert head["name"] == path.parent.name
    assert "Use " in head["description"]
    assert len(head["description"]) <= 1_024
    assert set(re.findall(r"`([a-z]+_[a-z]+)\(?", body)) <= set(load_tools())
    assert set(re.findall(r"`retrospan ([a-z]+)", body)) <= set(COMMANDS)
