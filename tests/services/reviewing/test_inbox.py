"""A signed fail stands in the engineers' inbox until something has come of it."""

from __future__ import annotations

from pathlib import Path

from retrospan.model.findings import CauseClass
from retrospan.model.reviews import Label
from retrospan.regression.teaching.facts import load_facts
from retrospan.regression.teaching.form import suggest
from retrospan.regression.teaching.keeping import accept_form
from retrospan.services.reviewing.completing import complete_verdict
from retrospan.services.reviewing.inbox import to_complete
from reviewdesk import QUESTION, Desk


def test_only_fails_that_count_wait_with_the_words_that_matter(desk: Desk) -> None:
    ada = desk.reviewer()
    desk.decide(ada, Label.PASS, "T2")
    fail = desk.decide(ada)
    (entry,) = to_complete(desk.store)
    assert entry.verdict.uid == fail.uid
    assert (entry.asked, entry.says) == ("Can I still return order 204?", "The policy says 30 days.")
    assert entry.failed == QUESTION


def test_a_fail_that_does_not_count_any_more_waits_for_nobody(desk: Desk) -> None:
    desk.decide(desk.reviewer())
    desk.add_late_span("run-1")
    assert to_complete(desk.store) == []


def test_cause_alone_or_a_lesson_takes_it_out(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    first, second = desk.decide(ada), desk.decide(ada, trace="T2")
    complete_verdict(desk.store, ada, first.uid, cause=CauseClass.REASONING)
    assert [entry.verdict.uid for entry in to_complete(desk.store)] == [second.uid]
    facts = load_facts(desk.store, second)
    accept_form(desk.store, ada, facts, suggest(facts), tmp_path)
    assert to_complete(desk.store) == []


def test_the_newest_comes_first(desk: Desk) -> None:
    ada = desk.reviewer()
    first, second = desk.decide(ada), desk.decide(ada, trace="T2")
    assert [entry.verdict.uid for entry in to_complete(desk.store)] == [second.uid, first.uid]
