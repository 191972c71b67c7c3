"""Ask a judge again, about runs as they are and as they are changed where it must not matter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..analysis.judging.variants import VARIANTS, Variant
from ..model.errors import UsageError
from ..model.reviews import Label
from ..model.traces import Trace
from ..services.agent_work.jobs import choose_traces, end_job, keep_answer, start_job
from ..services.judging.consistency import variant_key
from ..services.judging.criteria import find_criterion
from ..store.contract import Store
from ..store.jobs.agent_runs import Job, Spent, Task, TaskState, job_spent
from ..store.jobs.judgements import VARIANT, Judgements
from ..store.reviews.rubrics import find_rubric
from .batch import Stopped, run_tasks
from .judge import Judgement, JudgeSetup, NoVerdict, judge
from .judging import KIND, Judging, answer_json, judge_key, judge_runs
from .prices import find_price
from .spending import Budget, Purse
from .triage import TriageRun

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

Progress = Callable[[str, int, int], None]
_NOTHING_TO_CHANGE = "nothing to change"


def setup_of(store: Store, version: Judgements) -> JudgeSetup:
    """What to ask so that answers compare with those of this version of a judge.

    Raises:
        UsageError: if it is computed, or its prompt is not today's.
        UnknownIdError: if its rubric is not here any more.
    """
    params = version.params
    model = params.get("model")
    if not model:
        raise UsageError(f"{version.name} is computed: it answers alike each time. Only a model is asked again.")
    rubric = find_rubric(store, str(params["rubric"]), int(str(params["version"])))
    criterion = find_criterion(rubric, str(params["criterion"]))
    setup = JudgeSetup(
        version.name, criterion, rubric.sha256, str(rubric.ref), str(model), str(params.get("guidance") or "")
    )
    if judge_key(setup) != version.key:
        raise UsageError(f"The prompt of {version.name} has changed since it answered. Let it judge anew: judge run.")
    return setup


@dataclass(slots=True)
class _Trying(Judging):
    """A judge on changed runs; nothing is proposed from what it answers there."""

    variant: Variant = field(default_factory=lambda: VARIANTS["again-1"])
    before: dict[int, Label] = field(default_factory=dict)

    async def ask(self, trace: Trace, task: Task) -> Judgement:
        changed = self.variant.change(trace, self.before[task.trace_id])
        if changed is None:
            return Judgement(None, None, None, (), Spent(), (), "", problem=_NOTHING_TO_CHANGE)
        return await judge(self.client, changed, self.setup, self.purse, reasoning=self.variant.reasoning)

    def keep(self, task: Task, given: Judgement) -> None:
        answer = {**answer_json(self.setup, given), "variant": self.variant.name, "before": self.before[task.trace_id]}
        if given.label is None:
            state = TaskState.FAILED if given.no_verdict is NoVerdict.REJECTED else TaskState.NO_RESULT
            asked = given.problem != _NOTHING_TO_CHANGE
            transcript = self.transcript(task, given) if asked else None
            took = given.spent if asked else None
            keep_answer(self.store, task, state, answer=answer, transcript=transcript, took=took)
            return
        transcript = self.transcript(task, given)
        keep_answer(
            self.store,
            task,
            TaskState.DONE,
            answer=answer,
            label=given.label.value,
            transcript=transcript,
            took=given.spent,
        )


@dataclass(frozen=True, slots=True)
class Tried:
    """How far the trials have come."""

    spent: Spent
    stopped: Stopped | None
    problems: tuple[str, ...]


async def try_variants(
    client: AsyncAnthropic,
    store: Store,
    version: Judgements,
    trace_ids: Sequence[int],
    *,
    budget: Budget,
    parallel: int = 4,
    seconds: float | None = None,
    on_progress: Progress = lambda what, done, total: None,
) -> Tried:
    """Ask a judge about these runs under every change; what was asked before is not asked again.

    Args:
        client: Whom to ask.
        store: Where.
        version: Of the judge; it has answered all of the runs.
        trace_ids: The runs.
        budget: For all trials together.
        parallel: Requests at a time.
        seconds: For each kind of change.
        on_progress: Called with the kind of change, how many runs have an end, and how many there are.

    Raises:
        UsageError: as of `setup_of`.
        ModelError: if the endpoint refuses every request; what was kept stays.
    """
    setup = setup_of(store, version)
    purse = Purse(budget, find_price(setup.model))
    before = {trace_id: Label(str(version.labels[trace_id])) for trace_id in trace_ids}
    spent, problems = Spent(), []
    for name, variant in VARIANTS.items():
        job = _job(store, version, name, trace_ids)
        if job is None:
            continue
        work = _Trying(client, store, setup, purse, variant=variant, before=before)

        def told(done: int, total: int, what: str = variant.words) -> None:
            on_progress(what, done, total)

        batch = await run_tasks(store, job, work.work, parallel=parallel, seconds=seconds, on_progress=told)
        end_job(store, job)
        spent = spent.plus(job_spent(store, job.id))
        problems += work.problems
        if batch.stopped:
            return Tried(spent, batch.stopped, tuple(problems))
    return Tried(spent, None, tuple(problems))


def questions_left(store: Store, version: Judgements, trace_ids: Sequence[int]) -> int:
    """How many questions the trials would ask at most."""
    return sum(len(_waiting(store, version, name, trace_ids)) for name in VARIANTS)


async def ask_again(
    client: AsyncAnthropic,
    store: Store,
    version: Judgements,
    trace_ids: Sequence[int],
    *,
    budget: Budget,
    parallel: int = 4,
    seconds: float | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> TriageRun:
    """Ask a judge about runs that it has answered, as they are; each answer is kept beside the former ones.

    Raises:
        UsageError: as of `setup_of`.
        ModelError: if the endpoint refuses every request; what was kept stays.
    """
    setup = setup_of(store, version)
    job = start_job(store, KIND, version.key, version.params, trace_ids)
    return await judge_runs(
        client, store, job, setup, budget=budget, parallel=parallel, seconds=seconds, on_progress=on_progress
    )


def _waiting(store: Store, version: Judgements, name: str, trace_ids: Sequence[int]) -> list[int]:
    return choose_traces(store, VARIANT, variant_key(name, version), named=trace_ids)


def _job(store: Store, version: Judgements, name: str, trace_ids: Sequence[int]) -> Job | None:
    waiting = _waiting(store, version, name, trace_ids)
    if not waiting:
        return None
    params = {**version.params, "variant": name, "of": version.key}
    return start_job(store, VARIANT, variant_key(name, version), params, waiting)
