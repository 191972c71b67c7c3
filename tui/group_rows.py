"""A comparison of two groups of runs as rows: shares with intervals as bars, tasks that moved, what was set up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from textual.content import Content

from ..analysis.comparison import GroupComparison, ShareChange
from ..analysis.statistics import Interval
from ..answers.groups import median_rows
from ..services.finding.comparing import Compared
from .gate import cell, counted, joined, shown, shown_line
from .plots import bar, interval_bar

_LEAST_SCALE = 0.1
_FIXED = 16
"""Cells of `left → right` in a row of shares."""


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One row, drawn at the width it is shown in."""

    draw: Callable[[int], Content]
    query: str | None = None
    """The search line that shows the runs behind it."""


def group_rows(compared: Compared) -> list[GroupRow]:
    """Outcome first, then the tasks that moved, signals and tools (what is beyond chance first), then the set-up."""
    c = compared.comparison
    rows = list(_outcome(compared))
    if c.paired is not None:
        rows += _tasks(compared, "broke", c.paired.broken, "bold $verdict-fail")
        rows += _tasks(compared, "fixed", c.paired.fixed, "bold $verdict-pass")
    rows += _shares(compared, "Failure signals", "signal", c.signals)
    rows += _shares(compared, "Tools called", "tool", c.tools)
    return rows + list(_setup(c))


def _heading(words: str) -> GroupRow:
    return GroupRow(partial(_line, words, "bold $accent"))


def _line(words: str, style: str, width: int) -> Content:
    return shown_line(words, width, style)


def _outcome(compared: Compared) -> Iterator[GroupRow]:
    c = compared.comparison
    yield _heading("Passes" if c.outcome is not None else "Outcomes: nobody said how the runs of a side ended")
    sides = ((compared.left, c.left_pass, c.left_judged), (compared.right, c.right_pass, c.right_judged))
    for line, share, judged in sides if c.outcome is not None else ():
        yield GroupRow(partial(_rate, line, share, judged), f"{line} outcome:fail")


def _rate(line: str, share: Interval, judged: int, width: int) -> Content:
    words = f"{share.value:>5.0%} [{share.low:.0%}–{share.high:.0%}] of {judged:,}"
    name = min(28, max(width // 3, 8))
    return joined(
        cell(line, name),
        Content(" "),
        bar(share.value, max(width - name - 32, 4), "$verdict-pass"),
        shown(f" {words}"[:31]),
    )


def _tasks(compared: Compared, verb: str, tasks: Sequence[str], style: str) -> list[GroupRow]:
    heading = [_heading(f"{counted(len(tasks), 'task')} {verb}")] if tasks else []
    query = compared.right
    return heading + [GroupRow(partial(_task, verb, style, task), f"{query} {_filter('task', task)}") for task in tasks]


def _task(verb: str, style: str, task: str, width: int) -> Content:
    return joined(shown(f"  {verb:<6} ", style), shown_line(task, width - 9))


def _shares(compared: Compared, title: str, field: str, changes: Sequence[ShareChange]) -> list[GroupRow]:
    if not changes:
        return []
    clear = sum(change.clear for change in changes)
    scale = max(_LEAST_SCALE, *(abs(end) for change in changes for end in (change.change.low, change.change.high)))
    ordered = sorted(changes, key=lambda change: (not change.clear, -abs(change.change.value), change.name))
    words = f"{title}: {clear} of {len(changes)} changed beyond chance; the scale is ±{scale:.0%}"
    return [_heading(words)] + [
        GroupRow(partial(_share, change, scale), f"{compared.right} {_filter(field, change.name)}")
        for change in ordered
    ]


def _share(change: ShareChange, scale: float, width: int) -> Content:
    name = min(32, max((width - _FIXED) // 2, 8))
    left, right = change.left_hits / max(change.left_n, 1), change.right_hits / max(change.right_n, 1)
    style = "bold $warning" if change.clear else "$quiet"
    return joined(
        shown("≠ " if change.clear else "  ", style),
        cell(change.name.replace("_", " "), name - 2, "bold" if change.clear else ""),
        shown(f"{left:>5.0%} → {right:<5.0%} ", style),
        interval_bar(
            change.change.low, change.change.value, change.change.high, (-scale, scale), width - name - 14, style
        ),
    )


def _setup(c: GroupComparison) -> Iterator[GroupRow]:
    parts = (("system prompt", c.prompts), ("tool schemas", c.tool_schemas), ("model", c.models))
    rows = [
        f"{name} changed: {', '.join(left[:3]) or 'none'} → {', '.join(right[:3]) or 'none'}"
        for name, (left, right) in parts
        if set(left) != set(right)
    ]
    rows += median_rows(c)
    if rows:
        yield _heading("What was set up or measured differently")
    for words in rows:
        yield GroupRow(partial(_fact, words))


def _fact(words: str, width: int) -> Content:
    return joined(Content("  "), shown_line(words, width - 2))


def _filter(field: str, value: str) -> str:
    return f'{field}:"{value.replace(chr(34), "")}"'
