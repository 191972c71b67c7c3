"""The one place of the commands that prints. Whatever it is, it has passed the render gate; JSON is escaped instead."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
import orjson

from ...model.text.display import safe_line, safe_text

_RAW = re.compile("[\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
"""What a terminal obeys or a reader does not see, and JSON writers leave as it is."""


def echo(text: object = "", *, err: bool = False, nl: bool = True, colour: str | None = None) -> None:
    """Print text; line breaks stay, everything a terminal would obey becomes visible.

    Args:
        text: Anything; its `str` is printed.
        err: On stderr.
        nl: End the line.
        colour: For the whole of it, where the terminal has colours.
    """
    click.secho(safe_text(str(text)), err=err, nl=nl, fg=colour)


def say(text: str, *, err: bool = False) -> None:
    """Print one line; line breaks in it become visible too."""
    echo(safe_line(text), err=err)


def confirmed(question: str, *, default: bool = False) -> bool:
    """Ask the person at the terminal."""
    return click.confirm(safe_text(question), default=default)


def print_json(value: Any, *, compact: bool = False) -> None:
    """One JSON value on stdout. Lone surrogates are replaced, since UTF-8 cannot hold them.

    Controls and hidden characters are written as JSON's escapes: they mean the same to a program, and nothing to a
    terminal.
    """
    try:
        text = orjson.dumps(value, option=0 if compact else orjson.OPT_INDENT_2).decode()
    except (TypeError, ValueError):
        text = json.dumps(value, indent=None if compact else 2, ensure_ascii=True, default=str)
    print_text(_RAW.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")


def print_text(text: str) -> None:
    """Text that is a file of its own, in UTF-8 and with its own line ends: CSV, JSON lines."""
    if sys.stdout.isatty():
        echo(text.replace("\r\n", "\n"), nl=False)
    else:
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))


def print_rich(renderable: Any) -> None:
    """A table of rich whose texts have passed the gate; no markup is read from it."""
    from rich.console import Console

    Console(highlight=False, markup=False, emoji=False).print(renderable)


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on stderr that names the stage; silent where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield report
