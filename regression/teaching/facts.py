"""Everything that one signed fail brings: its run, the evidence in it, a run of the same request that went well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...knowledge.invariants import Invariant
from ...model.errors import UsageError
from ...model.findings import CauseClass
from ...model.reviews import Criterion, Label, Rubric, SignatureState, Verdict
from ...model.traces import Message, Step, Trace
from ...services.reviewing.completing import with_completions
from ...services.understanding.explaining import Explanation, explain_trace
from ...services.understanding.invariants import declared_rules
from ...store.contract import Store
from ...store.reading.conversations import whole_before
from ...store.reviews.rubrics import list_rubrics, rubric_of
from ...store.reviews.verdicts import get_verdict, subject_ids
from .trying import good_run


@dataclass(frozen=True, slots=True)
class FailFacts:
    """A signed fail with what is known about its run."""

    verdict: Verdict
    """Step and cause as the engineers' confirmed parts have them, where there are such."""
    explained: Explanation
    rubric: Rubric | None
    """The version that was asked."""
    newest: Rubric | None
    """The newest confirmed version of the same rubric; what the next version is made from."""
    rules: tuple[Invariant, ...]
    good: Trace | None
    """A run of the very same request that went well."""
    earlier: tuple[Message, ...] = ()
    """What was said and shown in the turns of its session before it."""

    @property
    def trace(self) -> Trace:
        return self.explained.trace

    @property
    def criterion(self) -> Criterion | None:
        """The first criterion that the reviewer failed; the only one of a rubric that has one."""
        if self.rubric is None:
            return None
        failed = {entry.criterion for entry in self.verdict.answer.criteria if entry.label is Label.FAIL}
        found = [entry for entry in self.rubric.criteria if entry.id in failed]
        return (found or list(self.rubric.criteria))[0] if found or len(self.rubric.criteria) == 1 else None

    @property
    def question(self) -> str:
        """What a judge is asked: the failed criterion, else the question of the review."""
        return self.criterion.question if self.criterion is not None else self.verdict.question

    def step(self, span_id: str) -> Step | None:
        """The step with this span id; None where the run has none, or none is named."""
        return next((entry for entry in self.trace.steps if span_id and entry.span_id == span_id), None)

    @property
    def blamed(self) -> tuple[Step | None, CauseClass]:
        """Where and why it went wrong: what people said, else the first suspect where the evidence suffices."""
        answer, report = self.verdict.answer, self.explained.report
        suspects = report.suspects if report.enough_evidence else ()
        step = self.step(answer.cause_span or "")
        if step is None and suspects and suspects[0].step < len(self.trace.steps):
            step = self.trace.steps[suspects[0].step]
        cause = answer.cause
        if cause is None:
            cause = next((entry.cause for entry in suspects if step is not None and entry.step == step.index), None)
        return step, cause or CauseClass.UNDETERMINED


def load_facts(store: Store, verdict: Verdict | str) -> FailFacts:
    """Read what a signed fail brings.

    Of a session, the run that is at fault is taken: the one whose step was marked, else the one with the strongest
    suspect.

    Args:
        store: Where.
        verdict: A verdict, or `V12`.

    Raises:
        UnknownIdError: if there is no such verdict.
        UsageError: if it is no fail that counts, or its trace is not in this store any more.
    """
    found = get_verdict(store, verdict) if isinstance(verdict, str) else verdict
    if found.answer.label is not Label.FAIL:
        raise UsageError(f"{found.short_id} says {found.answer.label.value}; only a fail teaches something.")
    if not found.confirmed:
        raise UsageError(f"{found.short_id} is {found.state.value}: {found.state_reason}. Nothing is made of it.")
    trace_ids = subject_ids(store, found)
    if not trace_ids:
        raise UsageError(f"The trace of {found.short_id} is not in this store any more; nothing can be drafted.")
    found = with_completions(store, [found])[0]
    explained = _at_fault(store, found, trace_ids)
    return FailFacts(
        found,
        explained,
        rubric_of(store, found.rubric),
        _newest(store, found.rubric.id),
        declared_rules(store).of(explained.trace.summary.project),
        good_run(store, explained.trace),
        tuple(whole_before(store, explained.trace.summary.id)),
    )


def _at_fault(store: Store, verdict: Verdict, trace_ids: Sequence[int]) -> Explanation:
    explained = [explain_trace(store, trace_id) for trace_id in trace_ids]
    marked = verdict.answer.cause_span
    for entry in explained:
        if marked is not None and any(step.span_id == marked for step in entry.trace.steps):
            return entry
    # Of equal ones the last: a session goes wrong where it ends more often than where it begins.
    return max(reversed(explained), key=_strongest)


def _strongest(explained: Explanation) -> tuple[bool, float, int]:
    report = explained.report
    best = report.suspects[0].score if report.suspects else 0.0
    return report.enough_evidence, best, sum(signal.failure for signal in explained.signals)


def _newest(store: Store, name: str) -> Rubric | None:
    confirmed = [entry for entry in list_rubrics(store) if entry.id == name and entry.state is SignatureState.VALID]
    return max(confirmed, key=lambda entry: entry.version, default=None)
