"""What people say without a signature is told as unsigned: marks of runs, and where modes stand."""

from __future__ import annotations

import pytest
from commands import run
from conversations import Builder, says
from retrospan.answers.outcome import told_outcome
from retrospan.model.traces import Outcome, OutcomeSource, TraceSummary
from retrospan.services.receiving.marking import mark_traces
from retrospan.store.contract import Store
from retrospan.store.findings.modes import ModeStatus


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (OutcomeSource.MARK, "outcome fail (by mark, unsigned)"),
        (OutcomeSource.VERDICT, "outcome fail (by verdict)"),
        (OutcomeSource.FIELD, "outcome fail (by field)"),
        (OutcomeSource.NONE, "outcome fail"),
    ],
)
def test_only_a_mark_is_a_persons_word_without_a_signature(source: OutcomeSource, told: str) -> None:
    summary = TraceSummary(1, "run-1", "p", 1, 1, outcome=Outcome.FAIL, outcome_source=source)
    assert told_outcome(summary) == told


def test_a_mark_is_told_as_unsigned(store: Store, traces: Builder) -> None:
    traces.add(says("user", "Where is my order?"), says("assistant", "It ships on Monday."))
    mark_traces(store, "order", outcome=Outcome.FAIL)
    for command in (("trace", "show", "T1"), ("call", "get_trace", "--args", '{"trace": "T1"}')):
        assert "(by mark, unsigned)" in run(*command, "--store", store.location).out
    assert "unsigned" in run("mark", "order", "--outcome", "pass", "--store", store.location).out


def test_what_is_said_of_modes_is_told_as_unsigned() -> None:
    assert [status.in_words for status in ModeStatus] == [
        "new",
        "confirmed (unsigned)",
        "fixed (unsigned)",
        "regressed",
    ]
