"""`retrospan connect claude-code|cursor|vscode`: our entry in an assistant's configuration."""

from __future__ import annotations

from pathlib import Path

import click

from ...model.errors import UsageError
from ...services.connecting.client_configs import NAME, ClientConfig, client_config, entry_text, write_config
from ...store.opening import default_location, open_store
from ..shared.options import json_option, store_option
from ..shared.output import echo, print_json

_CLIENTS = {
    "claude-code": ("Claude Code", "restart Claude Code and look at /mcp, then ask it what is failing"),
    "cursor": ("Cursor", "open Settings, MCP, and look that retrospan is on"),
    "vscode": ("VS Code", "open the Chat view in agent mode; `MCP: List Servers` shows retrospan"),
}


def client_command(client: str) -> click.Command:
    """The command that connects one client."""
    title, then = _CLIENTS[client]

    @click.command(
        client,
        help=f"Add Retrospan to {title}'s MCP servers, with the absolute path of the store.\n\n"
        "Run again it changes nothing. Other servers in the file stay as they are; the former file is kept beside it.",
        epilog=f"\b\nExamples:\n  retrospan connect {client}\n  retrospan connect {client} --print\n"
        f"  retrospan connect {client} --project . --read-only",
    )
    @click.option(
        "--project",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        metavar="FOLDER",
        help="Write the project's file rather than your own; its path of the store holds on this machine only.",
    )
    @click.option("--read-only", is_flag=True, help="The assistant sees, and can neither ask nor propose.")
    @click.option(
        "--name", default=NAME, show_default=True, help="The server's name, where you connect several stores."
    )
    @click.option("--print", "only_print", is_flag=True, help="Show what would be added, and change nothing.")
    @store_option
    @json_option
    def command(
        project: Path | None, read_only: bool, name: str, only_print: bool, store_location: str | None, as_json: bool
    ) -> None:
        if store_location and "://" in store_location:
            raise UsageError(f"The store {store_location!r} is no file. Give a path with --store.")
        store = Path(store_location).expanduser().absolute() if store_location else default_location().absolute()
        folder = project.absolute() if project else None
        config = client_config(client, store, project=folder, read_only=read_only, name=name)
        copy = None
        if not only_print and not config.is_there:
            open_store(store).close()
            copy = write_config(config)
        if as_json:
            print_json(_json(config, copy, written=not only_print and not config.is_there))
        else:
            _say(config, copy, only_print=only_print, then=then)

    return command


def _say(config: ClientConfig, copy: Path | None, *, only_print: bool, then: str) -> None:
    if only_print:
        echo(f"{config.path} {'holds this already' if config.is_there else 'would hold'}:", err=True)
        echo(entry_text(config.key, {config.name: config.entry}))
        return
    if config.is_there:
        echo(f"{config.path} names this store already; nothing was changed.")
    else:
        echo(f"{config.path}: {config.name} {'is replaced' if config.present is not None else 'is added'}.")
    if copy:
        echo(f"The former file is {copy}.")
    echo(f"Next: {then}.")


def _json(config: ClientConfig, copy: Path | None, *, written: bool) -> dict[str, object]:
    return {
        "client": config.client,
        "path": str(config.path),
        "name": config.name,
        "entry": config.entry,
        "written": written,
        "backup": None if copy is None else str(copy),
    }
