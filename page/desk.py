"""What the page asks of the services, for one reviewer at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..model.errors import UsageError
from ..model.reviews import Proposal, ReviewItem, Verdict
from ..services.reviewing.asking import list_reviews
from ..services.reviewing.asking_back import ask_back
from ..services.reviewing.claiming import OpenReview, open_review, skip_review
from ..services.reviewing.deciding import give_answer, reveal_proposal, sign_verdict, undo_answer
from ..services.reviewing.deciding_questions import mark_deciding
from ..services.reviewing.shown import decides_outcome, shown_sha256
from ..services.understanding.analysing import signals_of
from ..store.contract import Store
from ..store.reviews.verdicts import list_verdicts
from ..trust.session import ReviewSession
from .forms import read_answer
from .story import Told, tell

_LISTED = 100


@dataclass(frozen=True, slots=True)
class Opened:
    """An item in a reviewer's hands, as the page tells it."""

    review: OpenReview
    stories: list[list[Told]]
    proposal: Proposal | None
    """None until the reviewer has answered, and where there is none."""

    @property
    def shown(self) -> str:
        """Hash over all that the page shows of the item."""
        return shown_sha256(self.review, self.review.draft, self.proposal)

    @property
    def may_decide(self) -> bool:
        """Whether a person may still say that this question decides, or does not: nobody has signed an answer yet."""
        item = self.review.item
        return not item.answered and (bool(item.decides) or not decides_outcome(item, self.review.rubric))

    @property
    def first_look(self) -> int | None:
        """The number of the turn to look at first."""
        return next((turn.number for story in self.stories for turn in story if turn.look_here), None)


class Desk:
    """One store's review items."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def waiting(self, session: ReviewSession) -> list[ReviewItem]:
        """What this reviewer can answer now, most urgent first."""
        return list_reviews(self._store, reviewer=session.fingerprint, limit=_LISTED)

    def decided(self, session: ReviewSession) -> list[Verdict]:
        """What this reviewer has signed, newest first."""
        mine = [verdict for verdict in list_verdicts(self._store) if verdict.reviewer == session.fingerprint]
        return sorted(mine, key=lambda verdict: verdict.signed_at or "", reverse=True)[:_LISTED]

    def open(self, item: int, session: ReviewSession) -> Opened:
        """Claim an item, or renew the claim, and tell what is in it."""
        review = open_review(self._store, item, session.fingerprint)
        found = signals_of(self._store, [trace.summary.id for trace in review.traces])
        stories = tell(review, [found[trace.summary.id] for trace in review.traces])
        proposal = reveal_proposal(self._store, review.claim) if review.draft else None
        return Opened(review, stories, proposal)

    def answer(self, item: int, session: ReviewSession, form: Mapping[str, str]) -> None:
        """Keep what the form says; the first answer stays as given."""
        review = open_review(self._store, item, session.fingerprint)
        give_answer(self._store, review.claim, read_answer(form, review.rubric))

    def undo(self, item: int, session: ReviewSession) -> None:
        """Go back to the first answer."""
        undo_answer(self._store, open_review(self._store, item, session.fingerprint).claim)

    def decides(self, item: int, session: ReviewSession, decides: bool) -> None:
        """Say that the answer decides the outcome of the run, or that it does not."""
        mark_deciding(self._store, item, by=f"human:{session.name}", decides=decides)

    def skip(self, item: int, session: ReviewSession, why: str) -> None:
        """Leave the item to others, with a reason."""
        if not why.strip():
            raise UsageError("Say in a few words why you leave it to somebody else.")
        skip_review(self._store, open_review(self._store, item, session.fingerprint).claim, why)

    def ask(self, item: int, session: ReviewSession, question: str) -> None:
        """Send the item back with a question."""
        if not question.strip():
            raise UsageError("Write what you need to know.")
        ask_back(self._store, open_review(self._store, item, session.fingerprint).claim, question)

    def sign(self, opened: Opened, session: ReviewSession) -> Verdict:
        """Sign the kept answer over what `opened` holds."""
        return sign_verdict(self._store, session, opened.review, shown=opened.shown)
