"""The loop on one failing run, as `retrospan demo` shows it: choose a run, put it to people, learn from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...model.errors import UsageError
from ...model.findings import CauseClass, Signal, Suspect
from ...model.reviews import Answer, Label, ReviewItem, Severity, Verdict
from ...model.traces import StepKind, TraceSummary
from ...store.contract import Store
from ...store.reading.summaries import get_summaries
from ...store.reading.trace_ids import list_trace_ids
from ...trust.session import ReviewSession
from ..reviewing.asking import propose_verdict, request_review
from ..reviewing.citing import Citation
from ..reviewing.claiming import open_review
from ..reviewing.deciding import give_answer, reveal_proposal, sign_verdict
from ..reviewing.deciding_questions import mark_deciding
from ..understanding.analysing import signals_of
from ..understanding.explaining import Explanation, explain_trace

_AGENT = "agent:demo"
_QUESTIONS = {
    "ungrounded_value": "Did the reply state a period, date or amount that no tool result contains?",
    "claimed_action": "Did the reply say that something was done which no tool call had done?",
    "tool_error": "Did the reply tell the customer that the tool had failed?",
    "tool_contradiction": "Did the reply contradict what a tool returned?",
}
CLEAREST = tuple(_QUESTIONS)
"""Signals that a newcomer understands at a glance, clearest first."""


@dataclass(frozen=True, slots=True)
class FailingRun:
    """A run that failed without an error status, and where it went wrong."""

    explanation: Explanation
    signal: Signal
    """The fact that gives it away."""

    @property
    def summary(self) -> TraceSummary:
        return self.explanation.trace.summary

    @property
    def suspect(self) -> Suspect:
        return self.explanation.report.suspects[0]


def failing_runs(store: Store, trace_ids: Sequence[int], limit: int = 12) -> list[FailingRun]:
    """Runs with a failure signal that speaks for itself, the clearest signals first."""
    found: list[tuple[int, int, Signal]] = []
    for trace_id, signals in signals_of(store, trace_ids).items():
        clear = [s for s in signals if s.failure and s.signal in CLEAREST]
        if clear:
            best = min(clear, key=lambda s: CLEAREST.index(s.signal))
            found.append((CLEAREST.index(best.signal), trace_id, best))
    found.sort(key=lambda entry: entry[:2])
    runs = [FailingRun(explain_trace(store, trace_id), signal) for _, trace_id, signal in found[:limit]]
    return [run for run in runs if run.explanation.report.suspects]


def queue_reviews(store: Store, runs: Sequence[FailingRun]) -> list[ReviewItem]:
    """One precise question per run, with the agent's proposal hidden behind it."""
    return [_queue(store, run) for run in runs]


def _queue(store: Store, run: FailingRun) -> ReviewItem:
    item = request_review(
        store,
        run.summary.id,
        _QUESTIONS[run.signal.signal],
        by=_AGENT,
        focus=[run.suspect.step],
        reason=f"{run.signal.signal}: {run.signal.reason}",
    )
    cited = [(str(e.step), e.quote) for e in (*run.signal.evidence, *run.suspect.evidence) if e.quote.strip()]
    propose_verdict(
        store,
        item.short_id,
        label=Label.FAIL,
        explanation=run.signal.reason,
        cited=[Citation(step, quote) for step, quote in list(dict.fromkeys(cited))[:2]],
        cause=run.suspect.cause,
        by=_AGENT,
    )
    return item


@dataclass(frozen=True, slots=True)
class Decided:
    """How a review went."""

    verdict: Verdict
    proposal: str
    """What the agent had proposed, in words."""


def decide(store: Store, session: ReviewSession, item: ReviewItem, run: FailingRun) -> Decided:
    """Answer, see the proposal, sign.

    Args:
        store: A demo store.
        session: Its demo reviewer.
        item: The question.
        run: The run it is about.

    Raises:
        RefusedError: if the reviewer does not count in this store.
    """
    mark_deciding(store, item.short_id, by=f"human:{session.name}")
    opened = open_review(store, item.short_id, session.fingerprint)
    steps = run.explanation.trace.steps
    blamed = steps[run.suspect.step if run.signal.step is None else run.signal.step]
    answer = Answer(
        label=Label.FAIL,
        severity=Severity.HIGH,
        reason=f"Yes: {run.signal.reason}.",
        cause_span=blamed.span_id,
        cause=CauseClass.REASONING if blamed.kind is StepKind.LLM else CauseClass.TOOL,
    )
    give_answer(store, opened.claim, answer)
    proposal = reveal_proposal(store, opened.claim)
    said = f"{proposal.label.value}, citing {len(proposal.cited)} step(s)" if proposal else "none"
    return Decided(sign_verdict(store, session, opened), said)


def newest_traces(store: Store) -> list[TraceSummary]:
    """Every trace of a demo store."""
    ids = list_trace_ids(store)
    if not ids:
        raise UsageError("The example agent left no trace. Run `retrospan doctor`.")
    return get_summaries(store, ids)
