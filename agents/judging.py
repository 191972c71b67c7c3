"""A judge over many runs: what it answers is kept run by run as a proposal, and no verdict is kept as none."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..model.errors import UnknownIdError, UsageError
from ..model.text.display import safe_line
from ..model.traces import JsonValue, Trace, Usage
from ..services.agent_work.jobs import Transcript, end_job, keep_answer
from ..services.reviewing.asking import checked_proposal
from ..services.reviewing.citing import Citation
from ..services.reviewing.sentences import claims_json
from ..store.contract import Store
from ..store.jobs.agent_runs import Job, Task, TaskState, job_spent
from ..store.jobs.judgements import MODEL
from ..store.reading.summaries import get_trace
from .batch import Outcome, run_tasks
from .judge import Judgement, JudgeSetup, NoVerdict, judge
from .model import RequestFailedError
from .prices import find_price
from .prompts import PROMPT_VERSION
from .spending import Budget, BudgetSpent, Purse
from .transcripts import transcript_of
from .triage import TriageRun

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

KIND = MODEL
GUESS = Usage(3_500, 250)
"""One judgement, before any was made here."""


def judge_key(setup: JudgeSetup) -> str:
    """What counts as the same judgement: another rubric version, model or prompt is new work."""
    told = f" {hashlib.sha256(setup.guidance.encode()).hexdigest()[:16]}" if setup.guidance else ""
    return f"{key_of_prompt()}{setup.name} {setup.criterion.id} {setup.rubric_sha256} {setup.model}{told}"


def key_of_prompt() -> str:
    """What the keys of judgements by today's prompt begin with."""
    return f"judge/{PROMPT_VERSION} "


@dataclass(slots=True)
class Judging:
    """The work on one run; what is asked and what is kept can differ."""

    client: AsyncAnthropic
    store: Store
    setup: JudgeSetup
    purse: Purse
    problems: list[str] = field(default_factory=list)

    async def work(self, task: Task) -> Outcome:
        try:
            given = await self.ask(get_trace(self.store, task.trace_id), task)
        except UnknownIdError:
            keep_answer(self.store, task, TaskState.FAILED, answer={"problem": "the trace is not here any more"})
            return Outcome.KEPT
        except BudgetSpent:
            return Outcome.BUDGET
        except RequestFailedError as err:
            self.problems.append(str(err))
            return Outcome.LATER
        try:
            self.keep(task, given)
        except UsageError as err:
            # The run has changed while it was judged, so that a citation does not hold any more.
            keep_answer(self.store, task, TaskState.FAILED, answer={"problem": str(err)}, took=given.spent)
        return Outcome.KEPT

    async def ask(self, trace: Trace, task: Task) -> Judgement:
        """Judge the run."""
        return await judge(self.client, trace, self.setup, self.purse)

    def transcript(self, task: Task, given: Judgement) -> Transcript:
        """What was said, to keep."""
        setup = self.setup
        return transcript_of(
            setup.by,
            setup.model,
            given.system,
            given.history,
            task=f"judge {setup.criterion.id} of {setup.rubric}",
            ending=given.no_verdict.value if given.no_verdict else "answered",
            spent=given.spent,
            facts={"trace": f"T{task.trace_id}"},
        )

    def keep(self, task: Task, given: Judgement) -> None:
        """Keep the answer as a proposal; what is no verdict as none."""
        setup = self.setup
        transcript = self.transcript(task, given)
        answer = answer_json(setup, given)
        if given.label is None or given.claim is None:
            rejected = given.no_verdict is NoVerdict.REJECTED
            state = TaskState.FAILED if rejected else TaskState.NO_RESULT
            keep_answer(self.store, task, state, answer=answer, transcript=transcript, took=given.spent)
            return
        proposal = checked_proposal(
            self.store,
            f"T{task.trace_id}",
            label=given.label,
            explanation=given.claim.cited(),
            cited=[Citation(support.span_id, support.quote) for support in given.claim.supports],
            by=setup.by,
        )
        label = given.label.value
        keep_answer(
            self.store,
            task,
            TaskState.DONE,
            answer=answer,
            label=label,
            proposal=proposal,
            transcript=transcript,
            took=given.spent,
        )


def answer_json(setup: JudgeSetup, given: Judgement) -> dict[str, JsonValue]:
    """An answer as its task keeps it."""
    return {
        "judge": setup.name,
        "criterion": setup.criterion.id,
        "rubric": setup.rubric,
        "rubric_sha256": setup.rubric_sha256,
        "model": setup.model,
        "no_verdict": given.no_verdict.value if given.no_verdict else None,
        "problem": given.problem,
        "partial": given.partial,
        "claims": claims_json([given.claim] if given.claim else []),
        "dropped": [{"sentence": entry.sentence, "why": safe_line(entry.why, 200)} for entry in given.dropped],
    }


async def judge_runs(
    client: AsyncAnthropic,
    store: Store,
    job: Job,
    setup: JudgeSetup,
    *,
    budget: Budget,
    parallel: int = 4,
    seconds: float | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> TriageRun:
    """Judge the runs of a job that wait.

    Raises:
        ModelError: if the endpoint refuses every request; what was kept stays.
    """
    purse = Purse(budget, find_price(setup.model), job_spent(store, job.id))
    work = Judging(client, store, setup, purse)
    batch = await run_tasks(store, job, work.work, parallel=parallel, seconds=seconds, on_progress=on_progress)
    return TriageRun(batch, end_job(store, job), job_spent(store, job.id), tuple(work.problems))


def tally(labels: Counter[str | None]) -> dict[str, int]:
    """Answers by word; a refusal, a time-out and an unsupported answer count apart, never as a pass."""
    return {
        "pass": labels["pass"],
        "fail": labels["fail"],
        "cant_tell": labels["cant_tell"],
        "no_verdict": labels[None],
    }
