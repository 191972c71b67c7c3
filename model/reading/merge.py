"""Two records of one piece of work made one: a span sent twice, its content in log records, a call recorded twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

from ..traces import Message, Span, Status, StepKind, Usage

EVENTS = "otel_genai_events"
"""Convention of a partial span that holds some messages of its call, one log record a message."""

_OWN_TRACERS = frozenset({"anthropic_sdk"})
"""Conventions of a vendor's own client; others add up the counts of a stream for themselves, and may count twice."""
_KEPT = frozenset(
    {"trace_key", "span_id", "name", "kind", "status", "ended_at_ns", "sequence", "convention", "attributes"}
)
_FILLED = [field.name for field in fields(Span) if field.name not in _KEPT]


def merge_spans(old: Span, new: Span) -> Span:
    """One span from two records of the same trace and span id.

    The more complete record wins: the one that has an end, else the later. What the winner leaves empty comes from the
    other, so content that arrived in log records fills a span that came before or comes after them, and is never lost.

    Args:
        old: The record that arrived first.
        new: The record that arrived later.

    Cost: O(fields), and O(messages) where messages came one by one in log records.
    """
    keep_old = old.ended_at_ns is not None and new.ended_at_ns is None
    base, other = (old, new) if keep_old else (new, old)
    if base.ended_at_ns is None and base.convention == EVENTS != other.convention:
        base, other = other, base
    merged = _filled(base, other)
    if EVENTS in (old.convention, new.convention):
        merged.input_messages = _union(old.input_messages, new.input_messages)
        merged.output_messages = _union(old.output_messages, new.output_messages)
    if merged.status is Status.UNSET:
        merged.status = other.status
    if merged.kind is StepKind.CHAIN and other.kind is not StepKind.CHAIN and other.ended_at_ns is None:
        merged.kind = other.kind
    merged.sequence = min(old.sequence, new.sequence)
    return merged


def absorb(winner: Span, double: Span) -> Span:
    """`winner` with what only its folded double tells: messages from one recording, usage from the other,
    an argument that only one of them names.

    An error is taken over where the winner has no complaint of its own and nothing to show for the call, or where it
    is a tool call or an agent, one recording of which alone may know that it failed.
    """
    merged = _filled(winner, double)
    merged.parent_span_id, merged.fold = winner.parent_span_id, winner.fold
    merged.ended_at_ns = winner.ended_at_ns or double.ended_at_ns
    if winner.usage and double.usage:
        counted = next((span.usage for span in (winner, double) if span.convention in _OWN_TRACERS), None)
        merged.usage = counted or _larger(winner.usage, double.usage)
    if isinstance(winner.inputs, dict) and isinstance(double.inputs, dict):
        merged.inputs = {**double.inputs, **winner.inputs}
    failed = double.status is Status.ERROR and winner.status is Status.UNSET
    if winner.kind is StepKind.AGENT and double.status is Status.ERROR:
        failed = winner.status is not Status.ERROR
    if failed and (winner.kind is StepKind.TOOL or not winner.output_messages):
        merged.status = Status.ERROR
    elif winner.status is not Status.ERROR:
        merged.error = winner.error
    return merged


def _filled(base: Span, other: Span) -> Span:
    gaps = {}
    for name in _FILLED:
        value = getattr(base, name)
        if value is None or value == ():
            gaps[name] = getattr(other, name)
    merged = replace(base, **gaps)
    if other.attributes:
        merged.attributes = {**other.attributes, **base.attributes}
    return merged


def _union(first: Sequence[Message], second: Sequence[Message]) -> tuple[Message, ...]:
    seen = set(map(_identity, first))
    return (*first, *(message for message in second if _identity(message) not in seen))


def _identity(message: Message) -> tuple[str, str, str | None, tuple[str | None, ...]]:
    """What tells a turn: of a call and of its result the id, since recorders write their JSON differently."""
    calls = tuple(call.id for call in message.tool_calls)
    told = "" if message.tool_call_id or any(calls) else message.content
    return message.role, told, message.tool_call_id, calls


def _larger(one: Usage, two: Usage) -> Usage:
    return Usage(
        max(one.input_tokens, two.input_tokens),
        max(one.output_tokens, two.output_tokens),
        max(one.cache_read_tokens, two.cache_read_tokens),
        max(one.cache_write_tokens, two.cache_write_tokens),
        max(one.reasoning_tokens, two.reasoning_tokens),
    )
