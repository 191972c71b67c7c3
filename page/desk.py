"""What the page asks of the services, for one reviewer at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..answers.plain.form import WORDS, fields_of, known_fields, read_answer
from ..answers.plain.queue_rows import Order, Progress, QueueRow, order_of, progress_of, rows_of
from ..knowledge.queues import QueueRules, load_queues
from ..model.errors import BadInputError, RefusedError, RetrospanError, UnknownIdError, UsageError
from ..model.reviews import Claim, ItemState, Proposal, ReviewItem, Verdict
from ..model.traces import Trace
from ..services.colleagues.comments import Mention, add_comment, may_read, mentions_of
from ..services.reviewing.asking_back import ask_back
from ..services.reviewing.claiming import OpenReview, give_back, keep_alive, open_review, skip_review
from ..services.reviewing.deciding import give_answer, reveal_proposal, sign_verdict, undo_answer
from ..services.reviewing.deciding_questions import mark_deciding
from ..services.reviewing.open_questions import OpenQuestion, questions_for
from ..services.reviewing.revising import (
    Looked,
    SignedReview,
    begin_revision,
    end_revision,
    look_at,
    may_revise,
    read_signed,
)
from ..services.reviewing.saving import drop_words, save_words, saved_words, take_again
from ..services.reviewing.shown import decides_outcome, shown_sha256
from ..services.understanding.analysing import signals_of
from ..store.contract import Store
from ..store.reviews.verdicts import list_verdicts
from ..trust.session import ReviewSession
from .story import Stories, tell

MOST_AT_ONCE = 200
"""Items that one act leaves to others."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An item in a reviewer's hands, as the page tells it."""

    review: OpenReview
    stories: Stories
    proposal: Proposal | None
    """None until the reviewer has answered, and where there is none."""
    fields: Mapping[str, str]
    """What stands in the form: what was typed last, else the answer that was kept."""
    kept: Mapping[str, str]
    """The answer that was kept, as the form's fields; empty before."""
    saved_at: str
    """When what was typed was saved; empty where nothing was."""

    @property
    def shown(self) -> str:
        """Hash over all that the page shows of the item."""
        return shown_sha256(self.review, self.review.draft, self.proposal)

    @property
    def may_decide(self) -> bool:
        """Whether a person may still say that this question decides, or does not: nobody has signed an answer yet."""
        item = self.review.item
        return not item.answered and (bool(item.decides) or not decides_outcome(item, self.review.rubric))


class Desk:
    """One store's review items.

    Args:
        store: Where they are.
        folder: The project, whose queue rules name who is responsible.
    """

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self._held: dict[tuple[str, int], Claim] = {}
        """What each reviewer has open in a browser of this page."""

    def order(self, session: ReviewSession) -> Order:
        """All that this reviewer can answer now, most urgent first."""
        return order_of(self.store, session.fingerprint)

    def rows(self, session: ReviewSession, items: list[int]) -> list[QueueRow]:
        """These items as rows of the list."""
        return rows_of(self.store, session.fingerprint, items)

    def row(self, item: int, session: ReviewSession) -> QueueRow:
        """One item, wherever it stands.

        Raises:
            UnknownIdError: if there is none.
        """
        found = self.rows(session, [item])
        if not found:
            raise UnknownIdError("review item", f"R{item}", known="see the list", next_step="Take another.")
        return found[0]

    def progress(self, session: ReviewSession) -> Progress:
        """How far this reviewer and everybody are."""
        return progress_of(self.store, session.fingerprint)

    def open(self, item: int, session: ReviewSession, find: str = "") -> Opened:
        """Claim an item, or renew the claim, and tell what is in it."""
        review = self._claimed(item, session)
        found = signals_of(self.store, [trace.summary.id for trace in review.traces])
        signals = [found[trace.summary.id] for trace in review.traces]
        stories = tell(review, review.item.focus, signals, find)
        proposal = reveal_proposal(self.store, review.claim) if review.draft else None
        typed = saved_words(self.store, item, session.fingerprint)
        question, rubric = review.item.question, review.rubric
        kept = fields_of(review.draft.final, question, rubric) if review.draft else {}
        empty = dict.fromkeys(known_fields(question, rubric), "")
        fields = empty | dict(typed.fields if typed else kept)
        return Opened(review, stories, proposal, fields, kept, typed.saved_at if typed else "")

    def signed(self, item: int, session: ReviewSession) -> SignedReview | None:
        """An item that this reviewer has signed; None where they have not."""
        return read_signed(self.store, item, session.fingerprint)

    def just_signed(self, item: str | None, session: ReviewSession) -> Verdict | None:
        """The answer that this reviewer signed last on the item that a link names; None where there is none."""
        if not (item and item.isascii() and item.isdigit() and len(item) < 16):
            return None
        mine = [v for v in list_verdicts(self.store, item_id=int(item)) if v.reviewer == session.fingerprint]
        return mine[-1] if mine else None

    def questions(self, session: ReviewSession) -> list[OpenQuestion]:
        """Questions that are open: those this reviewer asked, and those they are to answer."""
        return questions_for(self.store, session.name, self._rules())

    def mentions(self, session: ReviewSession) -> list[Mention]:
        """Comments that call this reviewer, where they may read them."""
        return mentions_of(self.store, session.name)

    def comment(self, item: int, session: ReviewSession, text: str) -> None:
        """Leave words beside an item.

        Raises:
            RefusedError: before the reviewer has signed, so that nobody's answer is swayed.
        """
        self.may_comment(item, session)
        add_comment(self.store, item, text, by=f"human:{session.name}")

    def may_comment(self, item: int, session: ReviewSession) -> ReviewItem:
        """The item, where this reviewer may read and write what stands beside it.

        Raises:
            RefusedError: before they have signed an answer, while others are asked.
            UnknownIdError: if there is none.
        """
        found = self.row(item, session).item
        if not may_read(self.store, found, session.fingerprint):
            raise RefusedError("Comments stand open to you once you have signed, so that each answers for themselves.")
        return found

    def looked_at(self, item: int, session: ReviewSession) -> Looked:
        """An item that others have decided, to be read by whoever did not answer it."""
        return look_at(self.store, self.may_comment(item, session))

    def _rules(self) -> QueueRules | None:
        """The project's queues; None where their file is wrong, which filling them says."""
        try:
            return load_queues(self.folder)[0]
        except BadInputError:
            return None

    def story(self, signed: SignedReview | Looked, find: str = "") -> Stories:
        """What is in a signed item."""
        found = signals_of(self.store, [trace.summary.id for trace in signed.traces])
        signals = [found[trace.summary.id] for trace in signed.traces]
        return tell(signed, signed.item.focus, signals, find)

    def save(self, item: int, session: ReviewSession, form: Mapping[str, str]) -> None:
        """Save what stands in the form, whoever holds the item by now."""
        fields = {name: text for name, text in form.items() if name == "label" or name in WORDS or _is_criterion(name)}
        save_words(self.store, item, session.fingerprint, fields)

    def stay(self, item: int, session: ReviewSession) -> str:
        """Hold the item for 15 minutes more; until when.

        Raises:
            HeldError: if somebody else holds it now.
        """
        key = (session.fingerprint, item)
        held = self._held.get(key)
        try:
            claim = keep_alive(self.store, held) if held else take_again(self.store, item, session.fingerprint)
        except RefusedError:
            claim = take_again(self.store, item, session.fingerprint)
        self._held[key] = claim
        return claim.lease_until

    def leave(
        self, session: ReviewSession, item: int | None = None, *, but: int | None = None, token: str | None = None
    ) -> None:
        """Give back what this reviewer has open, one item or all; what was typed stays saved.

        Args:
            session: Whose.
            item: Only this one.
            but: All but this one.
            token: Only while the claim is the one that this token stands for.
        """
        for key, claim in list(self._held.items()):
            mine = key[0] == session.fingerprint and key[1] != but and item in (None, key[1])
            if mine and token in (None, str(claim.token)):
                self._held.pop(key, None)
                give_back(self.store, claim)

    def may_change(self, signed: SignedReview) -> bool:
        """Whether a new answer may take the place of the signed one."""
        return may_revise(signed)

    def begin_again(self, item: int, session: ReviewSession) -> None:
        """Begin a new answer in place of the signed one.

        Raises:
            RefusedError: if nothing is signed, or it cannot be changed now.
        """
        signed = self.signed(item, session)
        if signed is None:
            raise RefusedError(f"You have not signed an answer to R{item} yet. Open it to answer it.")
        begin_revision(self.store, signed)

    def stop_again(self, item: int, session: ReviewSession) -> None:
        """Let the signed answer stand as it is."""
        end_revision(self.store, item, session.fingerprint)

    def traces(self, item: int, session: ReviewSession) -> tuple[Trace, ...]:
        """All that an item shows, earlier turns first, for whoever has signed it or has it open; else it is claimed."""
        found: SignedReview | Looked | OpenReview | None = self.signed(item, session)
        if found is None and self.row(item, session).item.state is ItemState.DECIDED:
            found = self.looked_at(item, session)
        found = found or self._claimed(item, session)
        return (*found.earlier, *found.traces)

    def answer(self, item: int, session: ReviewSession, form: Mapping[str, str]) -> None:
        """Keep what the form says; the first answer stays as given, and what was typed stays saved until then."""
        self.save(item, session, form)
        review = self._claimed(item, session)
        give_answer(self.store, review.claim, read_answer(form, review.item.question, review.rubric))
        drop_words(self.store, item, session.fingerprint)

    def undo(self, item: int, session: ReviewSession) -> None:
        """Go back to the first answer."""
        undo_answer(self.store, self._claimed(item, session).claim)
        drop_words(self.store, item, session.fingerprint)

    def decides(self, item: int, session: ReviewSession, decides: bool) -> None:
        """Say that the answer decides the outcome of the run, or that it does not."""
        mark_deciding(self.store, item, by=f"human:{session.name}", decides=decides)

    def skip(self, item: int, session: ReviewSession, why: str) -> None:
        """Leave the item to others, with a reason."""
        if not why.strip():
            raise UsageError("Say in a few words why you leave it to somebody else.")
        skip_review(self.store, self._claimed(item, session).claim, why)
        drop_words(self.store, item, session.fingerprint)
        self._held.pop((session.fingerprint, item), None)

    def skip_many(self, items: list[int], session: ReviewSession, why: str) -> tuple[int, list[str]]:
        """Leave several items to others for one reason; how many, and why others were not."""
        if not items:
            raise UsageError("Choose at least one item first.")
        done, problems = 0, []
        for item in items[:MOST_AT_ONCE]:
            try:
                self.skip(item, session, why)
                done += 1
            except UsageError:
                raise
            except RetrospanError as err:
                problems.append(str(err))
        return done, problems

    def ask(self, item: int, session: ReviewSession, question: str) -> None:
        """Send the item back with a question."""
        if not question.strip():
            raise UsageError("Write what you need to know.")
        ask_back(self.store, self._claimed(item, session).claim, question)
        self._held.pop((session.fingerprint, item), None)

    def sign(self, opened: Opened, session: ReviewSession) -> Verdict:
        """Sign the kept answer over what `opened` holds."""
        verdict = sign_verdict(self.store, session, opened.review, shown=opened.shown)
        drop_words(self.store, opened.review.item.id, session.fingerprint)
        self._held.pop((session.fingerprint, opened.review.item.id), None)
        return verdict

    def _claimed(self, item: int, session: ReviewSession) -> OpenReview:
        review = open_review(self.store, item, session.fingerprint)
        self._held[session.fingerprint, item] = review.claim
        return review


def _is_criterion(name: str) -> bool:
    return name.startswith("criterion.") and len(name) < 200
