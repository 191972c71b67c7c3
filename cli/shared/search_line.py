"""A command whose arguments are search lines, which may begin with an exclusion: `-signal:loop`."""

from __future__ import annotations

from itertools import takewhile

import click


class SearchLineCommand(click.Command):
    """Takes `-word` for a part of a search line; its options have long names only, beside `-h`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = list(takewhile(lambda arg: arg != "--", args))
        # A blank in front keeps click from reading letters as options, and means nothing in a search line.
        left = super().parse_args(ctx, [*(f" {arg}" if _excludes(arg) else arg for arg in own), *args[len(own) :]])
        for name, value in ctx.params.items():
            if isinstance(value, str) and value.startswith(" -"):
                ctx.params[name] = value[1:]
        return left


def _excludes(arg: str) -> bool:
    return len(arg) > 2 and arg[0] == "-" and arg[1] != "-"
