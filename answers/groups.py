"""A comparison of two groups of runs as text for a model."""

from __future__ import annotations

from collections.abc import Sequence

from ..analysis.comparison import GroupComparison, ShareChange
from ..analysis.statistics import Interval
from ..model.text.budget import clip
from ..model.text.fence import fenced, inert_line
from ..services.finding.comparing import Compared

_TASKS = 12
_CHANGES = 6


def groups_text(compared: Compared) -> str:
    """The verdict first, then what moved beyond chance, then what was set up differently."""
    c = compared.comparison
    head = f"{c.left_n} runs against {c.right_n}. {c.verdict}"
    if c.outcome is not None:
        head += f"\npasses {_rate(c.left_pass, c.left_judged)} → {_rate(c.right_pass, c.right_judged)}"
    rows = [f"left: {inert_line(compared.left, 100)} · right: {inert_line(compared.right, 100)}"]
    if c.paired is not None:
        rows += _tasks("broke", c.paired.broken) + _tasks("fixed", c.paired.fixed)
    rows += _changes("signal", c.signals) + _changes("tool", c.tools)
    rows += _setup(c)
    steady = sum(not change.clear for change in (*c.signals, *c.tools))
    return f"{head}\n{fenced(rows)}\n{steady} further shares moved no more than chance would."


def _rate(share: Interval, n: int) -> str:
    return f"{share.value:.0%} [{share.low:.0%}–{share.high:.0%}] of {n}"


def _tasks(verb: str, tasks: Sequence[str]) -> list[str]:
    if not tasks:
        return []
    more = f" …+{len(tasks) - _TASKS}" if len(tasks) > _TASKS else ""
    return [f"{verb}: {', '.join(inert_line(task, 40) for task in tasks[:_TASKS])}{more}"]


def _changes(what: str, changes: Sequence[ShareChange]) -> list[str]:
    clear = [change for change in changes if change.clear]
    rows = [
        f"{what} {inert_line(change.name, 40)}: {change.left_hits}/{change.left_n} → "
        f"{change.right_hits}/{change.right_n} [{change.change.low:+.0%} to {change.change.high:+.0%}]"
        for change in clear[:_CHANGES]
    ]
    return rows + ([f"{what}: {len(clear) - _CHANGES} more changed"] if len(clear) > _CHANGES else [])


def _setup(c: GroupComparison) -> list[str]:
    parts = (("prompt", c.prompts), ("tool schemas", c.tool_schemas), ("model", c.models))
    rows = [
        f"{name} changed: {clip(inert_line(', '.join(left) or 'none'), 80)} → "
        f"{clip(inert_line(', '.join(right) or 'none'), 80)}"
        for name, (left, right) in parts
        if set(left) != set(right)
    ]
    same = [name for name, (left, right) in parts if left and set(left) == set(right)]
    return rows + ([f"the same on both sides: {', '.join(same)}"] if same else []) + median_rows(c)


def median_rows(c: GroupComparison) -> list[str]:
    """A line on each quantity whose median differs: n and interval of each side, and whether it may be chance."""
    return [
        f"median {change.name}: {_middle(change.left, change.left_bounds, change.left_n)} → "
        f"{_middle(change.right, change.right_bounds, change.right_n)}{'' if change.clear else ', may be chance'}"
        for change in c.medians
        if change.left is not None and change.right is not None and change.left != change.right
    ]


def _middle(value: float, bounds: tuple[float, float] | None, n: int) -> str:
    shown = f"[{_figure(bounds[0])}–{_figure(bounds[1])}]" if bounds else "[too few]"
    return f"{_figure(value)} {shown} of {n}"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 1_000 else f"{value:.4g}"
