"""Rubrics learn from answers that went wrong: few examples, each telling, and only what they touch is asked again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from commands import run
from judgedesk import judge_all
from retrospan.knowledge.rubrics import built_in_rubric, rubric_content, rubric_from_content
from retrospan.model.reviews import Answer, Criterion, Label, Rubric
from retrospan.services.judging.improving import MOST_CLAUSES
from retrospan.services.judging.labels import in_test_half
from retrospan.services.judging.rubric_learning import Ground, Telling, choose, keep_learned, learn_rubric
from retrospan.services.knowledge.confirming import confirm_rubric
from retrospan.services.reviewing.asking import propose_verdict, request_review
from retrospan.services.reviewing.claiming import open_review
from retrospan.services.reviewing.deciding import give_answer, reveal_proposal, sign_verdict
from retrospan.services.reviewing.people import distrust_reviewer, vouch_for
from retrospan.services.reviewing.rubrics import list_drafts, reopen_items, reopened_by, rubric_named
from retrospan.trust.session import ReviewSession
from reviewdesk import QUESTION, Desk

WINDOW = Criterion("window", "Was the window right?", "as in the policy", "any other")


def version(number: int, *criteria: Criterion) -> Rubric:
    content = rubric_content(replace(built_in_rubric(), id="refunds", version=number, title="R", criteria=criteria))
    return rubric_from_content(content)


def answer(desk: Desk, session: ReviewSession, item: int, label: Label, reason: str) -> None:
    review = open_review(desk.store, item, session.fingerprint)
    give_answer(desk.store, review.claim, Answer(label, reason=reason))
    reveal_proposal(desk.store, review.claim)
    sign_verdict(desk.store, session, review)


@pytest.fixture
def people(desk: Desk, tmp_path: Path) -> list[ReviewSession]:
    sessions = [desk.reviewer(name, pin=name == "Ada") for name in ("Ada", "Ben", "Cem")]
    for session in sessions[1:]:
        vouch_for(desk.store, sessions[0], session.fingerprint)
    confirm_rubric(desk.store, sessions[0], version(1, WINDOW), tmp_path)
    for number in range(3, 6):
        desk.add_run(f"run-{number}", "You have 30 days.")
    return sessions


def asked(desk: Desk, trace: str, overlap: int = 1) -> int:
    return request_review(desk.store, trace, QUESTION, by="human:Ada", rubric="refunds", overlap=overlap).id


def test_what_went_wrong_becomes_examples_and_what_nothing_settles_is_named(
    desk: Desk, people: list[ReviewSession]
) -> None:
    differing = asked(desk, "T1", overlap=3)
    for session, label in zip(people, (Label.FAIL, Label.PASS, Label.FAIL), strict=True):
        answer(desk, session, differing, label, f"{session.name} counts from the day of delivery")
    unsure = asked(desk, "T2")
    answer(desk, people[0], unsure, Label.CANT_TELL, "no policy was shown")
    overruled = asked(desk, "T3")
    propose_verdict(desk.store, f"R{overruled}", label="pass", explanation="yes", by="agent:x")
    answer(desk, people[0], overruled, Label.FAIL, "a longer promise was agreed with support before")
    plain = asked(desk, "T4")
    answer(desk, people[0], plain, Label.PASS, "nothing to say")

    learned = learn_rubric(desk.store, "refunds")

    assert [(one.ground, one.example) for one in learned.chosen] == [
        (Ground.DISAGREED, "Fails: Cem counts from the day of delivery"),
        (Ground.OVERRULED, "Fails: a longer promise was agreed with support before"),
    ]
    (point,) = learned.open_points
    assert (point.ground, point.count, point.reasons) == (Ground.CANT_TELL, 1, ("no policy was shown",))
    assert learned.diff.changed == learned.diff.examples_alone == ("window",)
    assert set(reopened_by(desk.store, learned.current, learned.proposed)) == {differing, unsure, overruled}


def test_the_draft_is_signed_and_asks_again_only_what_was_in_doubt(
    desk: Desk, people: list[ReviewSession], tmp_path: Path
) -> None:
    overruled, plain, waiting = (asked(desk, f"T{number}") for number in (1, 2, 3))
    propose_verdict(desk.store, f"R{overruled}", label="pass", explanation="yes", by="agent:x")
    answer(desk, people[0], overruled, Label.FAIL, "the day of delivery counts")
    answer(desk, people[0], plain, Label.PASS, "as in the policy")
    assert keep_learned(desk.store, learn_rubric(desk.store, "refunds"))
    (draft,) = list_drafts(desk.store)
    confirm_rubric(desk.store, people[0], draft, tmp_path)

    found = reopen_items(desk.store, "refunds")

    assert (found.decided, found.waiting, found.untouched) == ((overruled,), (waiting,), 1)
    assert not keep_learned(desk.store, learn_rubric(desk.store, "refunds")), "what is signed is learned already"


def test_other_words_ask_everything_again(desk: Desk, people: list[ReviewSession], tmp_path: Path) -> None:
    plain = asked(desk, "T1")
    answer(desk, people[0], plain, Label.PASS, "as in the policy")
    confirm_rubric(desk.store, people[0], version(2, replace(WINDOW, fail_when="over 30 days")), tmp_path)
    assert reopen_items(desk.store, "refunds").decided == (plain,)


def test_an_answer_of_nobody_trusted_teaches_nothing(desk: Desk, people: list[ReviewSession]) -> None:
    item = asked(desk, "T1")
    propose_verdict(desk.store, f"R{item}", label="pass", explanation="yes", by="agent:x")
    answer(desk, people[1], item, Label.FAIL, "the day of delivery counts")
    distrust_reviewer(desk.store, "Ben", compromised=True)
    assert learn_rubric(desk.store, "refunds").chosen == ()


def told(label: Label, ground: Ground, reason: str) -> Telling:
    return Telling("window", label, reason, ground, "V1")


def test_examples_are_few_unlike_each_other_and_of_both_answers() -> None:
    alike = [told(Label.FAIL, Ground.OVERRULED, f"delivery day counted wrongly {n}") for n in range(30)]
    other = [
        told(Label.FAIL, Ground.OVERRULED, word * 3)
        for word in ("alpha ", "beta ", "gamma ", "delta ", "eta ", "zeta ")
    ]
    rare = [told(Label.PASS, Ground.DISAGREED, "customs took a month")]
    chosen = choose(replace(WINDOW, examples=("Fails: customs never counts",)), [*rare, *alike, *other])
    assert len(chosen) == MOST_CLAUSES - 1
    assert sum("delivery" in one.reason for one in chosen) <= 1
    assert chosen[0].label is Label.PASS
    full = replace(WINDOW, examples=tuple(f"Fails: reason {n}" for n in range(MOST_CLAUSES)))
    assert choose(full, rare) == []


def test_the_command_drafts_and_says_what_it_asks_again(desk: Desk, people: list[ReviewSession]) -> None:
    item = asked(desk, "T1")
    propose_verdict(desk.store, f"R{item}", label="pass", explanation="yes", by="agent:x")
    answer(desk, people[0], item, Label.FAIL, "the day of delivery counts")
    at = ("--store", desk.store.location)
    seen = run("rubric", "learn", "refunds", "--dry-run", "--json", *at).json
    assert (seen["version"], seen["reopens"]) == (2, [f"R{item}"])
    assert seen["examples"][0]["example"] == "Fails: the day of delivery counts"
    done = run("rubric", "learn", "refunds", *at)
    assert done.code == 0 and "It would ask 1 decided items again" in done.out
    assert rubric_named(desk.store, "refunds.v2").criteria[0].examples == ("Fails: the day of delivery counts",)


def test_runs_that_a_judge_is_tested_on_teach_it_nothing(desk: Desk, people: list[ReviewSession]) -> None:
    traces = {f"run-{number}": number for number in range(1, 6)}
    for name, number in traces.items():
        answer(desk, people[0], asked(desk, f"T{number}"), Label.PASS, f"{name} {'abcdefgh'[number] * 6} {number}")
    assert learn_rubric(desk.store, "refunds").found == 0, "nobody differed"
    judge_all(desk, list(traces.values()), wrong={1, 2, 4, 5}, rubric="refunds", criterion="window")
    taught = learn_rubric(desk.store, "refunds")
    free = {name for name in traces if not in_test_half(name)}
    assert 0 < len(free) < len(traces)
    assert {one.reason.split()[0] for one in taught.chosen} == free
    assert {one.ground for one in taught.chosen} == {Ground.OVERRULED}
