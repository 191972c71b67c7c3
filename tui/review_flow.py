"""The course of one review item, apart from how it is shown: load, answer, reveal, revise, sign."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from ..model.findings import Signal
from ..model.reviews import Claim, Draft, Proposal, Verdict
from ..services.reviewing.asking_back import ask_back
from ..services.reviewing.claiming import OpenReview, give_back, keep_alive, open_review, skip_review
from ..services.reviewing.deciding import give_answer, reveal_proposal, sign_verdict, undo_answer
from ..services.reviewing.deciding_questions import mark_deciding
from ..services.reviewing.shown import shown_sha256
from ..services.understanding.analysing import signals_of
from ..store.contract import Store
from ..trust.session import ReviewSession
from .answering import AnswerForm


class Phase(Enum):
    """How far a reviewer is with an item."""

    LOADING = "loading"
    READING = "reading"
    WRITING = "writing"
    REVEALED = "revealed"
    SIGNED = "signed"


@dataclass
class ReviewFlow:
    """One item in the hands of one reviewer. Its methods ask the store and may run in a thread.

    Each of them raises `RetrospanError` where the services refuse.
    """

    store: Store
    item_id: int
    reviewer: str
    """Fingerprint."""
    opened: OpenReview | None = None
    signals: list[tuple[Signal, ...]] = field(default_factory=list)
    """Per trace of the item."""
    draft: Draft | None = None
    proposal: Proposal | None = None
    """None until it has been revealed, and where there is none."""
    verdict: Verdict | None = None
    form: AnswerForm = field(default_factory=lambda: AnswerForm(("outcome",)))

    @property
    def claim(self) -> Claim:
        assert self.opened is not None, "the item is loaded first"
        return self.opened.claim

    def load(self) -> Phase:
        """Claim the item and read what the reviewer is to see; an answer given before is taken up again."""
        self.opened = open_review(self.store, self.item_id, self.reviewer)
        ids = [trace.summary.id for trace in self.opened.traces]
        found = signals_of(self.store, ids)
        self.signals = [found[trace_id] for trace_id in ids]
        rubric = self.opened.rubric
        criteria = tuple(criterion.id for criterion in rubric.criteria) if rubric else ("outcome",)
        self.form = AnswerForm(criteria)
        self.draft, self.proposal = self.opened.draft, None
        if self.draft is None:
            return Phase.READING
        self.reset_form()
        self.proposal = reveal_proposal(self.store, self.claim)
        return Phase.REVEALED

    def keep(self) -> Phase:
        """Keep what the form says, and show the proposal."""
        self.draft = give_answer(self.store, self.claim, self.form.answer())
        self.proposal = reveal_proposal(self.store, self.claim)
        return Phase.REVEALED

    def undo(self) -> Phase:
        """Go back to the first answer."""
        undo_answer(self.store, self.claim)
        return self.load()

    def sign(self, session: ReviewSession) -> Phase:
        """Sign the final answer."""
        assert self.opened is not None
        shown = shown_sha256(self.opened, self.draft, self.proposal)
        self.verdict = sign_verdict(self.store, session, self.opened, shown=shown)
        return Phase.SIGNED

    def toggle_deciding(self, by: str) -> Phase:
        """Say that the answer decides the outcome of the run, or take that back."""
        assert self.opened is not None
        mark_deciding(self.store, self.item_id, by=by, decides=not self.opened.item.decides)
        return self.load()

    def skip(self, reason: str) -> None:
        """Leave the item to others."""
        skip_review(self.store, self.claim, reason)

    def ask_back(self, question: str) -> None:
        """Send it back to who asked."""
        ask_back(self.store, self.claim, question)

    def stay(self) -> None:
        """Renew the lease."""
        keep_alive(self.store, self.claim)

    def leave(self) -> None:
        """Give the item back unless it is signed; an answer given so far stays."""
        if self.opened is not None and self.verdict is None:
            give_back(self.store, self.claim)

    def reset_form(self) -> None:
        """Put the form back to the answer kept so far."""
        self.form = AnswerForm(self.form.criteria)
        if self.draft is not None:
            self.form = AnswerForm.from_answer(self.form.criteria, self.draft.final)

    @property
    def revised(self) -> bool:
        """Whether the final answer differs from the first."""
        return self.draft is not None and self.draft.first != self.draft.final

    def step_numbers(self) -> dict[str, int]:
        """The number of each step by its span id."""
        traces = self.opened.traces if self.opened else ()
        return {step.span_id: step.index for trace in traces for step in trace.steps}
