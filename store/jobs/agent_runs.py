"""Jobs of agents over many traces, and their transcripts: one row a trace, so that a killed job loses nothing paid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

import orjson

from ...model.text.secrets import json_without_secrets
from ...model.traces import JsonValue, Usage
from ..contract import Connection, Row, Store
from ..fields import from_row, insert_numbered, values_of
from ..traces.compression import pack, unpack

SELECT_OPEN_JOB = "SELECT * FROM agent_job WHERE kind = :kind AND state = 'open' ORDER BY id DESC LIMIT 1"
SELECT_KIND = "SELECT kind FROM agent_job WHERE id = :job"
CLOSE_JOB = "UPDATE agent_job SET state = 'done' WHERE id = :job"
CLOSE_KIND = "UPDATE agent_job SET state = 'done' WHERE kind = :kind AND state = 'open'"
INSERT_TASK = """
INSERT INTO agent_task(job_id, trace_id, revision, state, updated_at)
SELECT :job, id, revision, 'pending', :now FROM trace WHERE id = :trace
ON CONFLICT(job_id, trace_id) DO NOTHING
"""
SELECT_PENDING = """
SELECT * FROM agent_task WHERE job_id = :job AND state = 'pending' AND id > :after ORDER BY id LIMIT :limit
"""
SELECT_TASKS = "SELECT * FROM agent_task WHERE job_id = :job AND id > :after ORDER BY id LIMIT :limit"
SELECT_TASK = "SELECT * FROM agent_task WHERE job_id = :job AND trace_id = :trace"
SELECT_TASK_OF = "SELECT * FROM agent_task WHERE proposal_id = :proposal ORDER BY id DESC LIMIT 1"
SELECT_HANDLED = """
SELECT t.trace_id FROM agent_task t JOIN agent_job j ON j.id = t.job_id
JOIN trace x ON x.id = t.trace_id AND x.revision = t.revision
WHERE j.kind = :kind AND j.key = :key AND t.state IN ('done', 'no_result') AND t.trace_id IN :traces
"""
COUNT_STATES = "SELECT state, count(*) AS tasks FROM agent_task WHERE job_id = :job GROUP BY state"
_TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
_AMOUNTS = ("requests", *_TOKENS, "cost_usd")
SUM_SPENT = f"""
SELECT {", ".join(f"coalesce(sum({name}), 0) AS {name}" for name in _AMOUNTS)} FROM agent_task WHERE job_id = :job
"""  # noqa: S608
MEAN_SPENT = f"""
SELECT count(*) AS tasks, {", ".join(f"coalesce(avg({name}), 0) AS {name}" for name in _TOKENS)}
FROM (SELECT t.* FROM agent_task t JOIN agent_job j ON j.id = t.job_id
      WHERE j.kind = :kind AND t.state IN ('done', 'no_result') AND t.requests > 0 ORDER BY t.id DESC LIMIT 500) AS late
"""  # noqa: S608
SAVE_PROGRESS = f"""
UPDATE agent_task SET checkpoint = :checkpoint, updated_at = :now,
  {", ".join(f"{name} = {name} + :{name}" for name in _AMOUNTS)}
WHERE id = :task
"""  # noqa: S608
FINISH_TASK = """
UPDATE agent_task SET state = :state, label = :label, proposal_id = :proposal_id, answer = :answer, checkpoint = NULL,
  updated_at = :now
WHERE id = :task
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
    job = Job(id=0, kind=kind, key=key, params=params, created_at=now)
    job_id = insert_numbered(con, "agent_job", values_of(job, leave_out=("id",), params=text, state="open"))
    con.executemany(INSERT_TASK, [{"job": job_id, "now": now, "trace": trace_id} for trace_id in trace_ids])
    return replace(job, id=job_id)


def ensure_task(con: Connection, job_id: int, trace_id: int, now: str) -> Task:
    """The task of this trace in a job; added where it is not there yet."""
    values = {"job": job_id, "now": now, "trace": trace_id}
    con.execute(INSERT_TASK, values)
    return _task(con.execute(SELECT_TASK, values).fetchone())


def open_job(store: Store, kind: str) -> Job | None:
    """The newest job of this kind that has not come to its end."""
    with store.read() as con:
        row = con.execute(SELECT_OPEN_JOB, {"kind": kind}).fetchone()
    return None if row is None else from_row(Job, row, params=orjson.loads(row["params"]))


def kind_of_job(con: Connection, job_id: int) -> str:
    """The kind of a job that is there."""
    return str(con.execute(SELECT_KIND, {"job": job_id}).fetchone()["kind"])


def close_job(con: Connection, job_id: int) -> None:
    """Nothing is left to do in this job."""
    con.execute(CLOSE_JOB, {"job": job_id})


def close_open_jobs(con: Connection, kind: str) -> None:
    """Give up whatever of this kind was left unfinished."""
    con.execute(CLOSE_KIND, {"kind": kind})


def handled_traces(store: Store, kind: str, key: str, trace_ids: Sequence[int]) -> set[int]:
    """Which of these traces have an answer to the same question in the revision they have now."""
    with store.read() as con:
        rows = con.execute(SELECT_HANDLED, {"kind": kind, "key": key, "traces": trace_ids})
        return {row["trace_id"] for row in rows}


def pending_tasks(store: Store, job_id: int, *, after: int = 0, limit: int = 50) -> list[Task]:
    """The next tasks of a job that wait, in order; few at a time, since each brings its checkpoint."""
    with store.read() as con:
        return [_task(row) for row in con.execute(SELECT_PENDING, {"job": job_id, "after": after, "limit": limit})]


def tasks_of(store: Store, job_id: int, *, page: int = 100) -> Iterator[Task]:
    """Every task of a job, a page in memory at a time."""
    after = 0
    while True:
        with store.read() as con:
            rows = con.execute(SELECT_TASKS, {"job": job_id, "after": after, "limit": page}).fetchall()
        if not rows:
            return
        yield from map(_task, rows)
        after = rows[-1]["id"]


def task_of_proposal(con: Connection, proposal_id: int) -> Task | None:
    """The task that a proposal came from."""
    row = con.execute(SELECT_TASK_OF, {"proposal": proposal_id}).fetchone()
    return None if row is None else _task(row)


def job_states(store: Store, job_id: int) -> dict[TaskState, int]:
    """How many tasks of a job stand how."""
    with store.read() as con:
        return {TaskState(row["state"]): row["tasks"] for row in con.execute(COUNT_STATES, {"job": job_id})}


def job_spent(store: Store, job_id: int) -> Spent:
    """What a job took so far, in this and former processes."""
    with store.read() as con:
        return _spent(con.execute(SUM_SPENT, {"job": job_id}).fetchone())


def mean_usage(store: Store, kind: str) -> tuple[int, Usage]:
    """How many finished tasks there were of late, 500 at most, and what one took on average."""
    with store.read() as con:
        row = con.execute(MEAN_SPENT, {"kind": kind}).fetchone()
    return row["tasks"], Usage(**{name: round(row[name]) for name in _TOKENS})


def save_progress(con: Connection, task_id: int, checkpoint: JsonValue, spent: Spent, now: str) -> None:
    """Keep the conversation of a task up to now, and add what its last turn took."""
    data = None if checkpoint is None else pack(json_without_secrets(checkpoint))
    values = {name: getattr(spent.usage, name) for name in _TOKENS}
    values |= {"requests": spent.requests, "cost_usd": spent.cost_usd}
    con.execute(SAVE_PROGRESS, values | {"checkpoint": data, "now": now, "task": task_id})


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
    values = {
        "state": state.value,
        "label": label,
        "proposal_id": proposal_id,
        "answer": pack(json_without_secrets(dict(answer))),
    }
    con.execute(FINISH_TASK, values | {"now": now, "task": task_id})


def _spent(row: Row) -> Spent:
    usage = Usage(**{name: row[name] for name in _TOKENS})
    return Spent(requests=row["requests"], usage=usage, cost_usd=row["cost_usd"])


def _task(row: Row) -> Task:
    answer = unpack(row["answer"]) if row["answer"] else {}
    return from_row(
        Task,
        row,
        spent=_spent(row),
        answer=answer if isinstance(answer, dict) else {},
        checkpoint=unpack(row["checkpoint"]) if row["checkpoint"] else None,
    )
