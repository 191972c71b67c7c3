"""A trace as an outline that fits a budget: one line a step, only what is new, the notable steps first in room."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..model.findings import Signal
from ..model.text.budget import CHARACTERS_PER_TOKEN, clip, ranges, share, spelled
from ..model.text.fence import FENCE_COST, fenced, inert_line
from ..model.traces import TraceSummary
from ..services.understanding.step_texts import ToldStep
from .outcome import told_outcome
from .step_lines import StepLine, step_lines

_LEAST_TEXT = 48
"""Characters of its texts that a step keeps; below that a step is rather summarised with its neighbours."""
_RANGE_LINE = 90
_FOOTER = 260
"""Characters kept for the note on what was left out."""


@dataclass(frozen=True, slots=True)
class Outline:
    """An outline and what it leaves out."""

    text: str
    folded: tuple[tuple[int, int], ...]
    """Runs of steps that are only summarised."""
    cut: tuple[int, ...]
    """Steps shown with less than their whole text, the most notable first."""


def outline_trace(
    summary: TraceSummary,
    told: Sequence[ToldStep],
    signals: Sequence[Signal],
    *,
    budget: int,
    suspects: Sequence[int] = (),
) -> Outline:
    """The outline of a whole trace.

    Args:
        summary: The trace.
        told: All of its steps in words.
        signals: Its signals; steps that have one are kept when room is short.
        budget: Tokens, of four characters each, for everything.
        suspects: Indices of suspected steps, likewise kept.

    Cost: O(n log n) in the number of steps.
    """
    name = summary.short_id
    head = headline(summary, signals)
    about = _about(summary)
    room = budget * CHARACTERS_PER_TOKEN - len(head) - len(about) - FENCE_COST - _FOOTER
    rows, folded, cut = outline_rows(step_lines(told, signals, suspects), room)
    text = f"{head}\n{fenced([about, *rows] if about else rows)}\n{_left_out(name, folded, cut)}"
    return Outline(text.rstrip("\n"), tuple(folded), tuple(cut))


def outline_rows(lines: Sequence[StepLine], room: int) -> tuple[list[str], list[tuple[int, int]], list[int]]:
    """Lines of steps inside so many characters; the runs of steps that are only summarised, and the steps cut."""
    blocks, folded = _fit(lines, room)
    rows, cut = _write(blocks, room)
    return rows, folded, cut


def headline(summary: TraceSummary, signals: Sequence[Signal]) -> str:
    """What Retrospan itself computed of a run, in one or two lines; holds no trace text."""
    usage = summary.usage
    facts = [summary.short_id, told_outcome(summary)]
    facts += [f"verdict {summary.verdict}"] if summary.verdict else []
    facts += [f"{summary.step_count} steps"]
    facts += [f"{summary.duration_ms / 1000:.1f}s"] if summary.duration_ms else []
    facts += [f"{usage.input_tokens} in + {usage.output_tokens} out tokens"] if usage.input_tokens else []
    found: dict[str, list[str]] = {}
    for signal in signals:
        found.setdefault(signal.signal, []).append("run" if signal.step is None else str(signal.step))
    named = "; ".join(f"{signal} at {','.join(dict.fromkeys(steps[:6]))}" for signal, steps in found.items())
    return " · ".join(facts) + (f"\nsignals: {clip(named, 300)}" if named else "\nsignals: none")


def _about(summary: TraceSummary) -> str:
    """The run's own names, which are trace text."""
    parts = [("run", summary.own_id), ("project", summary.project), ("version", summary.version)]
    parts += [("task", summary.task)] if summary.task_declared else []
    parts += [("judged on", f"“{inert_line(summary.verdict_question, 200)}”")] if summary.verdict_question else []
    parts += [("session", summary.session), ("models", ", ".join(summary.models[:3]))]
    return " · ".join(
        f"{label} {inert_line(value, 220 if label == 'judged on' else 40)}" for label, value in parts if value
    )


Block = StepLine | tuple[StepLine, ...]
"""A step of its own, or neighbours summarised on one line."""


def _fit(lines: Sequence[StepLine], room: int) -> tuple[list[Block], list[tuple[int, int]]]:
    """Which steps get a line: all if their shortest form fits, else the weightiest; frames share a line in any case."""
    kept = {line.index for line in lines if not line.frame}
    blocks = _blocks(lines, kept)
    if _least(blocks) <= room:
        return blocks, []
    order = sorted((line for line in lines if not line.frame), key=lambda line: (-line.weight, line.index))
    low, high = 0, len(order)
    while low < high:
        middle = (low + high + 1) // 2
        if _least(_blocks(lines, {line.index for line in order[:middle]})) <= room:
            low = middle
        else:
            high = middle - 1
    kept = {line.index for line in order[:low]}
    folded = ranges([index for line in lines if line.index not in kept for index in line.indices])
    return _bounded(_blocks(lines, kept), room), folded


def _blocks(lines: Sequence[StepLine], kept: set[int]) -> list[Block]:
    blocks: list[Block] = []
    run: list[StepLine] = []
    for line in lines:
        if line.index not in kept:
            run.append(line)
            continue
        if run:
            blocks.append(tuple(run))
            run = []
        blocks.append(line)
    return [*blocks, tuple(run)] if run else blocks


def _least(blocks: Sequence[Block]) -> int:
    return sum(
        _RANGE_LINE if isinstance(block, tuple) else block.fixed + min(block.length, _LEAST_TEXT) for block in blocks
    )


def _bounded(blocks: list[Block], room: int) -> list[Block]:
    """Where even summaries are too many (marks alone pass the budget), one summary of all."""
    if _least(blocks) <= room:
        return blocks
    return [tuple(line for block in blocks for line in (block if isinstance(block, tuple) else (block,)))]


def _write(blocks: Sequence[Block], room: int) -> tuple[list[str], list[int]]:
    singles = [block for block in blocks if not isinstance(block, tuple)]
    summaries = {id(block): _summary(block) for block in blocks if isinstance(block, tuple)}
    room -= sum(len(text) + 1 for text in summaries.values()) + sum(line.fixed for line in singles)
    allowed = dict(
        zip(
            [line.index for line in singles],
            share([line.length for line in singles], [line.weight for line in singles], max(room, 0)),
            strict=True,
        )
    )
    rows: list[str] = []
    cut: list[StepLine] = []
    for block in blocks:
        if isinstance(block, tuple):
            rows.append(summaries[id(block)])
            continue
        row = _row(block, allowed[block.index])
        rows.append(row)
        if "…+" in row:
            cut.append(block)
    cut.sort(key=lambda line: -line.weight)
    return rows, [index for line in cut for index in line.indices[-1:]]


def _row(line: StepLine, room: int) -> str:
    room = max(room - len(line.texts), 0)
    widths = share([len(text) for text in line.texts], [1.0] * len(line.texts), room)
    shown = [
        clip(text, width) for text, width in zip(line.texts, widths, strict=True) if width > 6 or width == len(text)
    ]
    body = " ".join(shown)
    colon = "" if not body or body.startswith("(") else ":"
    return f"{line.head}{colon} {body}{line.marks}".rstrip() if body else f"{line.head}{line.marks}"


def _summary(run: Sequence[StepLine]) -> str:
    """Neighbours on one line: `8-21: llm ×7, tool search ×5, tool open ×2`."""
    first, last = run[0].indices[0], run[-1].index
    place = str(first) if first == last else f"{first}-{last}"
    if all(line.frame for line in run):
        return clip(f"{place} frames: {' › '.join(dict.fromkeys(line.label for line in run))}", _RANGE_LINE - 1)
    counted = Counter(line.label for line in run).most_common()
    named = ", ".join(label if count == 1 else f"{label} ×{count}" for label, count in counted)
    return clip(f"{place} folded: {named}", _RANGE_LINE - 1)


def _left_out(name: str, folded: Sequence[tuple[int, int]], cut: Sequence[int]) -> str:
    notes = []
    if folded:
        widest = max(folded, key=lambda run: run[1] - run[0])
        count = sum(last - first + 1 for first, last in folded)
        notes.append(f'{count} steps are folded. Next: get_trace(trace="{name}", steps="{spelled([widest])}")')
    if cut:
        notes.append(
            f'{len(cut)} texts are cut (…+N is what is left out). Whole: get_trace(trace="{name}", steps="{cut[0]}")'
        )
    return "\n".join(notes)
