"""One step in full: everything that is new in it, each part under its name."""

from __future__ import annotations

from collections.abc import Iterator

from ..model.text.fence import inert, inert_line
from ..model.text.jsontext import as_text
from ..model.traces import Message, Step, StepKind, TraceSummary

_ORDINARY = ("stop", "end_turn", "tool_call", "tool_calls", "tool_use")
"""Finish reasons that tell nothing."""


def step_head(trace: TraceSummary, step: Step) -> str:
    """The line above a step's parts."""
    parts = [f"{trace.short_id}.{step.index} {step.kind.value} {inert_line(step.tool or step.name, 60)}"]
    parts += [f"agent {inert_line(step.agent, 60)}"] if step.agent else []
    parts += [f"model {inert_line(step.model, 60)}"] if step.model else []
    parts += [f"status {step.status.value}"] if step.status != "unset" else []
    parts += [f"{step.duration_ms:.0f} ms"] if step.duration_ms is not None else []
    parts += [f"{step.usage.input_tokens}+{step.usage.output_tokens} tokens"] if step.usage else []
    parts += [f"under {step.parent}"] if step.parent is not None else []
    return " · ".join(parts)


def step_body(step: Step, *, full: bool) -> str:
    """Every part of a step as inert text; with `full` the whole conversation and the original attributes too.

    The same step and `full` always give the same text, so that an offset into it stays good.
    """
    return "\n".join(_parts(step, full)) or "(nothing was recorded in this step)"


def _parts(step: Step, full: bool) -> Iterator[str]:
    if step.error is not None:
        kind = f"{step.error.type}: " if step.error.type else ""
        yield _part("error", kind + step.error.message)
    heard = step.input_messages if full else step.new_messages
    known = len(step.input_messages) - len(step.new_messages)
    if known > 0 and not full:
        yield f"({known} earlier messages, shown by earlier steps)"
    for message in heard:
        yield from _message("in", message)
    if step.inputs is not None and not (heard and step.kind is StepKind.LLM):
        yield _part("arguments" if step.tool else "input", as_text(step.inputs))
    for message in step.output_messages:
        yield from _message("out", message)
    if step.outputs is not None and not step.output_messages:
        yield _part("result" if step.tool else "output", as_text(step.outputs))
    for number, document in enumerate(step.documents, 1):
        score = "" if document.score is None else f" score {document.score:.3f}"
        yield _part(f"document {number} {inert_line(document.id or '', 80)}{score}".rstrip(), document.content)
    if step.finish_reason and step.finish_reason not in _ORDINARY:
        yield _part("finish reason", step.finish_reason)
    if full and step.attributes:
        yield _part("attributes", as_text(dict(step.attributes)))


def _message(way: str, message: Message) -> Iterator[str]:
    who = message.role if way == "in" else "says"
    name = f" {inert_line(message.name, 60)}" if message.name else ""
    if message.reasoning:
        yield _part(f"{way} {who}{name} (reasoning)", message.reasoning)
    if message.content:
        yield _part(f"{way} {who}{name}{' (error)' if message.is_error else ''}", message.content)
    for call in message.tool_calls:
        yield _part(f"{way} calls {inert_line(call.name, 80)}", as_text(call.arguments))


def _part(name: str, text: str) -> str:
    return f"{name}: {inert(text)}"
