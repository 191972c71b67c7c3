"""Whatever people do in whatever order, an item keeps its promises."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from retrospan.model.errors import RetrospanError
from retrospan.model.reviews import Answer, ItemState, Label
from retrospan.services.reviewing.asking import get_review, request_review
from retrospan.services.reviewing.asking_back import answer_back, ask_back, ask_reviewers
from retrospan.services.reviewing.claiming import OpenReview, give_back, open_review, skip_review
from retrospan.services.reviewing.deciding import give_answer, reveal_proposal, sign_verdict, undo_answer
from retrospan.services.reviewing.people import vouch_for
from retrospan.store.audit.chain import audit_verify
from retrospan.trust.session import ReviewSession
from reviewdesk import QUESTION, Desk

PEOPLE = ("Ada", "Ben", "Cem")
ACTS = (
    ("open", "pass", "fail", "reveal", "undo", "sign", "back", "skip", "ask", "reply", "engineer asks")
    # Whole decisions, so that disputes and their ends come up often.
    + ("decide pass", "decide fail") * 3
)
_numbers = itertools.count()


class Course:
    """One item, and what three people do to it."""

    def __init__(self, desk: Desk, people: dict[str, ReviewSession], overlap: int) -> None:
        self.store, self.people = desk.store, people
        asked = f"{QUESTION} {next(_numbers)}"
        self.item = request_review(desk.store, "T1", asked, by="agent:x", overlap=overlap).id
        self.overlap = overlap
        self.held: dict[str, OpenReview] = {}
        self.clock = datetime.now(UTC)

    def act(self, act: str, who: str, minutes: int) -> None:
        self.clock += timedelta(minutes=minutes)
        if act == "open":
            self.held[who] = open_review(self.store, self.item, self.people[who].fingerprint, now=self.clock)
        elif act.startswith("decide"):
            for part in ("open", act.removeprefix("decide "), "sign"):
                self.act(part, who, 0)
        elif act == "reply":
            answer_back(self.store, self.item, "The one of 2026.", now=self.clock)
        elif act == "engineer asks":
            ask_reviewers(self.store, self.item, "Which clause?", by="human:Eve", now=self.clock)
        elif who in self.held:
            self.with_claim(act, who)

    def with_claim(self, act: str, who: str) -> None:
        claim = self.held[who].claim
        if act in ("pass", "fail"):
            give_answer(self.store, claim, Answer(Label(act)), now=self.clock)
        elif act == "reveal":
            reveal_proposal(self.store, claim, now=self.clock)
        elif act == "undo":
            undo_answer(self.store, claim)
        elif act == "sign":
            sign_verdict(self.store, self.people[who], self.held[who], now=self.clock)
        elif act == "back":
            give_back(self.store, claim)
        elif act == "skip":
            skip_review(self.store, claim, "not mine", now=self.clock)
        elif act == "ask":
            ask_back(self.store, claim, "Which policy?", now=self.clock)

    def check(self, former: ItemState, act: str) -> None:
        view = get_review(self.store, self.item, now=self.clock)
        signers = [verdict.reviewer for verdict in view.verdicts]
        assert len(signers) == len(set(signers)), "nobody signs twice"
        assert len(signers) <= self.overlap + 1, "one more than the overlap at most: the adjudicator"
        assert all(verdict.confirmed for verdict in view.verdicts)
        assert view.item.answered == len(signers)
        raters = view.verdicts[: self.overlap]
        labels = {verdict.answer.label for verdict in raters}
        if view.item.state is ItemState.DECIDED:
            assert len(raters) == self.overlap
            assert len(labels) == 1 or len(signers) == self.overlap + 1
        if view.item.state is ItemState.DISPUTED:
            assert len(labels) > 1 and len(signers) == self.overlap
        if former is ItemState.DECIDED and act not in ("engineer asks", "ask"):
            assert view.item.state is ItemState.DECIDED


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    overlap=st.integers(1, 2),
    acts=st.lists(st.tuples(st.sampled_from(ACTS), st.sampled_from(PEOPLE), st.integers(0, 20)), max_size=16),
)
@example(
    overlap=2,
    acts=[
        ("decide pass", "Ada", 0),
        ("decide fail", "Ben", 0),
        ("open", "Cem", 0),
        ("pass", "Cem", 0),
        ("engineer asks", "Ada", 0),
        ("sign", "Cem", 0),
    ],
)
def test_any_course_of_acts_keeps_the_promises(desk: Desk, overlap: int, acts: list[tuple[str, str, int]]) -> None:
    people = _people(desk)
    course = Course(desk, people, overlap)
    for act, who, minutes in acts:
        former = get_review(desk.store, course.item).item.state
        try:
            course.act(act, who, minutes)
        except RetrospanError:
            after = get_review(desk.store, course.item).item.state
            assert after is former, "what is refused moves nothing"
        course.check(former, act)
    assert audit_verify(desk.store).sound


def _people(desk: Desk) -> dict[str, ReviewSession]:
    if not hasattr(desk, "people"):
        people = {"Ada": desk.reviewer("Ada")}
        for name in PEOPLE[1:]:
            desk.reviewer(name, pin=False)
            vouch_for(desk.store, people["Ada"], name)
            people[name] = desk.unlock(name)
        desk.people = people  # type: ignore[attr-defined]
    found: dict[str, ReviewSession] = desk.people  # type: ignore[attr-defined]
    return found
