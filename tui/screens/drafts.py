"""After a fail: the lesson, the regression case and the rubric change that it suggests, to edit and accept."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static, TextArea

from ...knowledge.folders import KnowledgeKind
from ...model.cases import parse_case
from ...model.errors import BadInputError, RetrospanError
from ...model.reviews import Verdict
from ...regression.teaching.trying import try_stored, why_not_signed
from ...services.knowledge.drafts import DraftText, accept_draft, keep_drafts, without_case
from ...store.contract import Store
from ...trust.session import ReviewSession
from ..gate import joined, lines, shown
from ..review_text import keys_line, signed_content
from ..widgets.block_view import Block, BlockView
from .base import AppScreen
from .sign import GUARD_SECONDS

_WORDS = {
    KnowledgeKind.LESSON: ("lesson", "Assistants read it before they change the application."),
    KnowledgeKind.CASE: ("regression case", "It runs in pytest and fails as long as the failure is there."),
    KnowledgeKind.RUBRIC: ("rubric change", "The next version of the rubric, with this failure as an example."),
}


class DraftsScreen(AppScreen):
    """One draft at a time; accepting signs it and writes its file."""

    guide = (
        "What your verdict suggests. Each draft is a file; a accepts it as it stands: it is signed with your key and "
        "written to the .retrospan folder of the project. e edits it first, x leaves it out."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "accept", "Accept"),
        Binding("e", "edit", "Edit"),
        Binding("x", "leave_out", "Leave out"),
        Binding("ctrl+s", "accept", "Accept the edited text", show=False),
    ]

    def __init__(self, verdict: Verdict, drafts: Sequence[DraftText]) -> None:
        super().__init__()
        self.verdict = verdict
        self.drafts = list(drafts)
        self.place = 0
        self._busy = True
        self._ready_at = 0.0

    def body(self) -> ComposeResult:
        yield Static(signed_content(self.verdict), id="draft-note")
        yield BlockView(id="draft-view", classes="framed")
        yield TextArea(id="draft-text", classes="hidden", soft_wrap=True, show_line_numbers=True)

    def on_mount(self) -> None:
        self.set_title("Review", "What this teaches")
        self.query_one("#draft-view").focus()
        self._show()

    def _show(self) -> None:
        self._busy = False
        self._ready_at = time.monotonic() + GUARD_SECONDS
        if self.place >= len(self.drafts):
            self.app.pop_screen()
            return
        draft = self.drafts[self.place]
        what, why = _WORDS[draft.kind]
        head = joined(shown(f"{self.place + 1} of {len(self.drafts)}: {what}. ", "bold"), shown(why, "$quiet"))
        keys = keys_line(("a", "accept"), ("e", "edit"), ("x", "leave out"), ("esc", "decide later"))
        self.query_one("#draft-note", Static).update(lines(signed_content(self.verdict), head, keys))
        view = self.query_one("#draft-view", BlockView)
        view.border_title = shown(f".retrospan/{draft.kind.value}s/{draft.name}")
        view.show(draft_blocks(draft))
        self._editing(False)
        if draft.kind is KnowledgeKind.CASE:
            self.in_background(lambda: _trial(self.store, draft), partial(self._tried, draft), group="trial")

    def _tried(self, draft: DraftText, told: Content | None) -> None:
        """Say below the draft how it fares on what happened, where it is still the one that is shown."""
        shown_still = self.place < len(self.drafts) and self.drafts[self.place] is draft
        if told is not None and shown_still and not self.editing:
            self.query_one("#draft-view", BlockView).show([*draft_blocks(draft), Block(told)])

    def _editing(self, there: bool) -> None:
        text = self.query_one("#draft-text", TextArea)
        text.set_class(not there, "hidden")
        self.query_one("#draft-view").set_class(there, "hidden")
        (text if there else self.query_one("#draft-view")).focus()

    @property
    def editing(self) -> bool:
        """Whether the text field is open."""
        return not self.query_one("#draft-text").has_class("hidden")

    def action_edit(self) -> None:
        if self.place < len(self.drafts):
            text = self.query_one("#draft-text", TextArea)
            text.load_text(self.drafts[self.place].text)
            self._editing(True)
            note = keys_line(("ctrl+s", "accept this text"), ("esc", "back, keeping the edit"))
            self.query_one("#draft-note", Static).update(note)

    def _take_edit(self) -> None:
        if self.editing:
            text = self.query_one("#draft-text", TextArea).text
            self.drafts[self.place] = replace(self.drafts[self.place], text=text)

    def action_accept(self) -> None:
        if self._busy or self.place >= len(self.drafts) or time.monotonic() < self._ready_at:
            return
        self._take_edit()
        self._busy = True
        self.desk.with_session(self._accept)

    def _accept(self, session: ReviewSession) -> None:
        draft, folder = self.drafts[self.place], self.desk.folder
        self.in_background(
            lambda: accept_draft(self.store, session, draft, folder, why_not_signed), self._accepted, group="accept"
        )

    def _accepted(self, path: str) -> None:
        self.tell(f"Signed and written: {path}")
        self.place += 1
        self._show()

    def failed(self, err: RetrospanError) -> None:
        self._busy = False
        super().failed(err)

    def action_leave_out(self) -> None:
        if not self._busy and self.place < len(self.drafts):
            if self.drafts[self.place].kind is KnowledgeKind.CASE:
                self.drafts = [without_case(draft) for draft in self.drafts]
            self.place += 1
            self._show()

    def action_back(self) -> None:
        if self.editing:
            self._take_edit()
            self._show()
        else:
            if self.place < len(self.drafts):
                self.attempt(lambda: keep_drafts(self.store, self.drafts[self.place :]))
                self.tell("Kept as drafts; a on the lessons page accepts a lesson later.")
            self.app.pop_screen()


def _trial(store: Store, draft: DraftText) -> Content | None:
    """How a case fares on the run that it comes from; None where that is not here, or the text is no case."""
    try:
        tried = try_stored(store, parse_case(draft.text, source=draft.name))
    except BadInputError:
        return None
    if tried is None:
        return None
    return shown(f"Tried: {tried.in_words}.", "bold $warning" if tried.why_not else "$verdict-pass")


def draft_blocks(draft: DraftText) -> list[Block]:
    """A draft as it is read: of a lesson the advice first and the head of the file after it."""
    _, mark, rest = draft.text.partition("---\n")
    head, end, body = rest.partition("---\n")
    if draft.kind is not KnowledgeKind.LESSON or not mark or not end:
        return [Block(shown(draft.text))]
    return [Block(shown(body.strip())), Block(shown("── head of the file ──\n" + head, "$quiet"))]
