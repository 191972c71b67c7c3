"""Jobs of agents over many traces, and their transcripts: one row a trace, so that a killed job loses nothing paid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

import orjson

from ...model.text.secrets import json_without_secrets
from ...model.traces import JsonValue, Usage
from ..contract import Connection, Store
from ..traces.compression import pack, unpack
from ..traces.contents import marks

_CHUNK = 900

INSERT_JOB = "INSERT INTO agent_job(kind, key, params, state, created_at) VALUES (?, ?, ?, 'open', ?) RETURNING id"
SELECT_OPEN_JOB = "SELECT * FROM agent_job WHERE kind = ? AND state = 'open' ORDER BY id DESC LIMIT 1"
CLOSE_JOB = "UPDATE agent_job SET state = 'done' WHERE id = ?"
INSERT_TASK = """
INSERT OR IGNORE INTO agent_task(job_id, trace_id, revision, state, updated_at)
SELECT ?, id, revision, 'pending', ? FROM trace WHERE id = ?
"""
SELECT_PENDING = """
SELECT * FROM agent_task WHERE job_id = ? AND state = 'pending' AND id > ? ORDER BY id LIMIT ?
"""
SELECT_TASKS = "SELECT * FROM agent_task WHERE job_id = ? AND id > ? ORDER BY id LIMIT ?"
SELECT_TASK = "SELECT * FROM agent_task WHERE job_id = ? AND trace_id = ?"
SELECT_TASK_OF = "SELECT * FROM agent_task WHERE proposal_id = ? ORDER BY id DESC LIMIT 1"
SELECT_HANDLED = """
SELECT t.trace_id FROM agent_task t JOIN agent_job j ON j.id = t.job_id
JOIN trace x ON x.id = t.trace_id AND x.revision = t.revision
WHERE j.kind = ? AND j.key = ? AND t.state IN ('done', 'no_result') AND t.trace_id IN ({marks})
"""
COUNT_STATES = "SELECT state, count(*) FROM agent_task WHERE job_id = ? GROUP BY state"
SUM_SPENT = """
SELECT coalesce(sum(requests), 0), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0),
       coalesce(sum(cache_read_tokens), 0), coalesce(sum(cache_write_tokens), 0), coalesce(sum(cost_usd), 0.0)
FROM agent_task WHERE job_id = ?
"""
MEAN_SPENT = """
SELECT count(*), avg(input_tokens), avg(output_tokens), avg(cache_read_tokens), avg(cache_write_tokens)
FROM (SELECT t.* FROM agent_task t JOIN agent_job j ON j.id = t.job_id
      WHERE j.kind = ? AND t.state IN ('done', 'no_result') AND t.requests > 0 ORDER BY t.id DESC LIMIT 500)
"""
SAVE_PROGRESS = """
UPDATE agent_task SET checkpoint = ?, requests = requests + ?, input_tokens = input_tokens + ?,
       output_tokens = output_tokens + ?, cache_read_tokens = cache_read_tokens + ?,
       cache_write_tokens = cache_write_tokens + ?, cost_usd = cost_usd + ?, updated_at = ?
WHERE id = ?
"""
FINISH_TASK = """
UPDATE agent_task SET state = ?, label = ?, proposal_id = ?, answer = ?, checkpoint = NULL, updated_at = ? WHERE id = ?
"""


class TaskState(StrEnum):
    """How the work on one trace stands."""

    PENDING = "pending"
    DONE = "done"
    NO_RESULT = "no_result"
    """The agent ended without an answer that holds: a refusal, a time-out, nothing verified."""
    FAILED = "failed"
    """The machinery failed; tried again by the next job."""


class Spent(NamedTuple):
    """What model calls took."""

    requests: int = 0
    usage: Usage = Usage()
    cost_usd: float = 0.0

    def plus(self, other: Spent) -> Spent:
        return Spent(self.requests + other.requests, self.usage + other.usage, round(self.cost_usd + other.cost_usd, 9))


@dataclass(frozen=True, slots=True)
class Job:
    """One job over many traces; its traces are rows of their own."""

    id: int
    kind: str
    key: str
    params: Mapping[str, JsonValue]
    created_at: str


@dataclass(frozen=True, slots=True)
class Task:
    """The work on one trace."""

    id: int
    job_id: int
    trace_id: int
    revision: int
    state: TaskState
    spent: Spent
    label: str | None = None
    proposal_id: int | None = None
    answer: Mapping[str, JsonValue] = field(default_factory=dict)
    checkpoint: JsonValue = None


def insert_job(
    con: Connection, kind: str, key: str, params: Mapping[str, JsonValue], trace_ids: Sequence[int], now: str
) -> Job:
    """Open a job over these traces."""
    text = orjson.dumps(json_without_secrets(dict(params)), option=orjson.OPT_SORT_KEYS).decode()
    job_id = int(con.execute(INSERT_JOB, (kind, key, text, now)).fetchone()[0])
    con.executemany(INSERT_TASK, [(job_id, now, trace_id) for trace_id in trace_ids])
    return Job(job_id, kind, key, params, now)


def ensure_task(con: Connection, job_id: int, trace_id: int, now: str) -> Task:
    """The task of this trace in a job; added where it is not there yet."""
    con.execute(INSERT_TASK, (job_id, now, trace_id))
    return _task(con.execute(SELECT_TASK, (job_id, trace_id)).fetchone())


def open_job(store: Store, kind: str) -> Job | None:
    """The newest job of this kind that has not come to its end."""
    with store.read() as con:
        row = con.execute(SELECT_OPEN_JOB, (kind,)).fetchone()
    if row is None:
        return None
    return Job(row["id"], row["kind"], row["key"], orjson.loads(row["params"]), row["created_at"])


def close_job(con: Connection, job_id: int) -> None:
    """Nothing is left to do in this job."""
    con.execute(CLOSE_JOB, (job_id,))


def handled_traces(store: Store, kind: str, key: str, trace_ids: Sequence[int]) -> set[int]:
    """Which of these traces have an answer to the same question in the revision they have now."""
    found: set[int] = set()
    with store.read() as con:
        for start in range(0, len(trace_ids), _CHUNK):
            chunk = list(trace_ids[start : start + _CHUNK])
            rows = con.execute(SELECT_HANDLED.format(marks=marks(len(chunk))), (kind, key, *chunk))
            found.update(row[0] for row in rows)
    return found


def pending_tasks(store: Store, job_id: int, *, after: int = 0, limit: int = 50) -> list[Task]:
    """The next tasks of a job that wait, in order; few at a time, since each brings its checkpoint."""
    with store.read() as con:
        return [_task(row) for row in con.execute(SELECT_PENDING, (job_id, after, limit))]


def tasks_of(store: Store, job_id: int, *, page: int = 100) -> Iterator[Task]:
    """Every task of a job, a page in memory at a time."""
    after = 0
    while True:
        with store.read() as con:
            rows = con.execute(SELECT_TASKS, (job_id, after, page)).fetchall()
        if not rows:
            return
        yield from map(_task, rows)
        after = rows[-1]["id"]


def task_of_proposal(con: Connection, proposal_id: int) -> Task | None:
    """The task that a proposal came from."""
    row = con.execute(SELECT_TASK_OF, (proposal_id,)).fetchone()
    return None if row is None else _task(row)


def job_states(store: Store, job_id: int) -> dict[TaskState, int]:
    """How many tasks of a job stand how."""
    with store.read() as con:
        return {TaskState(row[0]): row[1] for row in con.execute(COUNT_STATES, (job_id,))}


def job_spent(store: Store, job_id: int) -> Spent:
    """What a job took so far, in this and former processes."""
    with store.read() as con:
        row = con.execute(SUM_SPENT, (job_id,)).fetchone()
    return Spent(row[0], Usage(row[1], row[2], row[3], row[4]), row[5])


def mean_usage(store: Store, kind: str) -> tuple[int, Usage]:
    """How many finished tasks there were of late, 500 at most, and what one took on average."""
    with store.read() as con:
        count, *means = con.execute(MEAN_SPENT, (kind,)).fetchone()
    return count, Usage(*(round(mean or 0) for mean in means))


def save_progress(con: Connection, task_id: int, checkpoint: JsonValue, spent: Spent, now: str) -> None:
    """Keep the conversation of a task up to now, and add what its last turn took."""
    data = None if checkpoint is None else pack(json_without_secrets(checkpoint))
    con.execute(SAVE_PROGRESS, (data, spent.requests, *_tokens(spent.usage), spent.cost_usd, now, task_id))


def finish_task(
    con: Connection,
    task_id: int,
    state: TaskState,
    *,
    label: str | None,
    proposal_id: int | None,
    answer: Mapping[str, JsonValue],
    now: str,
) -> None:
    """Say how a task ended."""
    con.execute(FINISH_TASK, (state.value, label, proposal_id, pack(json_without_secrets(dict(answer))), now, task_id))


def _tokens(usage: Usage) -> tuple[int, int, int, int]:
    return usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, usage.cache_write_tokens


def _task(row: Any) -> Task:
    usage = Usage(row["input_tokens"], row["output_tokens"], row["cache_read_tokens"], row["cache_write_tokens"])
    answer = unpack(row["answer"]) if row["answer"] else {}
    return Task(
        id=row["id"],
        job_id=row["job_id"],
        trace_id=row["trace_id"],
        revision=row["revision"],
        state=TaskState(row["state"]),
        spent=Spent(row["requests"], usage, row["cost_usd"]),
        label=row["label"],
        proposal_id=row["proposal_id"],
        answer=answer if isinstance(answer, dict) else {},
        checkpoint=unpack(row["checkpoint"]) if row["checkpoint"] else None,
    )
