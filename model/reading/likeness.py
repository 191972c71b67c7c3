"""How alike two recordings of one piece of work are: by time, model, usage and answer, and which tells more."""

from __future__ import annotations

from ..traces import Span

_SLACK_NS = 5_000_000
"""Clocks that tell milliseconds round; recordings of one call may stick out by this much."""


def same_usage(one: Span, two: Span) -> bool:
    """Equal counts, or unknown on a side."""
    if not one.usage or not two.usage:
        return True
    return (one.usage.input_tokens, one.usage.output_tokens) == (two.usage.input_tokens, two.usage.output_tokens)


def is_log(span: Span) -> bool:
    return span.attributes.get("logfire.span_type") == "log"


def recorder(span: Span) -> tuple[str, str]:
    return span.convention, span.name


def same_model(one: Span, two: Span) -> bool:
    """Equal, unknown on a side, or one the other with a date or a path added."""
    if not one.model or not two.model:
        return True
    short, long = sorted((one.model.rsplit("/", 1)[-1], two.model.rsplit("/", 1)[-1]), key=len)
    return long.startswith(short)


def same_answer(one: Span, two: Span) -> bool:
    """Equal text and calls; AutoGen names the model by a table of its own."""
    return bool(one.output_messages) and answer(one) == answer(two)


def answer(span: Span) -> list[tuple[str, tuple[str | None, ...]]]:
    return [(said.content, tuple(call.id or call.name for call in said.tool_calls)) for said in span.output_messages]


def _bounds(span: Span) -> tuple[int, int] | None:
    if span.started_at_ns is None or span.ended_at_ns is None:
        return None
    return span.started_at_ns, span.ended_at_ns


def overlap(one: Span, two: Span) -> bool:
    left, right = _bounds(one), _bounds(two)
    return left is not None and right is not None and left[0] <= right[1] and right[0] <= left[1]


def contained(one: Span, two: Span) -> bool:
    left, right = _bounds(one), _bounds(two)
    if left is None or right is None:
        return False
    starts, ends = left[0] - right[0], right[1] - left[1]
    return min(starts, ends) >= -_SLACK_NS or max(starts, ends) <= _SLACK_NS


def distance(one: Span, two: Span) -> int:
    left, right = _bounds(one), _bounds(two)
    if left is None or right is None:
        return 0
    return abs(left[0] - right[0]) + abs(left[1] - right[1])


def weight(span: Span) -> tuple[bool, int, int, int, int]:
    """How much of the call a recording holds; the heavier keeps the step, and a span comes before log records."""
    said = len(span.output_messages) + len(span.input_messages) + len(span.documents)
    values = (span.inputs is not None) + (span.outputs is not None)
    is_span = not span.convention.endswith("_logs") and not is_log(span)
    return is_span, said, values, int(span.usage is not None), len(span.attributes)
