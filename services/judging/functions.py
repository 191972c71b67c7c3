"""Judges that are computed: a signal answers a criterion on many runs, without a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...analysis.signals.registry import DEFINITIONS
from ...model.errors import UnknownIdError, UsageError, did_you_mean
from ...model.reviews import Label
from ...model.traces import JsonValue
from ...store.contract import Store
from ...store.jobs.agent_runs import TaskState, tasks_of
from ...store.jobs.judgements import FUNCTION
from ...store.reviews.rubrics import find_rubric
from ..agent_work.jobs import choose_traces, end_job, keep_answer, only_one, start_job
from ..understanding.analysing import signals_of
from .criteria import find_criterion


@dataclass(frozen=True, slots=True)
class Answered:
    """What a computed judge said."""

    judge: str
    fails: int
    passes: int


def judge_by_signal(
    store: Store,
    signal: str,
    query: str,
    *,
    rubric: str | None = None,
    criterion: str | None = None,
    name: str | None = None,
) -> Answered:
    """Answer a criterion on the runs that a search line finds: fail where the signal shows, else pass.

    A run that has an answer of this judge in its present revision is not answered again.

    Raises:
        UnknownIdError: if there is no such signal, rubric or criterion.
        UsageError: if the line is empty, or the rubric has several criteria and none is named.
        QueryError: if the line cannot be read.
        StoreBusyError: if another process answers at this moment.
    """
    if not query.strip():
        raise UsageError("Which runs? Give a query such as since:7d.")
    names = [definition.name for definition in DEFINITIONS]
    if signal not in names:
        known = did_you_mean(signal, names)
        raise UnknownIdError("signal", signal, known=known, next_step="`retrospan signals` lists them.")
    asked = find_rubric(store, rubric)
    chosen = find_criterion(asked, criterion)
    judge = name or signal.replace("_", "-")
    key = f"{FUNCTION}/1 {judge} {chosen.id} {asked.sha256} signal:{signal}"
    params: Mapping[str, JsonValue] = {
        "name": judge,
        "rubric": asked.id,
        "version": asked.version,
        "criterion": chosen.id,
        "signal": signal,
    }
    labels: list[Label] = []
    with only_one(store, FUNCTION):
        job = start_job(store, FUNCTION, key, params, choose_traces(store, FUNCTION, key, query))
        tasks = list(tasks_of(store, job.id))
        signals = signals_of(store, [task.trace_id for task in tasks])
        for task in tasks:
            shows = any(entry.signal == signal for entry in signals[task.trace_id])
            labels.append(Label.FAIL if shows else Label.PASS)
            keep_answer(store, task, TaskState.DONE, answer={"signal": signal}, label=labels[-1].value)
        end_job(store, job)
    return Answered(judge, labels.count(Label.FAIL), labels.count(Label.PASS))
