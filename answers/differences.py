"""Two aligned runs as text: the differences by consequence, then how the steps pair."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.findings import Difference
from ..model.text.budget import CHARACTERS_PER_TOKEN
from ..model.text.fence import FENCE_COST, fenced, inert_line
from ..model.text.jsontext import as_text
from ..model.traces import JsonValue, Trace
from ..services.understanding.explaining import Comparison

BUDGET = 1_500
_FOOTER = 520
_NO_MODEL = "Neither run is known to have gone well: what differs is no hint to what went wrong."
_LEAST = 70
_MOST = 340
_NAMES = {
    "only_left": "only left",
    "only_right": "only right",
    "arguments": "arguments",
    "result": "result",
    "documents": "documents",
    "answer": "final answer",
    "order": "order",
    "status": "status",
}


def differences_text(comparison: Comparison, *, limit: int, offset: int, next_call: str) -> str:
    """The comparison for a model.

    Args:
        comparison: Two runs aligned.
        limit: Differences on this page.
        offset: Differences to skip.
        next_call: The call that shows what follows this page.
    """
    left, right = comparison.left.summary, comparison.right.summary
    found = comparison.diff.differences
    shown = found[offset : offset + limit]
    head = [
        f"left {left.short_id} outcome {left.outcome.value}, {left.step_count} steps"
        f" · right {right.short_id} outcome {right.outcome.value}, {right.step_count} steps",
        _parting(comparison),
        f"{len(found)} differences, most consequential first; {offset + 1} to {offset + len(shown)}:",
    ]
    if not found:
        head[2] = "The runs do not differ in steps, arguments, results or answer."
    aligned = _aligned(comparison.diff.pairs)
    why = f"partner: {inert_line(comparison.partner_because, 160)}"
    room = BUDGET * CHARACTERS_PER_TOKEN - FENCE_COST - _FOOTER - sum(map(len, head)) - len(aligned) - len(why)
    width = min(max(room // max(len(shown), 1) - 90, _LEAST), _MOST)
    rows = [_row(comparison, item, width) for item in shown]
    notes = [] if comparison.teaches else [_NO_MODEL]
    notes.append(f"Aligned steps (left=right): {aligned}")
    if shown:
        notes.append(_look(comparison, shown[0]))
    if len(found) > offset + len(shown):
        notes.append(f"{len(found) - offset - len(shown)} more: {next_call}")
    return "\n".join([*head, fenced([why, *rows]), *notes])


def _parting(comparison: Comparison) -> str:
    parted = comparison.diff.first_divergence
    if parted is None:
        return "They never part for good."
    return f"They part for good at left {_side(parted[0])}, right {_side(parted[1])}."


def _side(index: int | None) -> str:
    return "–" if index is None else str(index)


def _row(comparison: Comparison, item: Difference, width: int) -> str:
    names = [
        f"{side} {index} {_step_name(trace, index)}"
        for side, trace, index in (("left", comparison.left, item.left), ("right", comparison.right, item.right))
        if index is not None
    ]
    head = f"{item.rank}. {_NAMES.get(item.kind, item.kind)} · {' · '.join(names)}"
    if item.path and item.kind == "arguments":
        head += f" · {inert_line(item.path, 60)}"
    sides = [
        f"   {sign} {_value(value, width // 2)}"
        for sign, value in (("-", item.before), ("+", item.after))
        if value is not None
    ]
    return "\n".join([head, *sides])


def _step_name(trace: Trace, index: int) -> str:
    step = trace.steps[index]
    return f"{step.kind.value} {inert_line(step.tool or step.name, 40)}"


def _value(value: JsonValue, width: int) -> str:
    return inert_line(as_text(value)[: width * 2], width)


def _look(comparison: Comparison, item: Difference) -> str:
    side, index = (comparison.left, item.left) if item.left is not None else (comparison.right, item.right)
    return f'Read the first: get_trace(trace="{side.summary.short_id}.{index}")'


def _aligned(pairs: Sequence[tuple[int | None, int | None]]) -> str:
    """Pairs as runs: `0-4=0-4 5=– 6-9=5-8`."""
    runs: list[list[tuple[int | None, int | None]]] = []
    for pair in pairs:
        if runs and _follows(runs[-1][-1], pair):
            runs[-1].append(pair)
        else:
            runs.append([pair])
    spelled = [f"{_span(run, 0)}={_span(run, 1)}" for run in runs]
    return " ".join(spelled) if len(spelled) <= 40 else " ".join(spelled[:40]) + f" …+{len(spelled) - 40}"


def _follows(before: tuple[int | None, int | None], pair: tuple[int | None, int | None]) -> bool:
    return all(
        (one is None and other is None) or (one is not None and other == one + 1)
        for one, other in zip(before, pair, strict=True)
    )


def _span(run: Sequence[tuple[int | None, int | None]], side: int) -> str:
    first, last = run[0][side], run[-1][side]
    if first is None:
        return "–"
    return str(first) if first == last else f"{first}-{last}"
