"""Drift from a judge's answers over time: repeats on runs with a verdict show its own change."""

from __future__ import annotations

import pytest
from retrospan.analysis.judging.drift import Drift
from retrospan.model.reviews import Label
from retrospan.model.traces import JsonValue
from retrospan.services.agent_work.jobs import keep_answer, start_job
from retrospan.services.judging.drifting import judge_drift
from retrospan.store.jobs.agent_runs import TaskState, tasks_of
from reviewdesk import Desk

PARAMS: dict[str, JsonValue] = {
    "name": "window",
    "rubric": "outcome",
    "version": 1,
    "criterion": "outcome",
    "model": "m",
}


@pytest.mark.parametrize(("later", "drift"), [("pass", Drift.NONE), ("fail", Drift.JUDGE)])
def test_other_answers_to_the_same_runs_are_the_judges_change(desk: Desk, later: str, drift: Drift) -> None:
    session = desk.reviewer()
    traces = list(range(1, 9))
    for number in traces[2:]:
        desk.add_run(f"run-{number}", "You have 30 days.")
    for trace in traces:
        desk.decide(session, Label.PASS, f"T{trace}")
    for label in ["pass"] * 2 + [later] * 4:
        job = start_job(desk.store, "judge", "judge/1 window", PARAMS, traces)
        for task in list(tasks_of(desk.store, job.id)):
            keep_answer(desk.store, task, TaskState.DONE, answer={}, label=label)

    found = judge_drift(desk.store, "window")

    assert (found.drift, found.anchors, found.repeats) == (drift, 8, 32)
    assert ("judge has changed" in found.in_words) is (drift is Drift.JUDGE)
