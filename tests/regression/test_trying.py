"""A case is tried on recorded runs before anyone signs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from conversations import Builder, says
from retrospan.model.case_checks import Judged
from retrospan.model.cases import Case, CaseStatus, Provenance, parse_case
from retrospan.model.errors import UsageError
from retrospan.model.reviews import Label
from retrospan.regression.results import CheckStatus
from retrospan.regression.teaching.trying import try_case, try_stored, why_not_signed
from retrospan.services.knowledge.confirming import confirm_case
from retrospan.store.contract import Store
from retrospan.store.reading.summaries import get_trace
from reviewdesk import QUESTION, Desk


def from_run(text: str, run: str = "run-1") -> Case:
    return parse_case(
        f"id: window\ntitle: Window\ninput: Can I?\nchecks:\n- {{check: output_contains, text: {text}}}\n"
        f"provenance: {{trace: {run}}}\n"
    )


def case(*checks: str) -> Case:
    listed = "".join(f"- check: {check}\n" for check in checks)
    return parse_case(f"id: window\ntitle: Window\ninput: hi\nchecks:\n{listed}")


THIRTY = "output_contains\n  text: '30 days'"
POLITE = "output_contains\n  text: 'You have'"
NEVER = "output_contains\n  text: 'never said'"


def test_red_there_and_green_here_is_ready(store: Store, traces: Builder) -> None:
    bad = get_trace(store, traces.add(says("user", "hi"), says("assistant", "You have 45 days")))
    good = get_trace(store, traces.add(says("user", "hi"), says("assistant", "You have 30 days")))
    tried = try_case(case(THIRTY, POLITE), bad, good)
    assert not tried.why_not
    assert [(c.on_bad, c.on_good, c.tells_apart, c.guards) for c in tried.checks] == [
        (CheckStatus.FAILED, CheckStatus.PASSED, True, False),
        (CheckStatus.PASSED, CheckStatus.PASSED, False, True),
    ]
    assert "fails on T1 as it must, and passes on T2" in tried.in_words


def test_a_case_that_misses_the_failure_or_blames_the_good_run_is_not_ready(store: Store, traces: Builder) -> None:
    bad = get_trace(store, traces.add(says("user", "hi"), says("assistant", "You have 45 days")))
    good = get_trace(store, traces.add(says("user", "hi"), says("assistant", "You have 30 days")))
    assert "no check sees it" in try_case(case(POLITE), bad, good).in_words
    blames = try_case(case(NEVER), bad, good)
    assert blames.why_not
    assert "fails on T2 too, which went well: output_contains 'never said'" in blames.in_words


def test_without_a_good_run_it_says_so(store: Store, traces: Builder) -> None:
    bad = get_trace(store, traces.add(says("user", "hi"), says("assistant", "You have 45 days")))
    tried = try_case(case(THIRTY), bad, None)
    assert not tried.why_not
    assert "no good run of its request is at hand" in tried.in_words


def test_a_stored_case_meets_the_run_it_names_and_a_good_one_of_the_same_request(desk: Desk) -> None:
    tried = try_stored(desk.store, from_run("30 days"))
    assert tried is not None
    assert (tried.bad_run, tried.good_run, tried.why_not) == ("T1", "T2", "")
    assert try_stored(desk.store, from_run("30 days", "gone")) is None
    with pytest.raises(UsageError, match="is the run that window comes from"):
        try_stored(desk.store, from_run("30 days"), "T1")


def test_the_signed_verdict_answers_for_the_judge_on_its_own_run(desk: Desk) -> None:
    verdict = desk.decide(desk.reviewer(), Label.FAIL)
    asked = Judged(question=QUESTION)
    judged = from_run("30 days").model_copy(
        update={"checks": (asked,), "provenance": Provenance(trace="run-1", verdict=verdict.uid)}
    )
    tried = try_stored(desk.store, judged)
    assert tried is not None
    assert (tried.judge_alone, tried.bad.outcome.value, tried.why_not) == (True, "failed", "")
    other = judged.model_copy(update={"checks": (Judged(question="Was it polite?"),)})
    undecided = try_stored(desk.store, other)
    assert undecided is not None
    assert "only a judge can tell" in undecided.in_words


def test_nothing_that_guards_nothing_is_signed_and_what_is_retired_needs_no_trial(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    idle = from_run("You have")
    with pytest.raises(UsageError, match="is not signed: it does not fail on T1"):
        confirm_case(desk.store, ada, idle, tmp_path, why_not_signed)
    assert not (tmp_path / ".retrospan").exists()
    assert confirm_case(desk.store, ada, from_run("30 days"), tmp_path, why_not_signed).status is CaseStatus.ACTIVE
    retired = idle.model_copy(update={"status": CaseStatus.RETIRED})
    assert confirm_case(desk.store, ada, retired, tmp_path, why_not_signed).status is CaseStatus.RETIRED
