"""Two values beside each other in a terminal, differing words in colour; below each other where it is narrow."""

from __future__ import annotations

import shutil
import sys

from rich.table import Table
from rich.text import Text

from ...analysis.texts.textdiff import text_differences
from ...model.text.display import safe_line
from .output import echo, print_rich

_NARROW = 90
_MOST = 2_000
_LINE = 200


def print_sides(before: str | None, after: str | None) -> None:
    """What stands left and right; a side that has nothing is None.

    Trace text passes the render gate first, and no markup is read from it.
    """
    width = shutil.get_terminal_size((80, 24)).columns
    left = None if before is None else safe_line(before, _MOST)
    right = None if after is None else safe_line(after, _MOST)
    if not sys.stdout.isatty() or width < _NARROW or left is None or right is None:
        _print_stacked(left, right)
        return
    table = Table.grid(expand=True, padding=(0, 2))
    table.add_column(ratio=1, overflow="fold")
    table.add_column(ratio=1, overflow="fold")
    table.add_row(*_marked(left, right))
    print_rich(table)


def _marked(before: str, after: str) -> tuple[Text, Text]:
    left, right = Text("   - "), Text("   + ")
    for piece in text_differences(before, after):
        if piece.side != "after":
            left.append(piece.text, "bold red" if piece.side == "before" else "")
        if piece.side != "before":
            right.append(piece.text, "bold green" if piece.side == "after" else "")
    return left, right


def _print_stacked(before: str | None, after: str | None) -> None:
    if before is not None and after is not None and max(len(before), len(after)) > _LINE:
        left, right = _marked(before, after)
        before, after = left.plain.removeprefix("   - "), right.plain.removeprefix("   + ")
    if before is not None:
        echo(f"   - {before[:_MOST]}", colour="red")
    if after is not None:
        echo(f"   + {after[:_MOST]}", colour="green")
