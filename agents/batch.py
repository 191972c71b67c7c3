"""Many traces, some at a time: a few workers over the tasks of a job, which a full stop leaves as they are kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import anyio

from ..store.contract import Store
from ..store.jobs.agent_runs import Job, Task, TaskState, job_states, pending_tasks

_FAILURES_IN_A_ROW = 5
"""After so many the endpoint is taken to be down, rather than asked for every trace that is left."""


class Outcome(StrEnum):
    """What became of one task in this process."""

    KEPT = "kept"
    """It has an end, and is in the store."""
    LATER = "later"
    """The endpoint failed; a resumed job goes on with it."""
    BUDGET = "budget"
    """The budget does not allow its next request."""


class Stopped(StrEnum):
    """Why a job ended before its last task."""

    BUDGET = "budget"
    ENDPOINT = "endpoint"
    TIME = "time"


@dataclass(slots=True)
class Batch:
    """How far a job has come in this process."""

    stopped: Stopped | None = None
    failures: int = 0
    """In a row."""

    def note(self, outcome: Outcome) -> None:
        self.failures = self.failures + 1 if outcome is Outcome.LATER else 0
        if outcome is Outcome.BUDGET:
            self.stopped = self.stopped or Stopped.BUDGET
        elif self.failures >= _FAILURES_IN_A_ROW:
            self.stopped = self.stopped or Stopped.ENDPOINT


async def run_tasks(
    store: Store,
    job: Job,
    work: Callable[[Task], Awaitable[Outcome]],
    *,
    parallel: int,
    seconds: float | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Batch:
    """Work off the tasks of a job that wait.

    Args:
        store: Where the job is.
        job: Its tasks are read a few at a time.
        work: Does one task and keeps what came of it.
        parallel: How many at a time.
        seconds: Wall time after which no task goes on; None for no end.
        on_progress: Called with how many tasks have an end, and how many there are.

    Raises:
        ModelError: if the endpoint refuses every request; what was kept stays.

    Cost: memory for `parallel` conversations, however many tasks there are.
    """
    batch = Batch()
    states = job_states(store, job.id)
    total, ended = sum(states.values()), sum(states.values()) - states.get(TaskState.PENDING, 0)
    waiting = _waiting(store, job, parallel)
    problems: list[Exception] = []

    async def worker() -> None:
        nonlocal ended
        for task in waiting:
            if batch.stopped or problems:
                return
            try:
                outcome = await work(task)
            except Exception as err:
                problems.append(err)
                return
            batch.note(outcome)
            ended += outcome is Outcome.KEPT
            on_progress(ended, total)

    on_progress(ended, total)
    with anyio.move_on_after(seconds) as scope:
        async with anyio.create_task_group() as group:
            for _ in range(parallel):
                group.start_soon(worker)
    if scope.cancelled_caught:
        batch.stopped = batch.stopped or Stopped.TIME
    if problems:
        raise problems[0]
    return batch


def _waiting(store: Store, job: Job, parallel: int) -> Iterator[Task]:
    after = 0
    while page := pending_tasks(store, job.id, after=after, limit=parallel * 2):
        yield from page
        after = page[-1].id
