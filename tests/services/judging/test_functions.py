"""A signal as a judge: computed, not paid for, and measured as any other."""

from __future__ import annotations

import pytest
from conversations import Builder, answers, calls, says
from retrospan.model.errors import UnknownIdError, UsageError
from retrospan.model.traces import Trace
from retrospan.services.judging.calibrating import calibrate
from retrospan.services.judging.functions import judge_by_function, judge_by_signal
from retrospan.store.contract import Store


def run_of(traces: Builder, *, failing: bool) -> int:
    result = '{"error": "timeout"}' if failing else "Refunds within 30 days."
    return traces.add(says("user", "Can I?"), calls("get_policy"), answers(result), says("assistant", "Yes."))


def test_a_signal_fails_the_runs_that_show_it(store: Store, traces: Builder) -> None:
    failing, passing = run_of(traces, failing=True), run_of(traces, failing=False)

    done = judge_by_signal(store, "error_in_result", "since:10000d")

    assert (done.judge, done.fails, done.passes) == ("error-in-result", 1, 1)
    assert calibrate(store, "error-in-result").judge.labels == {failing: "fail", passing: "pass"}


def test_a_run_is_answered_once(store: Store, traces: Builder) -> None:
    run_of(traces, failing=True)
    judge_by_signal(store, "error_in_result", "since:10000d")
    assert judge_by_signal(store, "error_in_result", "since:10000d").fails == 0
    assert len(calibrate(store, "error-in-result").judge.labels) == 1


def test_wrong_names_are_told(store: Store, traces: Builder) -> None:
    run_of(traces, failing=True)
    with pytest.raises(UnknownIdError, match="error_in_result"):
        judge_by_signal(store, "error_in_results", "since:10000d")
    with pytest.raises(UsageError, match="Which runs"):
        judge_by_signal(store, "error_in_result", " ")


def by_words(trace: Trace) -> object:
    """A judge of this file: by what the run answered."""
    return {"Yes.": "pass", "Maybe.": 0.7, "": None}.get(trace.summary.output, trace.summary.output)


def answered(traces: Builder, words: str) -> int:
    return traces.add(says("user", "Can I?"), *([says("assistant", words)] if words else []))


def test_a_function_answers_in_words_or_chances(store: Store, traces: Builder) -> None:
    yes, maybe, silent = answered(traces, "Yes."), answered(traces, "Maybe."), answered(traces, "")

    done = judge_by_function(store, by_words, "since:10000d")

    assert (done.judge, done.fails, done.passes, done.left) == ("by-words", 1, 1, 1)
    judge = calibrate(store, "by-words").judge
    assert (judge.score(yes), judge.score(maybe), judge.score(silent)) == (0.0, 0.7, None)


def test_any_other_answer_is_refused_by_name(store: Store, traces: Builder) -> None:
    answered(traces, "Excellent")
    with pytest.raises(UsageError, match="by_words answered 'Excellent'"):
        judge_by_function(store, by_words, "since:10000d")


def test_changed_code_makes_a_function_stale(store: Store, traces: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    answered(traces, "Yes.")
    judge_by_function(store, by_words, "since:10000d")
    assert calibrate(store, "by-words").stale == ()
    monkeypatch.setattr("retrospan.services.judging.staleness.file_digest", lambda file: "another")
    assert "has changed since" in calibrate(store, "by-words").stale[0]
