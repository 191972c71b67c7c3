"""Jobs of agents: what is chosen, what counts as done, what a transaction keeps together."""

from __future__ import annotations

from pathlib import Path

import pytest
from conversations import Builder, says
from retrospan.model.errors import StoreBusyError, UnknownIdError, UsageError
from retrospan.model.traces import Usage
from retrospan.services.agent_work.jobs import (
    AGENTS_PROJECT,
    Transcript,
    choose_traces,
    end_job,
    keep_answer,
    keep_transcript,
    keep_turn,
    only_one,
    resume_job,
    start_job,
    task_for,
)
from retrospan.services.reviewing.asking import checked_proposal, request_review
from retrospan.services.reviewing.citing import Citation
from retrospan.services.reviewing.sentences import Claim, Support, claims_json, claims_of_proposal, explanation_of
from retrospan.store.audit.access import AccessKind, list_access
from retrospan.store.contract import Store
from retrospan.store.jobs.agent_runs import (
    Job,
    Spent,
    TaskState,
    job_spent,
    job_states,
    mean_usage,
    pending_tasks,
    tasks_of,
)
from retrospan.store.jobs.transcripts import list_transcripts, transcript_record
from retrospan.store.opening import open_store

CLAIM = Claim("It says hello", (Support("s", "Hello", 1), Support("t", "lo", 0)))


def good_run(traces: Builder) -> int:
    return traces.add(says("user", "Hi"), says("assistant", "Hello."))


def bad_run(traces: Builder) -> int:
    return traces.add(says("user", "Hi"), says("assistant", "Hello."), outcome="fail")


def job_over(store: Store, *trace_ids: int, key: str = "k") -> Job:
    return start_job(store, "triage", key, {"model": "m"}, trace_ids)


def test_without_a_query_what_failed_or_waits_is_chosen(store: Store, traces: Builder) -> None:
    good_run(traces)
    failed = bad_run(traces)
    queued = good_run(traces)
    request_review(store, f"T{queued}", "Was it polite?", by="human:Ada")
    assert sorted(choose_traces(store, "triage", "k")) == [failed, queued]
    assert len(choose_traces(store, "triage", "k", "since:1000d")) == 3
    assert choose_traces(store, "triage", "k", "since:1000d", limit=2) != []


def test_runs_of_agents_are_passed_over_unless_named(store: Store, traces: Builder) -> None:
    traces.add(says("user", "Hi"), says("assistant", "Hello."), outcome="fail", project=AGENTS_PROJECT)
    assert choose_traces(store, "triage", "k") == []
    assert choose_traces(store, "triage", "k", "since:1000d") == []
    assert len(choose_traces(store, "triage", "k", f"project:{AGENTS_PROJECT}")) == 1


def test_a_run_is_done_for_its_revision_and_question(store: Store, traces: Builder) -> None:
    trace_id = bad_run(traces)
    job = job_over(store, trace_id)
    (task,) = pending_tasks(store, job.id)
    keep_answer(store, task, TaskState.DONE, answer={}, label="fail")
    assert choose_traces(store, "triage", "k") == []
    assert choose_traces(store, "triage", "another question") == [trace_id]
    assert choose_traces(store, "triage", "k", again=True) == [trace_id]
    with store.write() as con:
        con.execute("UPDATE trace SET revision = revision + 1 WHERE id = ?", (trace_id,))
    assert choose_traces(store, "triage", "k") == [trace_id], "a run that grew is new work"


def test_a_task_that_failed_is_chosen_again(store: Store, traces: Builder) -> None:
    trace_id = bad_run(traces)
    (task,) = pending_tasks(store, job_over(store, trace_id).id)
    keep_answer(store, task, TaskState.FAILED, answer={"problem": "broken"})
    assert choose_traces(store, "triage", "k") == [trace_id]


def test_answer_proposal_and_transcript_are_kept_together_or_not_at_all(store: Store, traces: Builder) -> None:
    (task,) = pending_tasks(store, job_over(store, bad_run(traces)).id)
    proposal = checked_proposal(
        store, "T1", label="fail", explanation="It says hello.", cited=[Citation("1", "Hello")], by="agent:x"
    )
    broken = Transcript("x", "m", {"messages": [object()]})  # type: ignore[list-item]
    with pytest.raises(TypeError):
        keep_answer(store, task, TaskState.DONE, answer={}, proposal=proposal, transcript=broken)
    with store.read() as con:
        assert con.execute("SELECT count(*) FROM proposal").fetchone()[0] == 0
    assert job_states(store, task.job_id) == {TaskState.PENDING: 1}


def test_the_steps_of_each_sentence_are_found_by_proposal(store: Store, traces: Builder) -> None:
    (task,) = pending_tasks(store, job_over(store, bad_run(traces)).id)
    proposal = checked_proposal(store, "T1", label="pass", explanation=explanation_of([CLAIM]), by="agent:x")
    kept = keep_answer(store, task, TaskState.DONE, answer={"claims": claims_json([CLAIM])}, proposal=proposal)
    assert kept is not None
    assert kept.explanation == "It says hello [0, 1]."
    assert claims_of_proposal(store, kept.id) == (CLAIM,)
    assert claims_of_proposal(store, 99) == ()


def test_what_a_turn_took_adds_up_over_processes(store: Store, traces: Builder, tmp_path: Path) -> None:
    job = job_over(store, bad_run(traces))
    (task,) = pending_tasks(store, job.id)
    for _ in range(2):
        keep_turn(store, task, {"history": ["…"]}, Spent(1, Usage(100, 10, 50, 5), 0.25))
    with open_store(store.location) as other:
        (seen,) = pending_tasks(other, job.id)
        assert seen.checkpoint == {"history": ["…"]}
        assert job_spent(other, job.id) == Spent(2, Usage(200, 20, 100, 10), 0.5)
    keep_answer(store, task, TaskState.NO_RESULT, answer={}, took=Spent(1, Usage(1, 1), 0.1))
    assert mean_usage(store, "triage") == (1, Usage(201, 21, 100, 10))
    (ended,) = tasks_of(store, job.id)
    assert (ended.checkpoint, ended.spent.requests) == (None, 3)


def test_only_the_newest_unfinished_job_is_resumed(store: Store, traces: Builder) -> None:
    with pytest.raises(UsageError, match="No triage job"):
        resume_job(store, "triage")
    trace_id = bad_run(traces)
    job_over(store, trace_id)
    second = job_over(store, trace_id)
    assert resume_job(store, "triage").id == second.id
    assert not end_job(store, second)
    (task,) = pending_tasks(store, second.id)
    keep_answer(store, task, TaskState.DONE, answer={})
    assert end_job(store, second)
    with pytest.raises(UsageError, match="No triage job"):
        resume_job(store, "triage")


def test_a_conversation_finds_its_task_again(store: Store, traces: Builder) -> None:
    trace_id = good_run(traces)
    assert task_for(store, "chat", trace_id).id == task_for(store, "chat", trace_id).id


def test_one_job_of_a_kind_at_a_time(store: Store) -> None:
    with (
        only_one(store, "triage"),
        only_one(store, "judge"),
        pytest.raises(StoreBusyError, match="Another triage"),
        only_one(store, "triage"),
    ):
        pass
    with only_one(store, "triage"):
        pass


def test_transcripts_are_listed_by_trace_and_named_when_unknown(store: Store, traces: Builder) -> None:
    trace_id = bad_run(traces)
    (task,) = pending_tasks(store, job_over(store, trace_id).id)
    keep_answer(store, task, TaskState.DONE, answer={}, transcript=Transcript("x", "m", {"messages": []}))
    (row,) = list_transcripts(store, trace_id=trace_id)
    assert transcript_record(store, row.id)["project"] == AGENTS_PROJECT
    assert list_transcripts(store, trace_id=77) == []
    with pytest.raises(UnknownIdError, match="newest: A1"):
        transcript_record(store, 9)


def test_deleting_a_trace_deletes_what_agents_kept_of_it(store: Store, traces: Builder) -> None:
    with store.read() as con:
        assert {"agent_task", "agent_transcript"} <= set(store.erasing.tables_with(con, "trace_id"))


def test_what_went_to_a_vendor_is_in_the_access_log(store: Store, traces: Builder) -> None:
    job = job_over(store, bad_run(traces), bad_run(traces))
    first, second = pending_tasks(store, job.id)
    keep_turn(store, first, {"history": ["…"]}, Spent(1, Usage(100, 10), 0.25))
    keep_answer(store, first, TaskState.NO_RESULT, answer={})
    keep_answer(store, second, TaskState.FAILED, answer={}, took=Spent(1, Usage(7, 3)))
    keep_transcript(store, Transcript("fixer", "m-1", {"messages": []}))

    noted = [(entry.action, entry.actor, entry.subject, entry.detail) for entry in reversed(list_access(store))]
    assert noted == [
        (AccessKind.MODEL, "agent:triage", f"T{first.trace_id}", "100 tokens sent, 10 received"),
        (AccessKind.MODEL, "agent:triage", f"T{second.trace_id}", "7 tokens sent, 3 received"),
        (AccessKind.MODEL, "agent:fixer", "verdicts and lessons", "m-1"),
    ]
