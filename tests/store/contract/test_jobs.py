"""Jobs over many traces, what they took, and the conversations of agents."""

from __future__ import annotations

from dataclasses import replace

import pytest
from retrospan.model.errors import UnknownIdError
from retrospan.model.traces import Usage
from retrospan.store.contract import Store
from retrospan.store.jobs.agent_runs import (
    Job,
    Spent,
    TaskState,
    close_job,
    close_open_jobs,
    ensure_task,
    finish_task,
    handled_traces,
    insert_job,
    job_spent,
    job_states,
    kind_of_job,
    mean_usage,
    open_job,
    pending_tasks,
    save_progress,
    task_of_proposal,
    tasks_of,
)
from retrospan.store.jobs.transcripts import insert_transcript, list_transcripts, transcript_record
from reviewdesk import Desk

NOW = "2026-11-22T11:00:00Z"
SPENT = Spent(2, Usage(10, 5, 3, 2), 0.25)


def begun(store: Store, kind: str = "triage") -> Job:
    with store.write() as con:
        return insert_job(con, kind, "key", {"limit": 5, "query": "x"}, [1, 2, 2, 99], NOW)


def test_a_job_comes_back_as_it_was_begun_until_it_is_closed(desk: Desk) -> None:
    job = begun(desk.store)
    assert open_job(desk.store, "triage") == job
    assert open_job(desk.store, "judge") is None
    with desk.store.write() as con:
        assert kind_of_job(con, job.id) == "triage"
        close_job(con, job.id)
    assert open_job(desk.store, "triage") is None


def test_jobs_of_one_kind_are_given_up_together(desk: Desk) -> None:
    begun(desk.store), begun(desk.store)
    other = begun(desk.store, "judge")
    with desk.store.write() as con:
        close_open_jobs(con, "triage")
    assert (open_job(desk.store, "triage"), open_job(desk.store, "judge")) == (None, other)


def test_each_trace_that_is_there_has_one_task(desk: Desk) -> None:
    job = begun(desk.store)
    assert [task.trace_id for task in tasks_of(desk.store, job.id, page=1)] == [1, 2]
    with desk.store.write() as con:
        first = ensure_task(con, job.id, 1, NOW)
    assert first == next(iter(pending_tasks(desk.store, job.id)))
    assert [task.trace_id for task in pending_tasks(desk.store, job.id, after=first.id)] == [2]


def test_what_was_paid_adds_up_and_an_ended_task_keeps_its_answer(desk: Desk) -> None:
    job = begun(desk.store)
    first, _ = tasks_of(desk.store, job.id)
    with desk.store.write() as con:
        save_progress(con, first.id, {"turns": ["hi"]}, SPENT, NOW)
        save_progress(con, first.id, {"turns": ["hi", "ho"]}, SPENT, NOW)
    (paid, _) = tasks_of(desk.store, job.id)
    twice = SPENT.plus(SPENT)
    assert paid == replace(first, spent=twice, checkpoint={"turns": ["hi", "ho"]})
    assert job_spent(desk.store, job.id) == twice

    with desk.store.write() as con:
        finish_task(con, first.id, TaskState.DONE, label="fail", proposal_id=4, answer={"why": "45 days"}, now=NOW)
        ended = task_of_proposal(con, 4)
    assert ended == replace(
        paid, state=TaskState.DONE, label="fail", proposal_id=4, answer={"why": "45 days"}, checkpoint=None
    )
    assert job_states(desk.store, job.id) == {TaskState.DONE: 1, TaskState.PENDING: 1}
    assert mean_usage(desk.store, "triage") == (1, twice.usage)
    assert mean_usage(desk.store, "judge") == (0, Usage())


def test_a_trace_is_handled_as_long_as_it_has_not_changed(desk: Desk) -> None:
    job = begun(desk.store)
    first, second = tasks_of(desk.store, job.id)
    with desk.store.write() as con:
        for task, state in ((first, TaskState.NO_RESULT), (second, TaskState.FAILED)):
            finish_task(con, task.id, state, label=None, proposal_id=None, answer={}, now=NOW)
    asked = range(1, 40_000)
    assert handled_traces(desk.store, "triage", "key", asked) == {1}
    assert handled_traces(desk.store, "triage", "another", asked) == set()
    desk.add_late_span("run-1")
    assert handled_traces(desk.store, "triage", "key", asked) == set()


def test_a_conversation_is_kept_once_under_its_key(desk: Desk) -> None:
    with desk.store.write() as con:
        for key, text in (("a", "one"), ("a", "two"), ("b", "three")):
            insert_transcript(con, trace_id=1, key=key, agent="triage", model="small", record={"said": text}, now=NOW)
    newest, oldest = list_transcripts(desk.store, trace_id=1)
    assert (newest.key, oldest.key, oldest.agent, oldest.model, oldest.created_at) == ("b", "a", "triage", "small", NOW)
    assert transcript_record(desk.store, oldest.id) == {"said": "one"}
    assert list_transcripts(desk.store, trace_id=2) == []
    assert list_transcripts(desk.store, limit=1) == [newest]
    with pytest.raises(UnknownIdError, match="newest: A"):
        transcript_record(desk.store, 999)
