"""One review item: read, answer, see what the agent proposed, revise or not, sign."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from ...model.errors import RetrospanError
from ...model.findings import CauseClass
from ...model.reviews import Label, ReviewItem, Severity
from ..evidence import TRACE_STRIDE, review_blocks, shown_traces
from ..gate import shown
from ..review_flow import Phase, ReviewFlow
from ..review_text import answer_words, question_content, to_sign_content
from ..widgets.block_view import BlockView
from .ask import LineScreen
from .base import BREAKPOINTS, AppScreen
from .sign import GUARD_SECONDS, SignScreen
from .step import StepScreen

_RENEW_SECONDS = 60.0
_SHORT = 22
"""Rows below which only the question itself stays above the conversation."""
_SEVERAL = 2
"""Criteria that have room above the conversation with all their wording; of more, one is shown at a time."""
_TALL = 30
"""Rows from which the rubric stays in view while one writes."""
_SEVERITY_KEYS = {str(number): severity for number, severity in enumerate(Severity, 1)}


class ItemScreen(AppScreen):
    """The question above, the conversation beside the answer; the proposal appears only after the answer."""

    guide = (
        "Read what happened, then answer the question above: p pass, f fail, c can't tell, or 1 to 4 for a fail of "
        "low to critical severity. Write one sentence, Enter keeps it. Then you see what the agent proposed, may "
        "change your answer, and sign. Both answers are kept."
    )
    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "mark('pass')", "Pass"),
        Binding("f", "mark('fail')", "Fail"),
        Binding("c", "mark('cant_tell')", "Can't tell"),
        Binding("m", "cause", "Mark the step where it went wrong", show=False),
        Binding("M", "cause_class", "Name the cause (engineers)", show=False),
        Binding("1,2,3,4", "none", "Fail: low, medium, high, critical", show=False),
        Binding("e", "evidence", "Evidence"),
        Binding("S", "sign", "Sign"),
        Binding("w", "words", "Edit the words", show=False),
        Binding("u", "undo", "Undo"),
        Binding("s", "skip", "Skip"),
        Binding("b", "ask_back", "Ask back", show=False),
        Binding("o", "deciding", "Decides the outcome, or not", show=False),
        Binding("enter", "read_step", "Whole step", show=False),
        Binding("n", "next", "Next item"),
    ]

    def __init__(self, item: ReviewItem, reviewer: str) -> None:
        super().__init__()
        self.item = item
        self.reviewer = reviewer
        self.phase = Phase.LOADING
        self._focus_places: list[int] = []
        self._ready_at = 0.0
        self._renewed_at = time.monotonic()

    def body(self) -> ComposeResult:
        yield Static(shown(self.item.question, "bold"), id="question")
        with Horizontal(id="item-split"):
            yield BlockView(id="conversation", classes="framed")
            with VerticalScroll(id="answer"):
                yield Static(Content(""), id="answer-text")
                yield Static(shown("Why? One sentence."), id="reason-label", classes="field-label hidden")
                yield Input(id="reason", classes="hidden", compact=True)
                expected = shown("What should it have been? (may stay empty)")
                yield Static(expected, id="expected-label", classes="field-label hidden")
                yield Input(id="expected", classes="hidden", compact=True)
                yield Static(Content(""), id="answer-keys")

    def on_mount(self) -> None:
        self.set_title("Review", self.item.short_id)
        self.query_one("#conversation").focus()
        self.in_background(self.flow.load, self._loaded)

    def _loaded(self, phase: Phase) -> None:
        assert self.flow.opened is not None
        blocks, self._focus_places = review_blocks(self.flow.opened, self.flow.signals)
        view = self.query_one("#conversation", BlockView)
        view.border_title = shown("what happened")
        view.show(blocks)
        self._enter(phase)

    def failed(self, err: RetrospanError) -> None:
        super().failed(err)
        if self.phase is Phase.LOADING:
            super().action_back()

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self._ready_at = time.monotonic() + GUARD_SECONDS
        writing = phase is Phase.WRITING
        failing = writing and self.flow.form.label is Label.FAIL
        for name, there in (("reason", writing), ("expected", failing)):
            self.query_one(f"#{name}").set_class(not there, "hidden")
            self.query_one(f"#{name}-label").set_class(not there, "hidden")
        self.query_one("#reason" if writing else "#conversation").focus()
        self._show_answer()
        self.refresh_bindings()

    def on_resize(self) -> None:
        self._show_answer()

    def _show_answer(self) -> None:
        if self.flow.opened is None:
            return
        height = self.size.height
        brief = height < _SHORT or (self.phase is not Phase.READING and height < _TALL)
        brief = brief or len(self.flow.form.criteria) > _SEVERAL
        self.query_one("#question", Static).update(question_content(self.flow.opened, self.flow.form, brief=brief))
        text, keys = answer_words(self.flow, self.phase)
        self.query_one("#answer-text", Static).update(text)
        self.query_one("#answer-keys", Static).update(keys)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out of the footer what cannot be done now."""
        if action == "sign":
            return self.phase is Phase.REVEALED
        if action == "next":
            return self.phase is Phase.SIGNED
        if action in ("mark", "undo", "skip", "ask_back", "words", "cause", "cause_class"):
            return self.phase in (Phase.READING, Phase.REVEALED)
        return True

    def _awake(self, *phases: Phase) -> bool:
        """Whether a key that decides may act: in one of these phases, and not typed ahead of what is shown."""
        return self.phase in phases and time.monotonic() >= self._ready_at

    def on_key(self, event: events.Key) -> None:
        self._keep_claim()
        if time.monotonic() < self._ready_at:
            # Whoever still types after Enter goes on until they have looked up; only then a key decides.
            self._ready_at = time.monotonic() + GUARD_SECONDS
        severity = _SEVERITY_KEYS.get(event.key)
        if severity is not None and self._awake(Phase.READING, Phase.REVEALED):
            event.stop()
            self._mark(Label.FAIL, severity)

    def action_mark(self, label: str) -> None:
        if self._awake(Phase.READING, Phase.REVEALED):
            self._mark(Label(label), None)

    def _mark(self, label: Label, severity: Severity | None) -> None:
        self.flow.form.mark(label, severity)
        if self.flow.form.complete:
            self._write()
        else:
            self._show_answer()

    def action_cause(self) -> None:
        key = self.query_one("#conversation", BlockView).marked_key
        if key is None or self.flow.opened is None:
            self.tell("Go to the step with j and k first, then mark it.")
            return
        step = shown_traces(self.flow.opened)[key // TRACE_STRIDE].steps[key % TRACE_STRIDE]
        self.flow.form.cause_span = step.span_id
        self.tell(f"Marked step {step.index} as the place where it went wrong; it counts with a fail.")

    def action_cause_class(self) -> None:
        """Name the cause; after the first answer it changes the final one, as every revision does."""
        if not self._awake(Phase.READING, Phase.REVEALED):
            return
        from .cause import CauseScreen

        self.app.push_screen(CauseScreen("From what cause did it go wrong?", self.flow.form.cause), self._caused)

    def _caused(self, cause: CauseClass | None) -> None:
        if cause is None:
            return
        self.flow.form.cause = cause
        if self.phase is Phase.REVEALED and self.flow.form.label is Label.FAIL:
            self.in_background(self.flow.keep, self._enter, group="answer")
        else:
            self.tell(f"The cause is {cause.value.replace('_', ' ')}; it counts with a fail.")

    def action_deciding(self) -> None:
        """Say that the answer decides how the run ended, or that it does not."""
        if self._awake(Phase.READING, Phase.REVEALED):
            by = self.desk.who
            self.in_background(lambda: self.flow.toggle_deciding(by), self._enter, group="answer")

    def action_words(self) -> None:
        if self._awake(Phase.REVEALED):
            self._write()

    def _write(self) -> None:
        self.query_one("#reason", Input).value = self.flow.form.reason
        self.query_one("#expected", Input).value = self.flow.form.expected
        self._enter(Phase.WRITING)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        form = self.flow.form
        form.reason = self.query_one("#reason", Input).value.strip()
        form.expected = self.query_one("#expected", Input).value.strip()
        if missing := form.missing():
            self.tell(missing, error=True)
        else:
            self.in_background(self.flow.keep, self._enter, group="answer")

    def action_undo(self) -> None:
        if self.phase is Phase.READING and self.flow.form.marks:
            self.flow.form.unmark()
            self._show_answer()
        elif self._awake(Phase.REVEALED):
            if self.flow.revised:
                self.in_background(self.flow.undo, self._enter, group="answer")
            else:
                self.tell("This is your first answer, and it is kept. p, f and c change the final one; S signs it.")

    def action_sign(self) -> None:
        if self._awake(Phase.REVEALED) and self.flow.draft is not None:
            what = to_sign_content(self.flow)
            self.desk.with_session(lambda session: self._confirm(SignScreen(session.name, what)))

    def _confirm(self, screen: SignScreen) -> None:
        def answered(agreed: bool | None) -> None:
            session = self.desk.session
            if agreed and session is not None:
                self.in_background(lambda: self.flow.sign(session), self._signed, group="answer")

        self.app.push_screen(screen, answered)

    def _signed(self, phase: Phase) -> None:
        self._enter(phase)
        verdict = self.flow.verdict
        if verdict is not None and verdict.confirmed and verdict.answer.label is Label.FAIL:
            from .teaching import TeachingScreen

            self.app.push_screen(TeachingScreen(verdict))

    def action_evidence(self) -> None:
        view = self.query_one("#conversation", BlockView)
        if not self._focus_places:
            self.tell("Nothing is marked to be looked at first.")
            return
        here = -1 if view.marked is None else view.marked
        view.mark_place(next((place for place in self._focus_places if place > here), self._focus_places[0]))

    def action_read_step(self) -> None:
        key = self.query_one("#conversation", BlockView).marked_key
        if self.flow.opened is not None and key is not None:
            trace = shown_traces(self.flow.opened)[key // TRACE_STRIDE]
            self.app.push_screen(StepScreen(trace.summary, trace.steps[key % TRACE_STRIDE]))

    def action_skip(self) -> None:
        if self._awake(Phase.READING, Phase.REVEALED):
            screen = LineScreen("Why do you skip this item?", "Others will be asked instead of you · esc cancels")
            self.app.push_screen(screen, lambda reason: self._hand_back(self.flow.skip, reason))

    def action_ask_back(self) -> None:
        if self._awake(Phase.READING, Phase.REVEALED):
            screen = LineScreen(
                f"What do you need to know from {self.item.requested_by or 'who asked'}?",
                "The item waits for their answer, then comes back to the queue · esc cancels",
            )
            self.app.push_screen(screen, lambda question: self._hand_back(self.flow.ask_back, question))

    def _hand_back(self, how: Callable[[str], None], words: str | None) -> None:
        if words is not None:
            self.in_background(lambda: how(words), lambda _: self.desk.open_next_item(self.item.id), group="answer")

    def action_next(self) -> None:
        if self.phase is not Phase.WRITING:
            self.attempt(self.flow.leave)
            self.desk.open_next_item(after=self.item.id)

    @cached_property
    def flow(self) -> ReviewFlow:
        """Made when first asked for: a key may come before the screen is mounted."""
        return ReviewFlow(self.store, self.item.id, self.reviewer)

    def action_back(self) -> None:
        if self.phase is Phase.WRITING:
            self.flow.reset_form()
            self._enter(Phase.READING if self.flow.draft is None else Phase.REVEALED)
        else:
            self.attempt(self.flow.leave)
            super().action_back()

    def _keep_claim(self) -> None:
        now = time.monotonic()
        if self.phase in (Phase.READING, Phase.WRITING, Phase.REVEALED) and now - self._renewed_at > _RENEW_SECONDS:
            self._renewed_at = now
            self.in_background(self.flow.stay, lambda _: None, group="claim")
