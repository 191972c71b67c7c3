"""What was learned: lessons with their origin, and whether each is confirmed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from ...model.reviews import Lesson, LessonStatus
from ...services.knowledge.confirming import confirm_lesson
from ...services.knowledge.doubting import with_doubts
from ...services.knowledge.exporting import old_exports
from ...services.knowledge.revising import keep_lesson, retract_lesson
from ...services.verification.lesson_story import LessonStory, stories_of
from ...store.contract import Store
from ...store.knowledge.lookup import list_lessons
from ...store.reading.summaries import resolve_trace
from ...trust.session import ReviewSession
from ..gate import cell, counted, joined, lines, shown
from ..widgets.block_view import Block, BlockView
from ..widgets.row_list import RowList
from .ask import LineScreen
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
        "assistants are served confirmed ones. a signs one that is proposed; o opens the run it comes from. "
        "Those whose ground has moved come first: T signs that one is still true, X takes it back."
    )
    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "accept", "Accept"),
        Binding("o", "origin", "Its run"),
        Binding("T", "keep", "Still true"),
        Binding("X", "retract", "Take back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.lessons: Sequence[Lesson] = ()
        self.stories: Mapping[str, LessonStory] = {}

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
        self.in_background(lambda: _learned(self.store, self.desk.folder), self._loaded)

    def _loaded(self, stories: Sequence[LessonStory]) -> None:
        lessons = self.lessons = [story.lesson for story in stories]
        self.stories = {story.lesson.id: story for story in stories}
        note = self.query_one("#lessons-note", Static)
        note.set_class(bool(lessons), "hidden")
        note.update(
            lines(
                shown("No lessons yet.", "bold"),
                shown("A verdict of fail offers one: open the review queue (r) and answer a question."),
            )
        )
        rows = self.query_one("#lesson-list", RowList)
        doubted = sum(bool(lesson.doubts) for lesson in lessons)
        rows.border_title = shown(counted(len(lessons), "lesson") + (f", {doubted} still true?" if doubted else ""))
        rows.fill(len(lessons), rows.cursor)

    def _row(self, index: int, width: int) -> Content:
        if index >= len(self.lessons):
            return Content("")
        lesson = self.lessons[index]
        sign, style = _sign(lesson)
        return joined(cell(sign, 13, style), cell(lesson.title, max(width - 13, 8)))

    @on(RowList.Marked, "#lesson-list")
    def _marked(self, event: RowList.Marked) -> None:
        if event.index < len(self.lessons):
            lesson = self.lessons[event.index]
            self.query_one("#lesson", BlockView).show(lesson_blocks(lesson, self.stories.get(lesson.id)))

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
        folder = self.desk.folder
        self._signed(lesson, "", lambda session: confirm_lesson(self.store, session, lesson.id, folder))

    def action_keep(self) -> None:
        """Sign that the marked lesson is still true with what runs now."""
        lesson = self._in_force()
        if lesson is not None:
            folder, told = self.desk.folder, "It still holds with the prompts, tools and models that run now."
            self._signed(lesson, told, lambda session: keep_lesson(self.store, session, lesson.id, folder))

    def action_retract(self) -> None:
        """Take the marked lesson back, here and in every export of the project."""
        lesson = self._in_force()
        if lesson is None:
            return
        folder = self.desk.folder

        def reasoned(why: str | None) -> None:
            if why:
                told = f"It is taken back: {why}"
                self._signed(lesson, told, lambda session: retract_lesson(self.store, session, lesson.id, why, folder))

        note = "A sentence; it is shown wherever the lesson was.  Enter goes on · esc cancels"
        self.app.push_screen(LineScreen("Why is this lesson taken back?", note), reasoned)

    def _in_force(self) -> Lesson | None:
        """The marked lesson, where it can be kept or taken back."""
        lesson = self._current()
        if lesson is not None and (lesson.status is LessonStatus.CONFIRMED or lesson.quarantined):
            return lesson
        self.tell("Only a confirmed lesson can be kept or taken back.")
        return None

    def _signed(self, lesson: Lesson, told: str, act: Callable[[ReviewSession], object]) -> None:
        """Show what is signed, and do it once it is; exports of the project follow at once."""
        what = lines(shown(lesson.title, "bold"), shown(told or lesson.what_to_do))

        def work(session: ReviewSession) -> None:
            act(session)
            old_exports(self.store, self.desk.folder, write=True)

        def ask(session: ReviewSession) -> None:
            def answered(agreed: bool | None) -> None:
                if agreed:
                    self.in_background(lambda: work(session), lambda _: self.action_reload(), group="accept")

            self.app.push_screen(SignScreen(session.name, what), answered)

        self.desk.with_session(ask)

    def action_origin(self) -> None:
        lesson = self._current()
        trace_key = lesson.origin.trace_key if lesson else None
        if not trace_key:
            self.tell("This lesson names no run.")
            return
        trace_id = self.attempt(lambda: resolve_trace(self.store, trace_key))
        if trace_id is not None:
            self.desk.open_trace(trace_id)


def _learned(store: Store, folder: Path) -> list[LessonStory]:
    """All lessons with what became of them, those with a reason to ask again first."""
    lessons = with_doubts(store, list_lessons(store), folder)
    return stories_of(store, sorted(lessons, key=lambda lesson: (not lesson.doubts, not lesson.quarantined)))


def _sign(lesson: Lesson) -> tuple[str, str]:
    """How a lesson stands, in a word."""
    if lesson.quarantined:
        return "! held back", "$warning"
    return ("? still true", "$warning") if lesson.doubts else _SIGNS[lesson.status]


def lesson_blocks(lesson: Lesson, story: LessonStory | None) -> list[Block]:
    """A lesson in reading order, with what became of it."""
    sign, style = _sign(lesson)
    signed = f" by {lesson.signed_by}" if lesson.signed_by else ""
    facts = [story.in_words] if story else []
    if terms := lesson.applies_to.terms():
        facts.append(f"applies to {', '.join(terms)}")
    because = [*lesson.doubts, *([lesson.stale_because] if lesson.stale_because else [])]
    return [
        Block(
            lines(
                shown(lesson.title, "bold"),
                joined(shown(sign, style), shown(signed), shown(" · " + lesson.id, "$quiet")),
                *(shown(reason, "$warning") for reason in because),
            )
        ),
        Block(lines(shown("What happened", "bold $accent"), shown(lesson.what_happened))),
        Block(lines(shown("Why", "bold $accent"), shown(lesson.why))),
        Block(lines(shown("What to do", "bold $accent"), shown(lesson.what_to_do))),
        Block(lines(*(shown(fact, "$quiet") for fact in facts))),
    ]
