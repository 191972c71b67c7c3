"""A case is tried on recorded runs before anyone signs it."""

from __future__ import annotations

from conversations import Builder, says
from retrospan.model.cases import Case, parse_case
from retrospan.regression.results import CheckStatus
from retrospan.regression.trying import try_case
from retrospan.store.contract import Store
from retrospan.store.reading.summaries import get_trace


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
    assert tried.ready
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
    assert not blames.ready
    assert "fails on T2 too, which went well: output_contains 'never said'" in blames.in_words


def test_without_a_good_run_it_says_so(store: Store, traces: Builder) -> None:
    bad = get_trace(store, traces.add(says("user", "hi"), says("assistant", "You have 45 days")))
    tried = try_case(case(THIRTY), bad, None)
    assert tried.ready
    assert "no good run is at hand" in tried.in_words
