"""What a signed fail teaches, on one short form: cause, step, lesson, case, rubric; signed as three files."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from ...model.cases import Case
from ...model.errors import RetrospanError
from ...model.findings import CauseClass
from ...model.reviews import Verdict
from ...regression.target import Declaration
from ...regression.teaching.facts import FailFacts, load_facts
from ...regression.teaching.form import TeachingForm, case_of_form, suggest, try_form
from ...regression.teaching.keeping import Taught, accept_form, drafts_of_form
from ...regression.teaching.running import declared_target, run_now
from ...regression.teaching.trying import Tried
from ...regression.verifying.causing import causes_of
from ...services.reviewing.completing import complete_verdict
from ...services.reviewing.subjects import find_step
from ...store.contract import Store
from ...trust.session import ReviewSession
from ..gate import joined, lines, shown
from ..review_text import keys_line
from ..teaching_text import FIELDS, LABELS, changed, field_row, field_value, said_content, tried_content
from ..widgets.block_view import Block, BlockView
from ..widgets.row_list import RowList
from .ask import LineScreen
from .base import AppScreen
from .cause import CauseScreen
from .sign import GUARD_SECONDS, SignScreen

_NOTES = {
    "title": "Short, as advice: “Quote the policy before naming a period”",
    "to_do": "The advice in full, as assistants will read it",
    "exactly": "Words that every right answer has letter for letter · - for none",
    "example": "Added to the failed criterion in its next version · - leaves the rubric as it is",
}


@dataclass(frozen=True, slots=True)
class Weighed:
    """A form with the case that it makes, held against what happened."""

    facts: FailFacts
    form: TeachingForm
    case: Case | None
    tried: Tried | None


def weigh(facts: FailFacts, form: TeachingForm) -> Weighed:
    """Make the case of a form and hold it against the recorded runs."""
    case = case_of_form(facts, form)
    return Weighed(facts, form, case, try_form(facts, case, form.step) if case else None)


class TeachingScreen(AppScreen):
    """Seven fields and the case below them; Enter changes a field, S signs all of it."""

    guide = (
        "What a signed fail becomes. Enter changes the marked line; the case below is made anew and held against the "
        "recorded run, where it must fail. S signs cause and step and writes the lesson, the case and the next version "
        "of the rubric; e edits the three files themselves; x closes it with a word why nothing comes of it."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("S", "sign", "Sign all"),
        Binding("e", "files", "Edit the files"),
        Binding("o", "open_trace", "The run"),
        Binding("x", "nothing", "Nothing to make of it"),
        Binding("r", "run", "Run the case now"),
    ]

    def __init__(self, verdict: Verdict) -> None:
        super().__init__()
        self.verdict = verdict
        self.weighed: Weighed | None = None
        self.taught: Taught | None = None
        self.causes: list[str] = []
        self.target: Declaration | None = None
        self._ready_at = 0.0

    def body(self) -> ComposeResult:
        yield Static(shown("Reading the run …", "$quiet"), id="fail-said", classes="note")
        yield RowList(self._row, id="fields", classes="framed")
        yield BlockView(id="tried", classes="framed")

    def on_mount(self) -> None:
        self.set_title("To complete", self.verdict.short_id)
        self.query_one("#fields").focus()
        self._load()

    def _load(self) -> None:
        self.in_background(lambda: _first(self.store, self.verdict), self._shown, group="weigh")
        self.in_background(lambda: _causes(self.store, self.verdict), self._causes_read, group="causes")

    def _causes_read(self, causes: list[str]) -> None:
        self.causes = causes
        self.on_resize()

    def failed(self, err: RetrospanError) -> None:
        super().failed(err)
        if self.weighed is None:
            self.app.pop_screen()

    def on_resize(self) -> None:
        if self.weighed is not None:
            self.query_one("#fail-said", Static).update(
                said_content(self.weighed.facts, self.size.width - 2, self.causes)
            )

    def _shown(self, weighed: Weighed) -> None:
        self.weighed = weighed
        self._ready_at = time.monotonic() + GUARD_SECONDS
        rows = self.query_one("#fields", RowList)
        rows.border_title = shown("what it teaches · enter changes a line")
        rows.fill(len(FIELDS), rows.cursor)
        self.on_resize()
        self._show_case(
            tried_content(weighed.facts, weighed.case, weighed.tried), "the case, held against what happened"
        )
        self.refresh_bindings()

    def _show_case(self, content: Content, title: str) -> None:
        view = self.query_one("#tried", BlockView)
        view.border_title = shown(title)
        view.show([Block(content)])

    def _row(self, index: int, width: int) -> Content:
        assert self.weighed is not None
        return field_row(self.weighed.facts, self.weighed.form, index, width)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Before the signature one changes and signs; after it one runs the case."""
        if action in ("sign", "files", "nothing"):
            return self.weighed is not None and self.taught is None
        if action == "run":
            return self.taught is not None and self.taught.case is not None and self.target is not None
        return True

    @on(RowList.Chosen, "#fields")
    def _chosen(self, event: RowList.Chosen) -> None:
        if self.weighed is None or self.taught is not None:
            return
        form, name = self.weighed.form, FIELDS[event.index]
        if name == "cause":
            self.app.push_screen(CauseScreen("From what cause did it go wrong?", form.cause), self._caused)
        elif name == "frozen":
            self._take(replace(form, frozen=not form.frozen))
        elif name == "step":
            value = field_value(self.weighed.facts, form, "step").split(" ")[0]
            screen = LineScreen("In which step did it go wrong?", "T412.7 or 7 · - for none", value=value.strip("–"))
            self.app.push_screen(screen, self._stepped)
        else:
            screen = LineScreen(LABELS[name], _NOTES[name], value=" ".join(getattr(form, name).split()))
            self.app.push_screen(screen, lambda text: None if text is None else self._take(changed(form, name, text)))

    def _caused(self, cause: CauseClass | None) -> None:
        if cause is not None and self.weighed is not None:
            self._take(replace(self.weighed.form, cause=cause))

    def _stepped(self, text: str | None) -> None:
        if text is None or self.weighed is None:
            return
        trace, form = self.weighed.facts.trace, self.weighed.form
        step = "" if text == "-" else self.attempt(lambda: find_step(trace, text).span_id)
        if step is not None:
            self._take(replace(form, step=step))

    def _take(self, form: TeachingForm) -> None:
        assert self.weighed is not None
        facts = self.weighed.facts
        self.in_background(lambda: weigh(facts, form), self._shown, group="weigh")

    def action_sign(self) -> None:
        weighed = self.weighed
        if weighed is None or self.taught is not None or time.monotonic() < self._ready_at:
            return
        if weighed.tried is not None and weighed.tried.why_not:
            self.tell(f"The case is not accepted: {weighed.tried.why_not}.", error=True)
            return
        self.desk.with_session(lambda session: self._confirm(session, weighed))

    def _confirm(self, session: ReviewSession, weighed: Weighed) -> None:
        names = [
            f".retrospan/{draft.kind.value}s/{draft.name}" for draft in drafts_of_form(weighed.facts, weighed.form)
        ]
        values = (field_value(weighed.facts, weighed.form, name) for name in ("cause", "step", "title"))
        what = lines(*(shown(value) for value in values), shown("files: " + ", ".join(names), "$quiet"))

        def answered(agreed: bool | None) -> None:
            if agreed:
                facts, form, folder = weighed.facts, weighed.form, self.desk.folder
                self.in_background(
                    lambda: accept_form(self.store, session, facts, form, folder), self._signed, group="accept"
                )

        self.app.push_screen(SignScreen(session.name, what), answered)

    def _signed(self, taught: Taught) -> None:
        self.taught = taught
        self.target = self.attempt(lambda: declared_target(self.desk.folder))
        keys = [("r", f"run it now on {self.target.target}")] if self.target and taught.case else []
        words = [shown(f"Signed and written: {path}", "$verdict-pass") for path in taught.paths]
        if taught.case and self.target is None:
            words.append(shown('No target is declared here: target = "myapp.agent:run" in retrospan.toml.', "$quiet"))
        self._show_case(lines(*words, keys_line(*keys, ("esc", "back"))), "done")
        self.refresh_bindings()

    def action_run(self) -> None:
        taught, folder = self.taught, self.desk.folder
        if taught is None or taught.case is None or self.target is None:
            return
        case, place = taught.case.id, self.store.location
        self._show_case(shown(f"Running {case} …", "$quiet"), "on your application, as it is now")
        self.in_background(lambda: run_now(folder, case, place), self._ran, group="run")

    def _ran(self, result: tuple[bool | None, str]) -> None:
        passed, text = result
        words = {True: "It passes: what it guards works now.", False: "It fails, as long as the failure is there."}
        style = {True: "bold $verdict-pass", False: "bold $verdict-fail"}
        head = shown(words.get(passed, "It could not be run."), style.get(passed, "bold $warning"))  # type: ignore[arg-type]
        self._show_case(lines(head, shown(text)), "on your application, as it is now")

    def action_files(self) -> None:
        from .drafts import DraftsScreen

        if self.weighed is not None:
            drafts = drafts_of_form(self.weighed.facts, self.weighed.form)
            self.app.switch_screen(DraftsScreen(self.verdict, drafts))

    def action_nothing(self) -> None:
        screen = LineScreen(
            "Why does nothing come of it?", "Signed beside the verdict; it leaves the inbox · esc cancels"
        )
        self.app.push_screen(screen, lambda note: self._close(note) if note else None)

    def _close(self, note: str) -> None:
        def confirm(session: ReviewSession) -> None:
            what = joined(shown(f"Nothing comes of {self.verdict.short_id}: "), shown(note))
            self.app.push_screen(SignScreen(session.name, what), lambda agreed: keep(session) if agreed else None)

        def keep(session: ReviewSession) -> None:
            self.in_background(
                lambda: complete_verdict(self.store, session, self.verdict.uid, note=note),
                self._after_form,
                group="accept",
            )

        self.desk.with_session(confirm)

    def _after_form(self, _: object) -> None:
        self.app.pop_screen()

    def action_open_trace(self) -> None:
        if self.weighed is not None:
            step = self.weighed.facts.step(self.weighed.form.step)
            self.desk.open_trace(self.weighed.facts.trace.summary.id, step.index if step else None)


def _causes(store: Store, verdict: Verdict) -> list[str]:
    """What was found by replacing steps of the judged runs."""
    return [found.in_words for seen in verdict.subjects for found in causes_of(store, seen.trace_key)]


def _first(store: Store, verdict: Verdict) -> Weighed:
    facts = load_facts(store, verdict)
    return weigh(facts, suggest(facts))
