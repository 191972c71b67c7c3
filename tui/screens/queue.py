"""The review queue: what waits for people, why, and how far it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

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


class QueueScreen(MainScreen):
    """One state of items at a time; `v` goes to the next."""

    guide = (
        "Questions that wait for a person, most urgent first. Enter opens one: read, answer, see what the agent "
        "proposed, sign. v shows the ones that are disputed, sent back, or decided; on a decided fail, e opens "
        "what it teaches: cause, step, lesson, case, rubric."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "view", "Other states"),
        Binding("e", "engineer", "Complete a fail", show=False),
        Binding("b", "answer_back", "Answer a question back", show=False),
        Binding("o", "open_trace", "Open the run", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.view = ItemState.OPEN
        self.items: list[ReviewItem] = []

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
        self.in_background(lambda: list_reviews(self.store, state=None, limit=_MOST), self._loaded)

    def _loaded(self, items: Sequence[ReviewItem]) -> None:
        counts, marked = Counter(item.state for item in items), self._current()
        self.items = [item for item in items if item.state is self.view]
        words = [f"{counts[state]} {_WORDS[state]}" for state in _WORDS if counts[state]]
        self.query_one("#progress", Static).update(shown(" · ".join(words), "$quiet"))
        rows = self.query_one("#items", RowList)
        rows.border_title = shown(f"{len(self.items)} {_WORDS[self.view]}")
        places = {item.id: place for place, item in enumerate(self.items)}
        rows.fill(len(self.items), places.get(marked.id, rows.cursor) if marked else rows.cursor)
        if not self.items:
            self.query_one("#facts", Static).update(self._why_empty(len(items)))

    def _why_empty(self, total: int) -> Content:
        if self.view is not ItemState.OPEN:
            return shown(f"No questions {_WORDS[self.view]}. v shows the next state.")
        first = "All questions are answered." if total else "No question has been asked yet."
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
        return item_row(self.items[index], width) if index < len(self.items) else Content("")

    @on(RowList.Marked, "#items")
    def _marked(self, event: RowList.Marked) -> None:
        if event.index < len(self.items):
            self.query_one("#facts", Static).update(item_facts(self.items[event.index]))

    @on(RowList.Chosen, "#items")
    def _chosen(self, event: RowList.Chosen) -> None:
        item = self.items[event.index]
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
        self.view = _VIEWS[(_VIEWS.index(self.view) + 1) % len(_VIEWS)]
        self.action_reload()

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
        return self.items[cursor] if cursor < len(self.items) else None


def _signed_fail(store: Store, item: ReviewItem) -> Verdict:
    """The newest fail of an item that counts.

    Raises:
        UsageError: if the item has none.
    """
    fails = [v for v in list_verdicts(store, item_id=item.id) if v.confirmed and v.answer.label is Label.FAIL]
    if not fails:
        raise UsageError(f"{item.short_id} has no signed fail, so there is nothing to complete.")
    return fails[-1]
