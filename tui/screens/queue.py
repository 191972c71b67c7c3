"""The review queue: what waits for people, how it begins, and how far it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from ...answers.plain.queue_rows import QueueRow, order_of, rows_of
from ...model.errors import UsageError
from ...model.reviews import ItemState, Label, ReviewItem, Verdict
from ...services.reviewing.asking import list_reviews
from ...services.reviewing.asking_back import answer_back
from ...store.contract import Store
from ...store.reviews.verdicts import list_verdicts
from ..gate import joined, lines, shown
from ..review_text import item_facts, item_row
from ..widgets.row_list import RowList
from .ask import LineScreen
from .base import MainScreen

_MOST = 2_000
_WORDS = {
    ItemState.OPEN: "wait for an answer",
    ItemState.DISPUTED: "disputed, wait for a third person",
    ItemState.NEEDS_ANSWER: "were sent back with a question",
    ItemState.DECIDED: "decided",
    ItemState.CLOSED: "closed",
}
_VIEWS = (ItemState.OPEN, ItemState.DISPUTED, ItemState.NEEDS_ANSWER, ItemState.DECIDED)
_ASKED_BY_HAND = "asked by hand"


class _Read(NamedTuple):
    """What the queue holds at one moment."""

    rows: list[QueueRow]
    mine: Collection[int] | None
    """What this reviewer can answer; None where all is shown."""


class QueueScreen(MainScreen):
    """One state of items at a time; `v` goes to the next that has any, `w` to one queue, `m` to one's own."""

    guide = (
        "Questions that wait for a person, most urgent first. Enter opens one: read, answer, see what the agent "
        "proposed, sign. v shows the ones that are disputed, sent back, or decided; w one queue after the other; m "
        "only what you can answer. On a decided fail, e opens what it teaches: cause, step, lesson, case, rubric."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "view", "State"),
        Binding("w", "queue", "Queue"),
        Binding("m", "mine", "Mine"),
        Binding("e", "engineer", "Complete a fail", show=False),
        Binding("b", "answer_back", "Answer a question back", show=False),
        Binding("o", "open_trace", "Open the run", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.view = ItemState.OPEN
        self.queue: str | None = None
        """The one queue that is shown; None for all."""
        self.reviewer: str | None = None
        """Fingerprint of whose items alone are shown; None for everybody's."""
        self.all_rows: list[QueueRow] = []
        self.rows: list[QueueRow] = []
        self._mine: Collection[int] | None = None

    def body(self) -> ComposeResult:
        yield Static(Content(""), id="progress", classes="note")
        yield RowList(self._row, id="items", classes="framed")
        yield Static(Content(""), id="facts", classes="note")

    def on_mount(self) -> None:
        self.set_title("Review")
        self.query_one("#items").focus()
        self.action_reload()

    def on_screen_resume(self) -> None:
        self.action_reload()

    def action_reload(self) -> None:
        reviewer, who = self.reviewer, self.desk.session.fingerprint if self.desk.session else ""
        self.in_background(lambda: _read(self.store, reviewer, who), self._loaded)

    def _loaded(self, read: _Read) -> None:
        marked = self._current()
        self.all_rows, self._mine = read.rows, read.mine
        self._fill(marked)

    def _fill(self, marked: ReviewItem | None) -> None:
        kept = [row for row in self.all_rows if self.queue in (None, row.item.queue)]
        if self._mine is not None:
            kept = [row for row in kept if row.item.id in self._mine or row.item.state not in _VIEWS[:2]]
        counts = Counter(row.item.state for row in kept)
        self.rows = [row for row in kept if row.item.state is self.view]
        words = [f"{counts[state]:,} {_WORDS[state]}" for state in _WORDS if counts[state]]
        if len(self.all_rows) == _MOST:
            words.append(f"of the {_MOST:,} most urgent")
        self.query_one("#progress", Static).update(shown(" · ".join(words), "$quiet"))
        rows = self.query_one("#items", RowList)
        rows.border_title = shown(" · ".join([f"{len(self.rows):,} {_WORDS[self.view]}", *self._narrowed()]))
        places = {row.item.id: place for place, row in enumerate(self.rows)}
        rows.fill(len(self.rows), places.get(marked.id, rows.cursor) if marked else rows.cursor)
        if not self.rows:
            self.query_one("#facts", Static).update(self._why_empty())

    def _narrowed(self) -> list[str]:
        """What keeps other items out of sight."""
        queue = [] if self.queue is None else [f"queue {self.queue}" if self.queue else _ASKED_BY_HAND]
        return queue + ([] if self._mine is None else ["for you"])

    def _why_empty(self) -> Content:
        if self._narrowed():
            return shown(f"Nothing here ({', '.join(self._narrowed())}). w shows other queues, m everybody's.")
        if self.view is not ItemState.OPEN:
            return shown(f"No questions {_WORDS[self.view]}. v shows another state.")
        first = "All questions are answered." if self.all_rows else "No question has been asked yet."
        return lines(
            shown(first, "bold"),
            joined(
                shown("t", "bold $accent"),
                shown(" shows the runs; "),
                shown("a", "bold $accent"),
                shown(" in a run asks an expert about its marked step."),
            ),
            shown("An assistant queues questions with the tool request_review."),
        )

    def _row(self, index: int, width: int) -> Content:
        return item_row(self.rows[index], width) if index < len(self.rows) else Content("")

    @on(RowList.Marked, "#items")
    def _marked(self, event: RowList.Marked) -> None:
        if event.index < len(self.rows):
            self.query_one("#facts", Static).update(item_facts(self.rows[event.index].item))

    @on(RowList.Chosen, "#items")
    def _chosen(self, event: RowList.Chosen) -> None:
        item = self.rows[event.index].item
        if item.state in (ItemState.OPEN, ItemState.DISPUTED):
            self.desk.with_session(lambda session: self._open(item, session.fingerprint))
        elif item.state is ItemState.NEEDS_ANSWER:
            self.action_answer_back()
        else:
            self.action_open_trace()

    def _open(self, item: ReviewItem, reviewer: str) -> None:
        from .item import ItemScreen

        self.app.push_screen(ItemScreen(item, reviewer))

    def action_view(self) -> None:
        """The next state that has items; round to the first."""
        at = _VIEWS.index(self.view)
        there = {row.item.state for row in self.all_rows if self.queue in (None, row.item.queue)}
        ahead = [*_VIEWS[at + 1 :], *_VIEWS[:at]]
        self.view = next((state for state in ahead if state in there), ItemState.OPEN)
        self._fill(None)

    def action_queue(self) -> None:
        """All queues, then one after the other."""
        names: list[str | None] = [None, *sorted({row.item.queue for row in self.all_rows})]
        at = names.index(self.queue) if self.queue in names else 0
        self.queue = names[(at + 1) % len(names)]
        self._fill(None)

    def action_mine(self) -> None:
        """What one can answer oneself, or everybody's."""
        if self.reviewer is not None:
            self.reviewer = None
            self.action_reload()
            return

        def known(fingerprint: str) -> None:
            self.reviewer = fingerprint
            self.action_reload()

        self.desk.with_session(lambda session: known(session.fingerprint))

    def action_open_trace(self) -> None:
        item = self._current()
        if item is not None and item.trace_id is not None:
            self.desk.open_trace(item.trace_id)

    def action_answer_back(self) -> None:
        item = self._current()
        if item is None or item.state is not ItemState.NEEDS_ANSWER:
            return

        def answered(text: str | None) -> None:
            if text is None:
                return
            self.attempt(lambda: answer_back(self.store, item.id, text, by=self.desk.who))
            self.action_reload()

        self.app.push_screen(
            LineScreen(f"A reviewer asks: {item.note}", "Enter answers and puts it back into the queue"), answered
        )

    def action_engineer(self) -> None:
        item = self._current()
        if item is not None:
            self.in_background(lambda: _signed_fail(self.store, item), self._complete, group="engineer")

    def _complete(self, verdict: Verdict) -> None:
        from .teaching import TeachingScreen

        self.app.push_screen(TeachingScreen(verdict))

    def _current(self) -> ReviewItem | None:
        cursor = self.query_one("#items", RowList).cursor
        return self.rows[cursor].item if cursor < len(self.rows) else None


def _read(store: Store, reviewer: str | None, who: str) -> _Read:
    """The items, and where one asks for one's own, which of them they are."""
    items: Sequence[ReviewItem] = list_reviews(store, state=None, limit=_MOST)
    mine = None if reviewer is None else {place.id for place in order_of(store, reviewer).places}
    return _Read(rows_of(store, who, [item.id for item in items]), mine)


def _signed_fail(store: Store, item: ReviewItem) -> Verdict:
    """The newest fail of an item that counts.

    Raises:
        UsageError: if the item has none.
    """
    fails = [v for v in list_verdicts(store, item_id=item.id) if v.confirmed and v.answer.label is Label.FAIL]
    if not fails:
        raise UsageError(f"{item.short_id} has no signed fail, so there is nothing to complete.")
    return fails[-1]
