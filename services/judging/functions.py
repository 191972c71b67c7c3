"""Judges that are computed: a signal or a function of the project answers a criterion on many runs, without a model."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...analysis.signals.registry import DEFINITIONS
from ...model.errors import UnknownIdError, UsageError, did_you_mean
from ...model.reviews import Label
from ...model.traces import JsonValue, Trace
from ...store.contract import Store
from ...store.jobs.agent_runs import TaskState, tasks_of
from ...store.jobs.judgements import FUNCTION, PROBE
from ...store.reading.summaries import get_trace
from ..agent_work.jobs import choose_traces, end_job, keep_answer, only_one, start_job
from ..understanding.analysing import RULES, signals_of
from .criteria import AskedCriterion, asked_criterion

SIGNAL_RULES = RULES.split()[0]
"""Of the signals' code; another number is another judge."""


@dataclass(frozen=True, slots=True)
class Computed:
    """The answer of a computed judge on one run."""

    label: Label
    chance: float | None = None
    """Of a fail, where it tells one."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a computed judge said."""

    judge: str
    fails: int
    passes: int
    left: int = 0
    """Runs that it leaves to people."""


def judge_by_signal(
    store: Store,
    signal: str,
    query: str,
    *,
    rubric: str | None = None,
    criterion: str | None = None,
    version: int | None = None,
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
    names = [definition.name for definition in DEFINITIONS]
    if signal not in names:
        known = did_you_mean(signal, names)
        raise UnknownIdError("signal", signal, known=known, next_step="`retrospan signals` lists them.")

    def answers(trace_ids: Sequence[int]) -> Iterable[Computed]:
        signals = signals_of(store, trace_ids)
        for trace_id in trace_ids:
            shows = any(entry.signal == signal for entry in signals[trace_id])
            yield Computed(Label.FAIL if shows else Label.PASS)

    asked = asked_criterion(store, rubric, criterion, version)
    code = {"signal": signal, "rules": SIGNAL_RULES}
    return answer_runs(store, FUNCTION, asked, name or signal.replace("_", "-"), code, query, answers)


def judge_by_function(
    store: Store,
    function: Callable[[Trace], object],
    query: str,
    *,
    rubric: str | None = None,
    criterion: str | None = None,
    version: int | None = None,
    name: str | None = None,
) -> Answered:
    """Answer a criterion by a function of the project: from a trace to `pass`, `fail`, a chance of a fail, or None.

    Another text of the function's file is another version of the judge.

    Raises:
        UnknownIdError: if there is no such rubric or criterion.
        UsageError: if the line is empty, or the function answers anything else.
        StoreBusyError: if another process answers at this moment.
        Exception: whatever the function raises; what it answered before is kept.
    """
    known = f"{function.__module__}:{function.__qualname__}"
    file = Path(inspect.getsourcefile(function) or "")
    code = {"function": known, "file": str(file), "code": file_digest(file)}

    def answers(trace_ids: Sequence[int]) -> Iterable[Computed]:
        return (_read(known, function(get_trace(store, trace_id))) for trace_id in trace_ids)

    asked = asked_criterion(store, rubric, criterion, version)
    plain = function.__name__.replace("_", "-").strip("-").lower()
    return answer_runs(store, PROBE, asked, name or plain, code, query, answers)


def answer_runs(
    store: Store,
    kind: str,
    asked: AskedCriterion,
    name: str,
    code: Mapping[str, JsonValue],
    query: str,
    answers: Callable[[Sequence[int]], Iterable[Computed]],
) -> Answered:
    """Answer the runs of a line that this judge has not answered, run by run.

    Args:
        store: Where.
        kind: Of the job.
        asked: What is answered.
        name: Of the judge.
        code: What makes two answers comparable beside the criterion; kept with the job.
        query: A search line, not empty.
        answers: An answer for each of the given runs, in their order.
    """
    if not query.strip():
        raise UsageError("Which runs? Give a query such as since:7d.")
    told = " ".join(f"{word}:{value}" for word, value in code.items() if word not in ("file", "verdicts"))
    key = f"{kind}/1 {name} {asked.criterion.id} {asked.rubric.sha256} {told}"
    params = {"name": name, **asked.params, **code}
    labels: list[Label] = []
    with only_one(store, kind):
        job = start_job(store, kind, key, params, choose_traces(store, kind, key, query))
        tasks = list(tasks_of(store, job.id))
        for task, given in zip(tasks, answers([task.trace_id for task in tasks]), strict=True):
            labels.append(given.label)
            answer: dict[str, JsonValue] = {} if given.chance is None else {"chance": given.chance}
            keep_answer(store, task, TaskState.DONE, answer=answer, label=given.label.value)
        end_job(store, job)
    fails, passes = labels.count(Label.FAIL), labels.count(Label.PASS)
    return Answered(name, fails, passes, len(labels) - fails - passes)


def file_digest(file: Path) -> str:
    """Of the text of a file; empty where it cannot be read."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    except OSError:
        return ""


def _read(name: str, said: object) -> Computed:
    if said is None:
        return Computed(Label.CANT_TELL)
    if isinstance(said, str) and said in ("pass", "fail", "cant_tell"):
        return Computed(Label(said))
    if isinstance(said, int | float) and not isinstance(said, bool) and 0 <= said <= 1:
        return Computed(Label.FAIL if said >= 0.5 else Label.PASS, float(said))
    raise UsageError(
        f"{name} answered {repr(said)[:80]}. A judge answers 'pass', 'fail', a chance of a fail from 0 to 1, or None "
        "where it can't tell."
    )
