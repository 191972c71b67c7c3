"""A digest says what changed since the last one, and keeps quiet otherwise."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conversations import Builder, answers, calls, says
from retrospan.services.modes.digest import make_digest
from retrospan.services.modes.life import fix_mode
from retrospan.store.contract import Store


@pytest.fixture
def fail(traces: Builder) -> Callable[[str], int]:
    def add(tool: str) -> int:
        return traces.add(
            says("user", f"Use {tool}"),
            calls(tool),
            answers(f'{{"error": "{tool} is broken"}}'),
            says("assistant", "Done."),
            outcome="fail",
        )

    return add


def fine(traces: Builder, count: int) -> None:
    for i in range(count):
        traces.add(says("user", f"Hello {i}"), says("assistant", "Hello."), outcome="pass")


def test_the_first_digest_names_what_there_is_and_the_second_is_quiet(
    store: Store, traces: Builder, fail: Callable[[str], int]
) -> None:
    fine(traces, 3)
    fail("pay")
    first = make_digest(store)
    assert first.eventful
    assert first.since is None
    assert [change.mode.short_id for change in first.new] == ["M1"]
    second = make_digest(store)
    assert not second.eventful
    assert second.since is not None
    assert second.runs == 0


def test_a_new_mode_a_grown_one_and_one_that_is_back(store: Store, traces: Builder, fail: Callable[[str], int]) -> None:
    fine(traces, 40)
    fail("pay")
    fail("ship")
    make_digest(store)
    fix_mode(store, "M2", by="human:Ada")
    fine(traces, 5)
    for _ in range(6):
        fail("pay")
    fail("ship")
    fail("mail")
    digest = make_digest(store)
    assert [change.mode.short_id for change in digest.new] == ["M3"]
    assert [(change.mode.short_id, change.before, change.mode.size) for change in digest.grown] == [("M1", 1, 7)]
    assert digest.grown[0].p < 0.05
    assert [change.mode.short_id for change in digest.back] == ["M2"]


def test_growth_that_chance_explains_is_no_news(store: Store, traces: Builder, fail: Callable[[str], int]) -> None:
    fine(traces, 10)
    fail("pay")
    make_digest(store)
    fine(traces, 10)
    fail("pay")
    assert not make_digest(store).eventful


def test_looking_does_not_count_as_a_digest(store: Store, fail: Callable[[str], int]) -> None:
    fail("pay")
    assert make_digest(store, keep=False).eventful
    assert make_digest(store).eventful


def test_each_query_has_digests_of_its_own(store: Store, fail: Callable[[str], int]) -> None:
    fail("pay")
    make_digest(store, "outcome:fail")
    assert make_digest(store).eventful
    assert not make_digest(store, "outcome:fail").eventful
