"""Where the MCP clients keep their servers, and our entry in those files, beside whatever else stands there."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import platformdirs

from ...model.errors import BadInputError, StoreError

CLIENTS = ("claude-code", "cursor", "vscode")
NAME = "retrospan"
_KEYS = {"claude-code": "mcpServers", "cursor": "mcpServers", "vscode": "servers"}
_IN_PROJECT = {"claude-code": ".mcp.json", "cursor": ".cursor/mcp.json", "vscode": ".vscode/mcp.json"}
_LARGEST = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """One client's file, as it is and as it should be."""

    client: str
    path: Path
    key: str
    """Under which name the file keeps its servers."""
    name: str
    entry: Mapping[str, Any]
    present: Mapping[str, Any] | None
    """Our entry as it stands there now."""
    text: str | None
    """The file as it is; None where there is none."""
    new_text: str

    @property
    def is_there(self) -> bool:
        """Whether there is nothing to do."""
        return self.present == self.entry


@dataclass(frozen=True, slots=True)
class ClientEntry:
    """An entry of ours in a client's file."""

    client: str
    path: Path
    name: str
    command: str
    store: str | None
    """None where it names none: then it is the user's own."""

    @property
    def starts(self) -> bool:
        """Whether its command is there."""
        return shutil.which(self.command) is not None


def config_path(client: str, project: Path | None = None) -> Path:
    """The file in which a client looks for servers: the user's, or a project's.

    Args:
        client: One of `CLIENTS`.
        project: A project's folder; None for the user's own file.
    """
    if project is not None:
        return project / _IN_PROJECT[client]
    if client == "claude-code":
        return Path(os.environ.get("CLAUDE_CONFIG_DIR") or Path.home()) / ".claude.json"
    if client == "cursor":
        return Path.home() / ".cursor" / "mcp.json"
    return Path(platformdirs.user_config_dir("Code", appauthor=False, roaming=True)) / "User" / "mcp.json"


def server_command() -> list[str]:
    """How a client starts us: absolute, since clients do not read a shell's profile."""
    if any(part.startswith(("archive-v", "environments-v")) for part in Path(sys.prefix).parts):
        return ["uvx", "retrospan"]  # uvx runs from a cache that is emptied now and then
    beside = Path(sys.executable).with_name("retrospan")
    found = str(beside) if beside.exists() else shutil.which("retrospan")
    return [found] if found else [sys.executable, "-m", "retrospan.cli"]


def client_config(
    client: str, store: Path, *, project: Path | None = None, read_only: bool = False, name: str = NAME
) -> ClientConfig:
    """What a client's file needs to hold for it to reach a store. Nothing is written.

    Raises:
        BadInputError: if the file is there and is no JSON object, as with comments in it.
    """
    path, key = config_path(client, project), _KEYS[client]
    command, *arguments = server_command()
    options = ["--read-only"] if read_only else []
    entry = {"type": "stdio", "command": command, "args": [*arguments, "mcp", "--store", str(store), *options]}
    text = _read(path)
    value = _parsed(path, text, key, {name: entry})
    servers = value.setdefault(key, {})
    present = servers.get(name)
    servers[name] = entry
    new_text = json.dumps(value, indent=_indent(text), ensure_ascii=False) + "\n"
    return ClientConfig(client, path, key, name, entry, present, text, new_text)


def entry_text(key: str, servers: Mapping[str, Any]) -> str:
    """An entry as one would put it in by hand."""
    return json.dumps({key: servers}, indent=2, ensure_ascii=False)


def write_config(config: ClientConfig) -> Path | None:
    """Put our entry in, keeping all else and the file's rights; the former file stays beside it.

    Returns:
        The copy of the former file; None where there was none.

    Raises:
        StoreError: if it cannot be written.
    """
    path = config.path.resolve()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        copy = _backup(path) if config.text is not None else None
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
        _replace(path, config.new_text, mode)
    except OSError as err:
        raise StoreError(f"Cannot write {path} ({err.strerror}). Nothing was changed.") from err
    return copy


def our_entries(project: Path) -> list[ClientEntry]:
    """Each entry of ours in the usual files; what cannot be read is left out."""
    found = []
    for client in CLIENTS:
        for path in dict.fromkeys((config_path(client), config_path(client, project))):
            try:
                servers = json.loads(_read(path) or "{}").get(_KEYS[client], {})
                found += [_entry(client, path, name, value) for name, value in servers.items() if _is_ours(name, value)]
            except (ValueError, AttributeError, TypeError, KeyError, BadInputError):
                continue
    return found


def _is_ours(name: str, value: Mapping[str, Any]) -> bool:
    return "command" in value and (name == NAME or NAME in str(value["command"]))


def _entry(client: str, path: Path, name: str, value: Mapping[str, Any]) -> ClientEntry:
    stores = [after for before, after in pairwise(value.get("args", [])) if before == "--store"]
    return ClientEntry(client, path, name, str(value["command"]), str(stores[0]) if stores else None)


def _read(path: Path) -> str | None:
    try:
        if path.stat().st_size > _LARGEST:
            raise BadInputError(f"{path} is larger than any such file. Look at it before you go on.")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as err:
        raise BadInputError(f"{path} cannot be read ({err}). Nothing was changed.") from err


def _parsed(path: Path, text: str | None, key: str, ours: Mapping[str, Any]) -> dict[str, Any]:
    try:
        value = json.loads(text) if text and text.strip() else {}
    except ValueError:
        value = None
    if isinstance(value, dict) and isinstance(value.get(key, {}), dict):
        return value
    raise BadInputError(
        f"{path} is no plain JSON (comments in it?), so it was left as it is. Add this to it by hand:\n"
        f"{entry_text(key, ours)}"
    )


def _replace(path: Path, text: str, mode: int) -> None:
    """By way of a new file beside it, so that a client that reads meanwhile sees the old one or the new one."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as out:
            out.write(text)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _indent(text: str | None) -> int | str:
    for line in (text or "").splitlines():
        blank = line[: len(line) - len(line.lstrip())]
        if blank:
            return "\t" if blank[0] == "\t" else len(blank)
    return 2


def _backup(path: Path) -> Path:
    for number in range(1, 10_000):
        copy = path.with_name(f"{path.name}.before-retrospan{'' if number == 1 else f'-{number}'}")
        if not copy.exists():
            break
    shutil.copy2(path, copy)
    return copy
