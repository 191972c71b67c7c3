"""Two runs side by side: where they part, and what differs, most consequential first."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from ...answers.plain.words import step_name
from ...model.errors import RetrospanError
from ...model.findings import Difference
from ...model.text.jsontext import as_text
from ...model.traces import Trace
from ...services.privacy.read_notes import at_hand, note_reading
from ...services.understanding.explaining import Comparison, compare_traces
from ..gate import cell, counted, joined, lines, shown
from ..step_text import KIND_WORDS, step_blocks
from ..widgets.block_view import Block, BlockView
from ..widgets.row_list import RowList
from .base import AppScreen

_KINDS = {
    "only_left": "only in the first",
    "only_right": "only in the second",
    "arguments": "other arguments",
    "result": "other result",
    "documents": "other passages",
    "answer": "other answer",
    "order": "other order",
    "status": "other status",
}
_QUOTE = 1_200
"""Characters compared word by word; the whole step stands below."""
_ISLAND = 5
"""Words and blanks in a row that must be alike to count as the same: single words agree by chance."""
_WORDS = re.compile(r"\s+|[^\s]+")


class DiffScreen(AppScreen):
    """Aligned steps above, the two sides of the marked pair below."""

    guide = (
        "This run beside one that went well, aligned step by step. n goes through the differences by weight: "
        "writes and answers come before reads. ◀ marks where the runs part."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "difference(1)", "Next difference"),
        Binding("N", "difference(-1)", "Previous difference", show=False),
        Binding("x", "whole", "Whole steps"),
    ]

    def __init__(self, left_id: int, right_id: int | None = None) -> None:
        super().__init__()
        self.left_id, self.right_id = left_id, right_id
        self.comparison: Comparison | None = None
        self.whole = False
        self._rank = -1
        self._by_pair: dict[int, list[Difference]] = {}

    def body(self) -> ComposeResult:
        yield Static(shown("Aligning …", "$quiet"), id="ask")
        yield RowList(self._row, id="pairs", classes="framed")
        with Horizontal(id="diff-split"):
            yield BlockView(id="left", classes="framed side")
            yield BlockView(id="right", classes="framed side")

    def on_mount(self) -> None:
        self.set_title("Traces", f"T{self.left_id}", "Diff")
        self.query_one("#pairs").focus()
        self.in_background(self._read, self._loaded)

    def _read(self) -> Comparison:
        comparison = compare_traces(self.store, self.left_id, self.right_id)
        shown_ids = [comparison.left.summary.id, comparison.right.summary.id]
        note_reading(self.store, shown_ids, actor=at_hand("tui"), detail="diff")
        return comparison

    def failed(self, err: RetrospanError) -> None:
        self.query_one("#ask", Static).update(shown(str(err), "$error"))

    def _loaded(self, comparison: Comparison) -> None:
        self.comparison = comparison
        left, right = comparison.left.summary.short_id, comparison.right.summary.short_id
        found = counted(len(comparison.diff.differences), "difference")
        words = f"{left} beside {right}: {comparison.partner_because}. {found}."
        self.query_one("#ask", Static).update(shown(words))
        self.query_one("#left").border_title = shown(left)
        self.query_one("#right").border_title = shown(right)
        places = {pair: place for place, pair in enumerate(comparison.diff.pairs)}
        by_side = {
            side: {pair[side]: place for pair, place in places.items() if pair[side] is not None} for side in (0, 1)
        }
        for difference in comparison.diff.differences:
            place = by_side[0].get(difference.left) if difference.left is not None else None
            if place is None and difference.right is not None:
                place = by_side[1].get(difference.right)
            if place is not None:
                self._by_pair.setdefault(place, []).append(difference)
        self.query_one("#pairs", RowList).fill(len(comparison.diff.pairs))
        self.action_difference(1)

    def _row(self, index: int, width: int) -> Content:
        if self.comparison is None:
            return Content("")
        left, right = self.comparison.diff.pairs[index]
        half = (width - 8) // 2
        differences = self._by_pair.get(index)
        mark = f"≠{differences[0].rank}" if differences else "="
        parted = " ◀" if (left, right) == self.comparison.diff.first_divergence else ""
        style = "bold $warning" if differences else "$quiet"
        return joined(
            cell(_label(self.comparison.left, left), half),
            cell(f" {mark}{parted}", 8, style),
            cell(_label(self.comparison.right, right), half),
        )

    @on(RowList.Marked, "#pairs")
    def _show_pair(self) -> None:
        if self.comparison is None or not self.comparison.diff.pairs:
            return
        place = self.query_one("#pairs", RowList).cursor
        left, right = self.comparison.diff.pairs[place]
        differences = self._by_pair.get(place, [])
        for name, trace, step, before in (
            ("#left", self.comparison.left, left, True),
            ("#right", self.comparison.right, right, False),
        ):
            changed = [Block(_changed(difference, before=before)) for difference in differences]
            self.query_one(name, BlockView).show(changed + self._side(trace, step))

    def _side(self, trace: Trace, step: int | None) -> list[Block]:
        if step is None:
            return [Block(shown("This run has no such step.", "$quiet"))]
        return step_blocks(trace.summary, trace.steps[step], (), whole=self.whole)

    def action_difference(self, direction: int) -> None:
        if self.comparison is None or not self._by_pair:
            return
        ranked = sorted((min(d.rank for d in found), place) for place, found in self._by_pair.items())
        self._rank = (self._rank + direction) % len(ranked)
        self.query_one("#pairs", RowList).cursor = ranked[self._rank][1]
        self._show_pair()

    def action_whole(self) -> None:
        self.whole = not self.whole
        self._show_pair()


def _label(trace: Trace, step: int | None) -> str:
    if step is None:
        return "–"
    found = trace.steps[step]
    return f"{found.index} {KIND_WORDS[found.kind]} {step_name(found)}"


def _changed(difference: Difference, *, before: bool) -> Content:
    value, other = difference.before, difference.after
    if not before:
        value, other = other, value
    head = joined(
        shown("≠ ", "bold $warning"),
        shown(_KINDS.get(difference.kind, difference.kind), "bold"),
        shown(f" {difference.path}" if difference.path else "", "$quiet"),
    )
    return head if value is None else lines(head, _marked(as_text(value)[:_QUOTE], as_text(other)[:_QUOTE]))


def _marked(text: str, other: str) -> Content:
    """A text with the words marked that the other one does not have there."""
    words = _WORDS.findall(text)
    matcher = SequenceMatcher(None, words, _WORDS.findall(other), autojunk=False)
    same = [block for block in matcher.get_matching_blocks() if block.size >= _ISLAND or block.size == len(words)]
    parts, at = [], 0
    for block in same:
        parts.append(shown("".join(words[at : block.a]), "bold $warning"))
        at = block.a + block.size
        parts.append(shown("".join(words[block.a : at])))
    return joined(*parts, shown("".join(words[at:]), "bold $warning"))
