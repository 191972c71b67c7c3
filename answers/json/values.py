"""The JSON that scripts may rely on; its schemas are in docs/reference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from ...model.conversations import Conversation
from ...model.findings import Evidence, Signal, TraceDiff
from ...model.traces import Fold, Message, Span, Step, StepKind, TraceSummary, Usage

if TYPE_CHECKING:
    # Types only: listing traces must load neither the analysis nor `typing_extensions`, which takes 20 ms.
    from ...services.receiving.importing import ImportReport
    from ...services.understanding.explaining import Comparison, Explanation
    from . import shapes as w


def iso_time(unix_ns: int | None) -> str | None:
    """UTC, ISO 8601 with microseconds: `2026-11-22T10:51:00.000000Z`."""
    if unix_ns is None:
        return None
    moment = datetime.fromtimestamp(unix_ns // 1_000_000_000, UTC).replace(microsecond=unix_ns // 1000 % 1_000_000)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def trace_json(trace: TraceSummary) -> w.TraceJson:
    """One row of `trace list`."""
    return {
        "id": trace.short_id,
        "external_id": trace.external_id,
        "run_id": trace.run_id,
        "project": trace.project,
        "task": trace.task,
        "task_declared": trace.task_declared,
        "session": trace.session,
        "user": trace.user,
        "status": trace.status.value,
        "outcome": trace.outcome.value,
        "outcome_source": trace.outcome_source.value,
        "version": trace.version,
        "environment": trace.environment,
        "agents": list(trace.agents),
        "models": list(trace.models),
        "tags": list(trace.tags),
        "steps": trace.step_count,
        "revision": trace.revision,
        "started_at": iso_time(trace.started_at_ns),
        "duration_ms": trace.duration_ms,
        "input": trace.input,
        "output": trace.output,
        "usage": _usage(trace.usage),
        "cost_usd": trace.cost_usd,
        "signals": list(trace.signals),
        "modes": list(trace.modes),
        "verdict": trace.verdict,
        "metadata": dict(trace.metadata),
    }


def _usage(usage: Usage) -> w.UsageJson:
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
    }


def message_json(message: Message) -> w.MessageJson:
    """One turn; empty fields are left out."""
    value: w.MessageJson = {"role": message.role, "content": message.content}
    if message.tool_calls:
        value["tool_calls"] = [{"id": c.id, "name": c.name, "arguments": c.arguments} for c in message.tool_calls]
    if message.tool_call_id:
        value["tool_call_id"] = message.tool_call_id
    if message.name:
        value["name"] = message.name
    if message.reasoning:
        value["reasoning"] = message.reasoning
    if message.is_error:
        value["is_error"] = True
    return value


def _messages(messages: Sequence[Message]) -> list[w.MessageJson]:
    return [message_json(message) for message in messages]


def step_json(trace: TraceSummary, step: Step, *, full: bool) -> w.StepJson:
    """One step of `trace show`. An llm step's inputs are its new messages, or with `full` the whole conversation."""
    heard = step.input_messages if full else step.new_messages
    inputs: Any = step.inputs
    outputs: Any = step.outputs
    if step.inputs is None and (heard or step.kind is StepKind.LLM):
        inputs = _messages(heard)
    if step.outputs is None and step.output_messages:
        outputs = _messages(step.output_messages)
    value: w.StepJson = {
        "id": f"{trace.short_id}.{step.index}",
        "index": step.index,
        "span_id": step.span_id,
        "parent": step.parent,
        "kind": step.kind.value,
        "name": step.name,
        "agent": step.agent,
        "tool": step.tool,
        "model": step.model,
        "status": step.status.value,
        "error": {"type": step.error.type, "message": step.error.message} if step.error else None,
        "inputs": inputs,
        "outputs": outputs,
        "documents": [
            {"content": d.content, "id": d.id, "score": d.score, "metadata": d.metadata} for d in step.documents
        ],
        "usage": _usage(step.usage) if step.usage else None,
        "started_at": iso_time(step.started_at_ns),
        "duration_ms": step.duration_ms,
        "folded": False,
    }
    if full:
        value["attributes"] = dict(step.attributes)
    return value


def folded_json(folded: Iterable[tuple[Span, Fold]]) -> list[w.StepJson]:
    """Spans that take no index, for `trace show --full`."""
    return [
        {
            "id": None,
            "index": None,
            "span_id": span.span_id,
            "parent": None,
            "kind": span.kind.value,
            "name": span.name,
            "agent": span.agent,
            "tool": span.tool,
            "model": span.model,
            "status": span.status.value,
            "error": None,
            "inputs": None,
            "outputs": None,
            "documents": [],
            "usage": None,
            "started_at": iso_time(span.started_at_ns),
            "duration_ms": None,
            "folded": True,
            "fold": fold.value,
        }
        for span, fold in folded
    ]


def _evidence(evidence: Sequence[Evidence]) -> list[w.EvidenceJson]:
    return [{"step": e.step, "path": e.path, "quote": e.quote} for e in evidence]


def signal_json(signal: Signal) -> w.SignalJson:
    """One signal of `signals`."""
    return {
        "signal": signal.signal,
        "step": signal.step,
        "failure": signal.failure,
        "reason": signal.reason,
        "evidence": _evidence(signal.evidence),
    }


def signals_json(trace: TraceSummary, signals: Sequence[Signal]) -> w.TraceSignalsJson:
    """One trace of `signals`."""
    return {
        "trace": trace.short_id,
        "external_id": trace.external_id,
        "signals": [signal_json(signal) for signal in signals],
    }


def suspects_json(explanation: Explanation) -> w.TraceSuspectsJson:
    """One trace of `suspects`."""
    return {
        "trace": explanation.trace.summary.short_id,
        "external_id": explanation.trace.summary.external_id,
        "enough_evidence": explanation.report.enough_evidence,
        "note": explanation.report.note,
        "siblings": explanation.siblings,
        "suspects": [
            {
                "step": s.step,
                "agent": s.agent,
                "cause": s.cause.value,
                "score": round(s.score, 6),
                "reasons": list(s.reasons),
                "evidence": _evidence(s.evidence),
            }
            for s in explanation.report.suspects
        ],
    }


def diff_json(comparison: Comparison) -> w.DiffJson:
    """The answer of `trace diff`."""
    diff: TraceDiff = comparison.diff
    return {
        "left": comparison.left.summary.short_id,
        "right": comparison.right.summary.short_id,
        "partner_because": comparison.partner_because,
        "pairs": [list(pair) for pair in diff.pairs],
        "first_divergence": list(diff.first_divergence) if diff.first_divergence else None,
        "differences": [
            {
                "rank": d.rank,
                "left": d.left,
                "right": d.right,
                "kind": d.kind,
                "path": d.path,
                "before": d.before,
                "after": d.after,
            }
            for d in diff.differences
        ],
    }


def import_json(report: ImportReport) -> w.ImportJson:
    """The answer of `import`."""
    return {
        "traces": report.traces,
        "steps": report.steps,
        "updated": report.updated,
        "skipped": report.skipped,
        "redacted": report.redacted,
        "by_shape": dict(report.by_shape),
        "errors": [{"file": e.file, "where": e.where, "what": e.what} for e in report.errors],
        "left_out": [{"file": one.file, "what": one.what, "count": one.count} for one in report.left_out],
        "notes": list(report.notes),
        "findings": [cast("w.FindingJson", asdict(finding)) for finding in report.findings],
    }


def place_json(place: Conversation | None) -> w.SessionPlaceJson | None:
    """A run among the turns of its session."""
    if place is None:
        return None
    return {"turn": place.number, "turns": [f"T{turn}" for turn in place.turns], "complete": place.complete}
