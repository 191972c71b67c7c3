"""What was learned: lessons with their origin, and whether each is confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from ...model.reviews import Lesson, LessonStatus
from ...services.knowledge.confirming import confirm_lesson
from ...store.knowledge.lookup import list_lessons
from ...store.reading.summaries import resolve_trace
from ...trust.session import ReviewSession
from ..gate import cell, counted, joined, lines, shown
from ..widgets.block_view import Block, BlockView
from ..widgets.row_list import RowList
from .base import BREAKPOINTS, MainScreen
from .sign import SignScreen

_SIGNS = {
    LessonStatus.CONFIRMED: ("✓ confirmed", "$verdict-pass"),
    LessonStatus.PROPOSED: ("… proposed", "$quiet"),
    LessonStatus.SUPERSEDED: ("– superseded", "$quiet"),
    LessonStatus.STALE: ("! stale", "$warning"),
}


class LessonsScreen(MainScreen):
    """Titles on the left, the marked lesson on the right."""

    guide = (
        "Lessons come from verdicts. A confirmed one carries the signature of a reviewer who is trusted here; "
        "assistants are served confirmed ones. a signs one that is proposed; o opens the run where a lesson comes from."
    )
    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "accept", "Accept"),
        Binding("o", "origin", "Its run"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.lessons: Sequence[Lesson] = ()

    def body(self) -> ComposeResult:
        yield Static(Content(""), id="lessons-note", classes="note")
        with Horizontal(id="item-split"):
            yield RowList(self._row, id="lesson-list", classes="framed")
            yield BlockView(id="lesson", classes="framed side")

    def on_mount(self) -> None:
        self.set_title("Lessons")
        self.query_one("#lesson-list").focus()
        self.action_reload()

    def on_screen_resume(self) -> None:
        self.action_reload()

    def action_reload(self) -> None:
        self.in_background(lambda: list_lessons(self.store), self._loaded)

    def _loaded(self, lessons: Sequence[Lesson]) -> None:
        self.lessons = lessons
        note = self.query_one("#lessons-note", Static)
        note.set_class(bool(lessons), "hidden")
        note.update(
            lines(
                shown("No lessons yet.", "bold"),
                shown("A verdict of fail offers one: open the review queue (r) and answer a question."),
            )
        )
        rows = self.query_one("#lesson-list", RowList)
        rows.border_title = shown(counted(len(lessons), "lesson"))
        rows.fill(len(lessons), rows.cursor)

    def _row(self, index: int, width: int) -> Content:
        if index >= len(self.lessons):
            return Content("")
        lesson = self.lessons[index]
        sign, style = _SIGNS[lesson.status]
        return joined(cell(sign, 13, style), cell(lesson.title, max(width - 13, 8)))

    @on(RowList.Marked, "#lesson-list")
    def _marked(self, event: RowList.Marked) -> None:
        if event.index < len(self.lessons):
            self.query_one("#lesson", BlockView).show(lesson_blocks(self.lessons[event.index]))

    @on(RowList.Chosen, "#lesson-list")
    def _chosen(self) -> None:
        self.query_one("#lesson").focus()

    def _current(self) -> Lesson | None:
        cursor = self.query_one("#lesson-list", RowList).cursor
        return self.lessons[cursor] if cursor < len(self.lessons) else None

    def action_accept(self) -> None:
        lesson = self._current()
        if lesson is None or lesson.status is not LessonStatus.PROPOSED:
            self.tell("Only a proposed lesson can be accepted.")
            return
        what = lines(shown(lesson.title, "bold"), shown(lesson.what_to_do))

        def ask(session: ReviewSession) -> None:
            def answered(agreed: bool | None) -> None:
                if agreed:
                    self.in_background(
                        lambda: self._confirm(session, lesson.id), lambda _: self.action_reload(), group="accept"
                    )

            self.app.push_screen(SignScreen(session.name, what), answered)

        self.desk.with_session(ask)

    def _confirm(self, session: ReviewSession, lesson_id: str) -> None:
        confirm_lesson(self.store, session, lesson_id, self.desk.folder)

    def action_origin(self) -> None:
        lesson = self._current()
        trace_key = lesson.origin.trace_key if lesson else None
        if not trace_key:
            self.tell("This lesson names no run.")
            return
        trace_id = self.attempt(lambda: resolve_trace(self.store, trace_key))
        if trace_id is not None:
            self.desk.open_trace(trace_id)


def lesson_blocks(lesson: Lesson) -> list[Block]:
    """A lesson in reading order."""
    sign, style = _SIGNS[lesson.status]
    signed = f" by {lesson.signed_by}" if lesson.signed_by else ""
    facts = [f"guarded by case {lesson.case}" if lesson.case else "no regression case guards it"]
    if terms := lesson.applies_to.terms():
        facts.append(f"applies to {', '.join(terms)}")
    return [
        Block(
            lines(
                shown(lesson.title, "bold"),
                joined(shown(sign, style), shown(signed), shown(" · " + lesson.id, "$quiet")),
            )
        ),
        Block(lines(shown("What happened", "bold $accent"), shown(lesson.what_happened))),
        Block(lines(shown("Why", "bold $accent"), shown(lesson.why))),
        Block(lines(shown("What to do", "bold $accent"), shown(lesson.what_to_do))),
        Block(lines(*(shown(fact, "$quiet") for fact in facts))),
    ]
