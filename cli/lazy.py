"""A command group whose members are imported only when they are called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from ..model.errors import did_you_mean


class LazyGroup(click.Group):
    """Keeps `--help` fast.

    Args:
        commands_map: Name → where the command is (`module:attribute` in this folder), and its line in the help.
    """

    def __init__(self, *args: Any, commands_map: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._map = commands_map

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._map)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._map:
            return None
        module, attribute = self._map[cmd_name][0].split(":")
        command = getattr(importlib.import_module(f"{__package__}.{module}"), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self._map and not args[0].startswith("-"):
            raise click.UsageError(f"No command {args[0]!r}; {did_you_mean(args[0], self._map)}.", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self._map.items()])
