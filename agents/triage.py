"""Investigate many runs: choose, estimate, work off, and keep what holds as proposals for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..model.errors import UnknownIdError, UsageError
from ..model.reviews import ItemState, Label, Proposal, ReviewItem
from ..model.text.display import safe_line
from ..model.traces import JsonValue, Usage
from ..services.agent_work.jobs import end_job, keep_answer, keep_turn
from ..services.reviewing.asking import checked_proposal, list_reviews, request_review
from ..services.reviewing.citing import Citation
from ..services.reviewing.sentences import claims_json, explanation_of
from ..store.contract import Store
from ..store.jobs.agent_runs import Job, Spent, Task, TaskState, job_spent, mean_usage
from .batch import Batch, Outcome, run_tasks
from .bridge import reading_server
from .events import Ending
from .investigator import Investigation, investigate
from .prices import find_price
from .prompts import PROMPT_VERSION
from .spending import Budget, Limits, Purse
from .transcripts import transcript_of

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

    from ..mcp_server.server import RetrospanServer

KIND = "triage"
KEY = f"triage/{PROMPT_VERSION}"
BY = "agent:investigator"
_QUESTION = "Did this run go wrong where the investigator says?"
_GUESS = Usage(30_000, 1_500, 18_000, 9_000)
"""One investigation, before any was made here: five turns over a trace of some twenty steps."""


@dataclass(frozen=True, slots=True)
class TriageOptions:
    """How a job works; kept with it, so that a resumed one goes on alike."""

    model: str
    budget: Budget = field(default_factory=Budget)
    limits: Limits = field(default_factory=Limits)
    parallel: int = 4
    queue: int = 10
    """Failures that are put before people, at most."""
    folder: Path | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a job would take, roughly."""

    traces: int
    usage: Usage
    cost_usd: float | None
    """None where no price is known for the model."""
    measured: int
    """Former investigations it rests on; 0 for a guess."""


def estimate(store: Store, kind: str, model: str, traces: int, guess: Usage = _GUESS) -> Estimate:
    """What so many traces would take, after what former ones took; asks nobody."""
    measured, mean = mean_usage(store, kind)
    one = mean if measured else guess
    price = find_price(model)
    usage = Usage(*(traces * count for count in _counts(one)))
    return Estimate(traces, usage, None if price is None else traces * price.cost_usd(one), measured)


def _counts(usage: Usage) -> tuple[int, int, int, int]:
    return usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, usage.cache_write_tokens


@dataclass(slots=True)
class _Triage:
    client: AsyncAnthropic
    store: Store
    options: TriageOptions
    purse: Purse
    server: RetrospanServer
    queued: int = 0
    problems: list[str] = field(default_factory=list)

    async def work(self, task: Task) -> Outcome:
        item = self._open_item(task.trace_id)
        try:
            result = await investigate(
                self.client,
                self.store,
                task.trace_id,
                model=self.options.model,
                purse=self.purse,
                limits=self.options.limits,
                asked=item.question if item else "",
                server=self.server,
                checkpoint=_checkpoint(task.checkpoint),
                on_turn=lambda checkpoint, took: keep_turn(self.store, task, checkpoint, took),
            )
        except UnknownIdError:
            keep_answer(self.store, task, TaskState.FAILED, answer={"problem": "the trace is not here any more"})
            return Outcome.KEPT
        if result.ending is Ending.BUDGET:
            return Outcome.BUDGET
        if result.ending is Ending.FAILED:
            self.problems.append(result.problem)
            return Outcome.LATER
        try:
            self._keep(task, item, result)
        except UsageError as err:
            # The run has changed while it was looked into, so that a citation does not hold any more.
            keep_answer(self.store, task, TaskState.FAILED, answer={"problem": str(err)})
        return Outcome.KEPT

    def _open_item(self, trace_id: int) -> ReviewItem | None:
        found = list_reviews(self.store, state=ItemState.OPEN, trace=trace_id, limit=1)
        return found[0] if found else None

    def _keep(self, task: Task, item: ReviewItem | None, result: Investigation) -> None:
        transcript = transcript_of(
            "investigator",
            self.options.model,
            result.system,
            result.history,
            task=f"investigate T{task.trace_id}",
            ending=result.ending.value,
            spent=task.spent.plus(result.spent),
            facts={"trace": f"T{task.trace_id}"},
        )
        answer = answer_json(result, self.options.model)
        if not result.holds or result.findings is None:
            state = TaskState.FAILED if result.ending is Ending.REJECTED else TaskState.NO_RESULT
            keep_answer(self.store, task, state, answer=answer, transcript=transcript)
            return
        item = item or self._ask_people(task, result)
        proposal = proposal_of(self.store, f"R{item.id}" if item else f"T{task.trace_id}", result)
        label = result.findings.label.value
        answer = {**answer, "item": item.short_id if item else None}
        keep_answer(
            self.store, task, TaskState.DONE, answer=answer, label=label, proposal=proposal, transcript=transcript
        )

    def _ask_people(self, task: Task, result: Investigation) -> ReviewItem | None:
        findings = result.findings
        if findings is None or findings.label is not Label.FAIL or self.queued >= self.options.queue:
            return None
        self.queued += 1
        return request_review(
            self.store,
            task.trace_id,
            findings.question or _QUESTION,
            by=BY,
            focus=list(dict.fromkeys(s.span_id for claim in findings.claims for s in claim.supports)),
            reason=f"The investigator sees a failure ({findings.confidence} confidence).",
        )


def proposal_of(store: Store, subject: str, result: Investigation) -> Proposal:
    """The proposal that an investigation comes to; its quotations are looked up once more.

    Raises:
        UsageError: if one does not stand in its step.
    """
    findings = result.findings
    assert findings is not None
    cited = dict.fromkeys((s.span_id, s.quote) for claim in findings.claims for s in claim.supports)
    return checked_proposal(
        store,
        subject,
        label=findings.label,
        explanation=explanation_of(findings.claims),
        cited=[Citation(span_id, quote) for span_id, quote in cited],
        cause=findings.cause,
        by=BY,
    )


def answer_json(result: Investigation, model: str) -> dict[str, JsonValue]:
    """What is kept and printed of one investigation."""
    found = result.findings
    answer: dict[str, JsonValue] = {
        "ending": result.ending.value,
        "problem": result.problem,
        "model": model,
        "claims": claims_json(found.claims) if found else [],
        "dropped": [{"sentence": entry.sentence, "why": safe_line(entry.why, 200)} for entry in result.refused],
    }
    if found is None:
        return answer
    cause = found.cause_step
    return {
        **answer,
        "cause": found.cause.value if found.cause else None,
        "cause_step": {"step": cause.step, "span_id": cause.span_id, "quote": cause.quote} if cause else None,
        "confidence": found.confidence,
        "confidence_because": found.confidence_because,
        "question": found.question,
    }


def _checkpoint(kept: JsonValue) -> dict[str, Any] | None:
    return dict(kept) if isinstance(kept, dict) and kept.get("history") else None


@dataclass(frozen=True, slots=True)
class TriageRun:
    """How a job ended in this process; its tasks are in the store."""

    batch: Batch
    finished: bool
    spent: Spent
    """By the job in all."""
    problems: Sequence[str] = ()


async def triage(
    client: AsyncAnthropic,
    store: Store,
    job: Job,
    options: TriageOptions,
    *,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> TriageRun:
    """Investigate the runs of a job that wait, and keep each answer as soon as it is there.

    Raises:
        ModelError: if the endpoint refuses every request; what was kept stays.
    """
    purse = Purse(options.budget, find_price(options.model), job_spent(store, job.id))
    work = _Triage(client, store, options, purse, reading_server(store, folder=options.folder))
    batch = await run_tasks(
        store, job, work.work, parallel=options.parallel, seconds=options.seconds, on_progress=on_progress
    )
    return TriageRun(batch, end_job(store, job), job_spent(store, job.id), tuple(work.problems))
