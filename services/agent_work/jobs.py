"""Work of agents over many traces: which to take, what was paid so far, what came of it, and one job at a time.

Nothing here asks a model. An answer, its proposal, its transcript and the end of its task are one transaction, so that
a job killed at any moment neither loses paid work nor does it twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from ...model.clock import utc_now, utc_text
from ...model.errors import StoreBusyError, UsageError
from ...model.reviews import ItemState, Proposal
from ...model.traces import JsonValue, Outcome
from ...store.audit.access import AccessKind, insert_access
from ...store.contract import Connection, Store
from ...store.jobs.agent_runs import (
    Job,
    Spent,
    Task,
    TaskState,
    close_job,
    close_open_jobs,
    ensure_task,
    finish_task,
    handled_traces,
    insert_job,
    job_states,
    kind_of_job,
    open_job,
    save_progress,
)
from ...store.jobs.transcripts import insert_transcript
from ...store.reviews.verdicts import insert_proposal
from ...store.traces.revisions import refresh
from ..finding.listing import list_traces
from ..reviewing.asking import list_reviews
from ..understanding.analysing import analyse

AGENTS_PROJECT = "retrospan-agents"
"""Project under which transcripts import; agents pass it over unless asked for it by name."""
_PAGE = 500
_MOST_ITEMS = 10_000

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Transcript:
    """A conversation to keep, in the messages format."""

    agent: str
    model: str
    record: Mapping[str, JsonValue]


def choose_traces(
    store: Store,
    kind: str,
    key: str,
    line: str = "",
    *,
    named: Sequence[int] | None = None,
    limit: int | None = None,
    again: bool = False,
    on_progress: Progress | None = None,
) -> list[int]:
    """Traces that wait for an agent, newest or best first.

    Args:
        store: Where.
        kind: Of the job.
        key: What counts as the same work.
        line: A search line; empty takes runs that failed, show a failure signal, or are in the review queue.
        named: These and no others, whatever they show.
        limit: At most so many.
        again: Also those that have an answer already.
        on_progress: Called while signals are found.

    Raises:
        QueryError: if the line cannot be read.
    """
    if named is not None:
        refresh(store, named, limit=len(named))
        handled = set() if again else handled_traces(store, kind, key, named)
        return [trace_id for trace_id in dict.fromkeys(named) if trace_id not in handled][:limit]
    if not line.strip():
        analyse(store, on_progress=(lambda done, total: on_progress("analysing", done, total)) if on_progress else None)
    queued = set() if line.strip() else _queued(store)
    of_agents = f"project:{AGENTS_PROJECT}" in line
    query = line if of_agents else f"{line} -project:{AGENTS_PROJECT}".strip()
    chosen: list[int] = []
    offset = 0
    while limit is None or len(chosen) < limit:
        page = list_traces(store, query, limit=_PAGE, offset=offset, by_meaning=False).traces
        found = [
            trace.id
            for trace in page
            if line.strip() or trace.signals or trace.outcome is Outcome.FAIL or trace.id in queued
        ]
        handled = set() if again else handled_traces(store, kind, key, found)
        chosen += [trace_id for trace_id in found if trace_id not in handled]
        if len(page) < _PAGE:
            break
        offset += _PAGE
    return chosen if limit is None else chosen[:limit]


def _queued(store: Store) -> set[int]:
    items = list_reviews(store, state=ItemState.OPEN, limit=_MOST_ITEMS)
    return {item.trace_id for item in items if item.trace_id is not None}


def start_job(
    store: Store,
    kind: str,
    key: str,
    params: Mapping[str, JsonValue],
    trace_ids: Sequence[int],
    *,
    now: datetime | None = None,
) -> Job:
    """Open a job over these traces; one of the same kind that was left unfinished is given up for it."""
    refresh(store, trace_ids, limit=len(trace_ids))
    with store.write() as con:
        close_open_jobs(con, kind)
        return insert_job(con, kind, key, params, trace_ids, utc_text(now or utc_now()))


def task_for(store: Store, kind: str, trace_id: int, *, now: datetime | None = None) -> Task:
    """The task of one trace in a job that never ends, as conversations have; made where there is none yet."""
    job = open_job(store, kind) or start_job(store, kind, kind, {}, [], now=now)
    with store.write() as con:
        return ensure_task(con, job.id, trace_id, utc_text(now or utc_now()))


def resume_job(store: Store, kind: str) -> Job:
    """The job that was left unfinished.

    Raises:
        UsageError: if there is none.
    """
    job = open_job(store, kind)
    if job is None:
        raise UsageError(f"No {kind} job was left unfinished. Start one without --resume.")
    return job


def end_job(store: Store, job: Job) -> bool:
    """Close the job if nothing of it waits any more; whether it is closed."""
    if job_states(store, job.id).get(TaskState.PENDING, 0):
        return False
    with store.write() as con:
        close_job(con, job.id)
    return True


def keep_turn(store: Store, task: Task, history: JsonValue, took: Spent, *, now: datetime | None = None) -> None:
    """Keep a conversation as far as it is paid for, before its next request leaves."""
    moment = utc_text(now or utc_now())
    with store.write() as con:
        save_progress(con, task.id, history, took, moment)
        _note_sent(con, task, took, moment)


def keep_answer(
    store: Store,
    task: Task,
    state: TaskState,
    *,
    answer: Mapping[str, JsonValue],
    label: str | None = None,
    proposal: Proposal | None = None,
    transcript: Transcript | None = None,
    took: Spent | None = None,
    now: datetime | None = None,
) -> Proposal | None:
    """End the work on one trace: answer, proposal and transcript together, or nothing.

    Args:
        store: Where.
        task: The work.
        state: How it ended.
        answer: What is kept of it, checked.
        label: The answer in one word.
        proposal: From `reviewing.checked_proposal`, which has verified its quotations.
        transcript: What was said.
        took: What it took beyond what `keep_turn` has kept.
        now: For tests.
    """
    moment = utc_text(now or utc_now())
    with store.write() as con:
        if took is not None:
            save_progress(con, task.id, None, took, moment)
            _note_sent(con, task, took, moment)
        kept = insert_proposal(con, proposal) if proposal is not None else None
        proposal_id = kept.id if kept else None
        finish_task(con, task.id, state, label=label, proposal_id=proposal_id, answer=answer, now=moment)
        if transcript is not None:
            _keep(con, transcript, task.trace_id, moment)
    return kept


def _note_sent(con: Connection, task: Task, took: Spent, moment: str) -> None:
    """What went to a model vendor is in the access log, request by request."""
    kind = kind_of_job(con, task.job_id)
    tokens = f"{took.usage.input_tokens} tokens sent, {took.usage.output_tokens} received"
    insert_access(con, AccessKind.MODEL, f"T{task.trace_id}", actor=f"agent:{kind}", detail=tokens, at=moment)


def keep_transcript(store: Store, transcript: Transcript, *, trace_id: int | None = None) -> None:
    """Keep a conversation that belongs to no job. One about no single run has its only line in the access log here."""
    moment = utc_text(utc_now())
    with store.write() as con:
        _keep(con, transcript, trace_id, moment)
        if trace_id is None:
            actor = f"agent:{transcript.agent}"
            insert_access(
                con, AccessKind.MODEL, "verdicts and lessons", actor=actor, detail=transcript.model, at=moment
            )


def _keep(con: Connection, transcript: Transcript, trace_id: int | None, moment: str) -> None:
    key = f"{AGENTS_PROJECT}-{secrets.token_hex(8)}"
    record = {**transcript.record, "id": key, "project": AGENTS_PROJECT}
    insert_transcript(
        con,
        trace_id=trace_id,
        key=key,
        agent=transcript.agent,
        model=transcript.model,
        record=record,
        now=moment,
    )


@contextmanager
def only_one(store: Store, kind: str) -> Iterator[None]:
    """Hold the right to run jobs of this kind on this store; the system gives it back when the process dies.

    Raises:
        StoreBusyError: if another process has it.
    """
    with store.exclusive(kind) as mine:
        if not mine:
            raise StoreBusyError(
                f"Another {kind} job runs on {store.location}. Wait for its end, or stop it; what it did is kept."
            )
        yield
