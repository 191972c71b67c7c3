"""The answer to a question in SQL: what is cut is said, with what to ask instead."""

from __future__ import annotations

import pytest
from conversations import Builder, says
from retrospan.answers.questions import question_text
from retrospan.services.finding.asking import ask
from retrospan.store.contract import Store


@pytest.fixture
def long_talks(store: Store, traces: Builder) -> Store:
    for number in range(4):
        traces.add(says("user", f"{number} " + "word " * 300), says("assistant", "Yes."))
    return store


def test_values_that_are_cut_name_the_ways_to_the_rest(long_talks: Store) -> None:
    text = question_text(ask(long_talks, "SELECT run, input FROM runs"), budget=400)
    assert "…+" in text
    assert "ask for fewer rows, substr(…), or budget=8000" in text


def test_what_fits_says_nothing_of_cuts(long_talks: Store) -> None:
    assert "cut" not in question_text(ask(long_talks, "SELECT run, input FROM runs"), budget=4_000)


def test_a_run_is_known_by_the_id_that_its_application_gave_it(store: Store, traces: Builder) -> None:
    traces.add(says("user", "Hello"), metadata={"run.id": "airline/v1/7"})
    traces.add(says("user", "Hello"))
    assert ask(store, "SELECT id FROM runs ORDER BY run").answer.rows == (("airline/v1/7",), ("run-2",))
