"""Our entry in the files of MCP clients: right, once, and beside whatever else stands there."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from retrospan.model.errors import BadInputError
from retrospan.services.connecting.client_configs import (
    CLIENTS,
    client_config,
    config_path,
    our_entries,
    write_config,
)

STORE = Path("/data/support.db")
KEYS = {"claude-code": "mcpServers", "cursor": "mcpServers", "vscode": "servers"}
NAMES = st.text(st.characters(codec="utf-8"), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the test's own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return tmp_path


@pytest.mark.parametrize("client", CLIENTS)
def test_an_entry_starts_us_by_absolute_paths(client: str) -> None:
    write_config(client_config(client, STORE))
    entry = json.loads(config_path(client).read_text())[KEYS[client]]["retrospan"]
    assert entry["type"] == "stdio"
    assert Path(entry["command"]).is_absolute()
    assert entry["args"][-3:] == ["mcp", "--store", "/data/support.db"]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_second_time_changes_nothing(client: str) -> None:
    write_config(client_config(client, STORE))
    again = client_config(client, STORE)
    assert again.is_there
    assert again.new_text == config_path(client).read_text()


@pytest.mark.parametrize("client", CLIENTS)
def test_everything_else_stays_with_a_copy_of_the_former_file(client: str, tmp_path: Path) -> None:
    path = config_path(client, tmp_path)
    path.parent.mkdir(exist_ok=True)
    former = '{\n\t"other": [1, "ü"],\n\t"' + KEYS[client] + '": {"github": {"url": "x"}}\n}\n'
    path.write_text(former)
    path.chmod(0o640)
    copy = write_config(client_config(client, STORE, project=tmp_path, read_only=True))
    assert copy is not None
    assert copy.read_text() == former
    value = json.loads(path.read_text())
    assert value["other"] == [1, "ü"]
    assert value[KEYS[client]]["github"] == {"url": "x"}
    assert value[KEYS[client]]["retrospan"]["args"][-1] == "--read-only"
    assert path.read_text().startswith('{\n\t"other"')
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(path.parent.glob("*.tmp")) == []


def test_an_older_entry_of_ours_is_replaced_and_two_stores_may_stand_side_by_side() -> None:
    write_config(client_config("cursor", Path("/old.db")))
    write_config(client_config("cursor", STORE))
    write_config(client_config("cursor", Path("/other.db"), name="retrospan-other"))
    servers = json.loads(config_path("cursor").read_text())["mcpServers"]
    assert {name: entry["args"][-1] for name, entry in servers.items()} == {
        "retrospan": "/data/support.db",
        "retrospan-other": "/other.db",
    }
    assert len(list(config_path("cursor").parent.glob("*.before-retrospan*"))) == 2


def test_a_link_is_followed_rather_than_replaced(home: Path) -> None:
    real = home / "dotfiles" / "claude.json"
    real.parent.mkdir()
    real.write_text("{}")
    config_path("claude-code").symlink_to(real)
    write_config(client_config("claude-code", STORE))
    assert config_path("claude-code").is_symlink()
    assert "retrospan" in json.loads(real.read_text())["mcpServers"]


@pytest.mark.parametrize("text", ["{ // mine\n}", "[]", '{"servers": 3}', "{,}", "\x00"])
def test_a_file_that_is_no_plain_json_is_left_alone_and_the_entry_told(text: str) -> None:
    path = config_path("vscode")
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(BadInputError, match="by hand") as caught:
        client_config("vscode", STORE)
    assert '"retrospan"' in str(caught.value)
    assert path.read_text() == text
    assert [entry.name for entry in path.parent.iterdir()] == ["mcp.json"]


@given(st.dictionaries(NAMES.filter(lambda name: name != "mcpServers"), VALUES, max_size=4), st.booleans())
def test_no_value_of_another_is_changed(tmp_path_factory: pytest.TempPathFactory, given_: Any, spaced: bool) -> None:
    folder = tmp_path_factory.mktemp("project")
    path = config_path("claude-code", folder)
    path.write_text(json.dumps(given_, indent=4 if spaced else None), encoding="utf-8")
    write_config(client_config("claude-code", STORE, project=folder))
    value = json.loads(path.read_text(encoding="utf-8"))
    assert list(value) == [*given_, "mcpServers"]
    del value["mcpServers"]
    assert value == given_


def test_our_entries_are_found_with_their_stores(tmp_path: Path) -> None:
    write_config(client_config("cursor", STORE))
    write_config(client_config("vscode", Path("/other.db"), project=tmp_path))
    config_path("claude-code").write_text("no json")
    found = [(entry.client, entry.store, entry.starts) for entry in our_entries(tmp_path)]
    assert found == [("cursor", "/data/support.db", True), ("vscode", "/other.db", True)]
