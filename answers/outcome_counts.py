"""Outcomes by task or version as text for a model."""

from __future__ import annotations

from ..model.text.fence import fenced, inert_line
from ..services.finding.attributes import AttributeView
from ..services.finding.outcome_counts import OutcomeCounts, OutcomeRow

_NAME = 60
_MOST = 100
"""Lines that the tool shows at most."""


def outcome_counts_text(counts: OutcomeCounts, *, query: str, limit: int) -> str:
    """A line a name, worst first, with n and the interval of its pass rate.

    Args:
        counts: What was counted.
        query: The line that narrowed it, for the calls that follow.
        limit: Lines shown.
    """
    shown = counts.rows[:limit]
    what = f"{counts.by}s" if len(counts.rows) != 1 else counts.by
    head = (
        f"{len(counts.rows)} {what} in {counts.runs} runs, {counts.judged} with a known outcome; "
        f"{counts.never_passed} never passed. Worst first; [95 % interval] of the pass rate."
    )
    line = inert_line(query, 200).replace("\\", "\\\\").replace('"', '\\"')
    narrowed = f'query="{line}", ' if line else ""
    notes = []
    if len(counts.rows) > len(shown):
        rest = counts.rows[len(shown) :]
        never = sum(row.never_passed for row in rest)
        told = f"{len(rest)} more, {never} of them never passed" if never else f"{len(rest)} more"
        wider = (
            f'summarize_failures({narrowed}by="{counts.by}", limit={_MOST})' if limit < _MOST else "narrow the query"
        )
        notes.append(f"{told}: {wider}")
    notes.append(f'Runs of one: search_traces(query="{f"{line} " if line else ""}{counts.by}:\\"NAME\\" outcome:fail")')
    held = [_held(field, view) for field, view in counts.seem_to_hold]
    if held:
        notes.append(
            "What may be the missing field stands at the end of the list; `retrospan fields map` makes it one."
        )
    return "\n".join([head, fenced([*map(_row, shown), *held]), *notes])


def _held(field: str, view: AttributeView) -> str:
    values = ", ".join(f"{inert_line(value, 30)} ({count})" for value, count in view.count.values)
    return f"no {field} is known; {inert_line(view.count.name, _NAME)} holds {values}"


def _row(row: OutcomeRow) -> str:
    name = "(none)" if row.value is None else inert_line(row.value, _NAME)
    name += f" “{inert_line(row.asked, _NAME)}”" if row.asked else ""
    rate = row.pass_rate
    ended = "outcome unknown" if rate is None else f"{row.passed}/{row.judged} passed [{rate.low:.0%}–{rate.high:.0%}]"
    unknown = f", {row.unknown} unknown" if row.unknown else ""
    return f"{name}: {ended}{unknown if rate else f' in {row.unknown}'}; such as {row.short_id}"
