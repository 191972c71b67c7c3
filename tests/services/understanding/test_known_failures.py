"""A later run that repeats what a person failed is a failure finding of its own, wherever findings are shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from retrospan.model.reviews import Answer, Label, Lesson, LessonOrigin
from retrospan.model.traces import SpanBatch, TraceFacts
from retrospan.services.finding.listing import list_traces
from retrospan.services.knowledge.confirming import confirm_lesson
from retrospan.services.knowledge.doubting import doubted_lessons
from retrospan.services.modes.catching_up import catch_up
from retrospan.services.modes.digest import make_digest
from retrospan.services.modes.life import fix_mode
from retrospan.services.reviewing.deciding import give_answer, sign_verdict
from retrospan.services.understanding.analysing import signals_of
from retrospan.store.contract import Store
from retrospan.store.findings.modes import list_mode_rows
from retrospan.store.traces.commit import commit_batch
from retrospan.store.traces.revisions import refresh
from retrospan.trust.config import revoke_reviewer
from reviewdesk import Desk, refund_run

WRONG, RIGHT = "You have 45 days to return it.", "You have 30 days."


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


def later(
    desk: Desk, key: str, answer: str, *, environment: str | None = None, session: str | None = None, hours: int = 0
) -> None:
    spans = refund_run(key, answer)
    for span in spans:
        span.session = session
        for at in ("started_at_ns", "ended_at_ns"):
            setattr(span, at, (getattr(span, at) or 0) + (2_000_000_000 + 3_600 * hours) * 10**9)
    facts = [TraceFacts(key, environment=environment)]
    commit_batch(desk.store, SpanBatch(spans=spans, facts=facts))
    refresh(desk.store)


def known(store: Store, *trace_ids: int) -> list[int]:
    found = signals_of(store, trace_ids)
    return [trace_id for trace_id in trace_ids if any(s.signal == "known_failure" for s in found[trace_id])]


def test_a_repeat_is_found_with_verdict_reviewer_and_place(desk: Desk) -> None:
    desk.decide(desk.reviewer(), Label.FAIL)
    later(desk, "run-3", RIGHT)
    later(desk, "run-4", WRONG)
    assert known(desk.store, 1, 2, 3, 4) == [4]
    (found,) = [s for s in signals_of(desk.store, [4])[4] if s.signal == "known_failure"]
    assert (found.failure, found.reason, found.step) == (True, "as in T1, which Ada failed (V1)", 2)
    assert [entry.quote for entry in found.evidence] == [WRONG]
    assert [trace.id for trace in list_traces(desk.store, "signal:known_failure").traces] == [4]


def test_runs_that_were_looked_at_before_the_verdict_are_found_too(desk: Desk) -> None:
    later(desk, "run-3", WRONG)
    assert known(desk.store, 3) == []
    desk.decide(desk.reviewer(), Label.FAIL)
    assert known(desk.store, 3) == [3]


def test_the_same_words_later_in_a_session_are_no_repeat(desk: Desk) -> None:
    desk.decide(desk.reviewer(), Label.FAIL)
    later(desk, "run-3", RIGHT, session="s")
    later(desk, "run-4", WRONG, session="s", hours=1)
    later(desk, "run-5", WRONG, session="t", hours=1)
    assert known(desk.store, 3, 4, 5) == [5]


def test_only_what_counts_speaks(desk: Desk) -> None:
    ada = desk.reviewer()
    desk.decide(ada, Label.FAIL)
    later(desk, "run-3", WRONG)
    later(desk, "run-4", WRONG)
    later(desk, "run-5", WRONG, environment="regression")
    desk.decide(ada, Label.PASS, "T3")
    assert known(desk.store, 3, 4, 5) == [4], "a person passed T3; a run of a case is no run of production"
    revoke_reviewer(ada.fingerprint, now="2026-01-01T00:00:00Z", compromised=True)
    assert known(desk.store, 3, 4, 5) == []


def test_the_mode_of_the_failed_run_takes_the_repeat_and_is_back(desk: Desk) -> None:
    desk.decide(desk.reviewer(), Label.FAIL)
    catch_up(desk.store, seconds=60)
    (mode,) = list_mode_rows(desk.store)
    fix_mode(desk.store, mode.short_id, by="human:Eve", at_ns=1)
    later(desk, "run-3", WRONG)
    catch_up(desk.store, seconds=60)
    (mode,) = list_mode_rows(desk.store)
    assert (mode.size, mode.status.value) == (2, "regressed")


def test_the_digest_tells_each_repeat_once(desk: Desk) -> None:
    desk.decide(desk.reviewer(), Label.FAIL)
    make_digest(desk.store)
    later(desk, "run-3", WRONG)
    digest = make_digest(desk.store)
    (repeat,) = digest.repeats
    assert digest.eventful
    assert (repeat.trace.short_id, repeat.before.run, repeat.before.reviewer) == ("T3", "T1", "Ada")
    assert not make_digest(desk.store).repeats
    assert not make_digest(desk.store, "project:other").repeats


def test_the_lesson_is_asked_about_again(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    verdict = desk.decide(ada, Label.FAIL)
    origin = LessonOrigin(verdict.uid, "run-1", "support", ())
    lesson = Lesson("window", "Quote the policy", "It said 45 days.", "The policy says 30.", "Quote it.", origin=origin)
    confirm_lesson(desk.store, ada, lesson, tmp_path)
    assert doubted_lessons(desk.store) == []
    later(desk, "run-3", WRONG)
    assert known(desk.store, 3) == [3]
    assert [entry.doubts for entry in doubted_lessons(desk.store)] == [("the failure came back: T3",)]


def test_the_place_is_that_of_the_blamed_step(desk: Desk) -> None:
    ada = desk.reviewer()
    review = desk.open(ada)
    give_answer(desk.store, review.claim, replace(Answer(Label.FAIL), cause_span="a2"))
    sign_verdict(desk.store, ada, review)
    later(desk, "run-3", WRONG)
    (found,) = [s for s in signals_of(desk.store, [3])[3] if s.signal == "known_failure"]
    assert found.step == 1
