"""`retrospan connect CLIENT` and what `doctor` says of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import run


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a current folder of the test's own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_connecting_writes_the_store_and_the_second_time_nothing(home: Path) -> None:
    store = home / "traces.db"
    first = run("connect", "claude-code", "--store", str(store), "--json").json
    assert first["written"]
    assert json.loads((home / ".claude.json").read_text())["mcpServers"]["retrospan"] == first["entry"]
    assert store.exists()
    again = run("connect", "claude-code", "--store", str(store))
    assert "nothing was changed" in again.out
    assert not list(home.glob("*before-retrospan*"))


@pytest.mark.parametrize("client", ["claude-code", "cursor", "vscode"])
def test_print_only_shows(home: Path, client: str) -> None:
    shown = run("connect", client, "--print", "--store", "here.db")
    (servers,) = json.loads(shown.out).values()
    assert servers["retrospan"]["args"][-1] == str(home / "here.db")
    assert list(home.iterdir()) == []


def test_a_file_with_comments_is_refused_with_what_to_add(home: Path) -> None:
    (home / ".vscode").mkdir()
    (home / ".vscode" / "mcp.json").write_text("{} // mine")
    done = run("connect", "vscode", "--project", ".")
    assert done.code == 1
    assert "by hand" in done.err
    assert (home / ".vscode" / "mcp.json").read_text() == "{} // mine"


def test_an_address_of_a_database_is_refused(home: Path) -> None:
    assert run("connect", "cursor", "--store", "postgres://host/db").code == 2
    assert list(home.iterdir()) == []


def test_doctor_says_the_next_step_of_each() -> None:
    run("connect", "cursor", "--store", "here.db")
    checks = {check["name"]: check for check in run("doctor", "--store", "here.db", "--json").json}
    assert {"python", "sqlite", "store", "meaning", "reviewer", "assistant", "model"} <= set(checks)
    assert "cursor" in checks["assistant"]["found"]
    assert checks["assistant"]["next_step"] == ""
    assert "reviewer add" in checks["reviewer"]["next_step"]
    other = {check["name"]: check for check in run("doctor", "--store", "there.db", "--json").json}
    assert "another store" in other["assistant"]["next_step"]


def test_doctor_is_in_trouble_where_an_assistants_command_is_gone(home: Path) -> None:
    entry = {"command": "/nowhere/retrospan", "args": ["mcp"]}
    (home / ".claude.json").write_text(json.dumps({"mcpServers": {"retrospan": entry}}))
    done = run("doctor")
    assert done.code == 1
    assert "'/nowhere/retrospan' is not there" in done.out
