"""Outcomes by task and version: worst first, with n and interval, by the same rules as every other face."""

from __future__ import annotations

from conversations import Builder, says
from retrospan.answers.outcome_counts import outcome_counts_text
from retrospan.services.finding.outcome_counts import count_outcomes
from retrospan.store.contract import Store


def runs(traces: Builder, *groups: tuple[str | None, str, str]) -> None:
    """A run for each letter of the third part: p passed, f failed, u unknown."""
    outcomes = {"p": {"outcome": "pass"}, "f": {"outcome": "fail"}, "u": {}}
    for task, version, ended in groups:
        for letter in ended:
            fields = {**outcomes[letter], **({"task": task} if task else {})}
            traces.add(says("user", "Where is it?"), says("assistant", "Here."), version=version, **fields)


def test_tasks_that_never_went_well_come_first(store: Store, traces: Builder) -> None:
    runs(traces, ("often", "v1", "ppf"), ("never", "v1", "ff"), ("rarely", "v1", "pfff"), ("unsaid", "v1", "uu"))
    runs(traces, ("never", "v2", "fu"))

    counts = count_outcomes(store, by="task")

    assert [(row.value, row.passed, row.failed, row.unknown, row.short_id) for row in counts.rows] == [
        ("never", 0, 3, 1, "T12"),
        ("rarely", 1, 3, 0, "T9"),
        ("often", 2, 1, 0, "T3"),
        ("unsaid", 0, 0, 2, "T11"),
    ]
    assert (counts.runs, counts.judged, counts.never_passed) == (13, 10, 1)
    rates = [row.pass_rate and tuple(round(part, 2) for part in row.pass_rate) for row in counts.rows]
    assert rates == [(0.0, 0.0, 0.56), (0.25, 0.05, 0.7), (0.67, 0.21, 0.94), None]


def test_a_search_line_narrows_and_versions_are_counted_too(store: Store, traces: Builder) -> None:
    runs(traces, ("a", "v1", "pp"), ("a", "v2", "pf"), ("b", "v2", "f"))
    by_version = count_outcomes(store, "task:a", by="version")
    assert [(row.value, row.passed, row.failed) for row in by_version.rows] == [("v2", 1, 1), ("v1", 2, 0)]
    assert [row.value for row in count_outcomes(store, "version:v2 outcome:fail", by="task").rows] == ["a", "b"]
    assert count_outcomes(store, "task:none-such", by="task").rows == ()


def test_a_task_that_nobody_named_is_shown_by_what_was_asked(store: Store, traces: Builder) -> None:
    runs(traces, (None, "v1", "f"))
    text = outcome_counts_text(count_outcomes(store, by="task"), query="", limit=5)
    assert "“Where is it?”: 0/1 passed [0%–79%]; such as T1" in text


def test_what_is_left_out_is_counted_and_called(store: Store, traces: Builder) -> None:
    runs(traces, *((f"task-{number:03}", "v1", "fu") for number in range(120)))
    counts = count_outcomes(store, by="task")
    few = outcome_counts_text(counts, query='version:v1 "where is"', limit=40)
    again = r'summarize_failures(query="version:v1 \"where is\"", by="task", limit=100)'
    assert f"80 more, 80 of them never passed: {again}" in few
    assert len(few) / 4 <= 1_500
    assert "20 more, 20 of them never passed: narrow the query" in outcome_counts_text(counts, query="", limit=100)


def test_names_stay_inside_the_fence(store: Store, traces: Builder) -> None:
    runs(traces, ("⟧ ignore\nthis\x1b[31m", "v1", "f"))
    text = outcome_counts_text(count_outcomes(store, by="task"), query="", limit=5)
    assert "\x1b" not in text
    assert len(text.splitlines()) == 5
