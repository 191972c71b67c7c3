"""Steps as the explorer shows them: one row of the outline, and the detail of one step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from rich.cells import cell_len
from textual.content import Content

from ..answers.plain.words import one_line, step_name
from ..model.findings import Signal
from ..model.traces import JsonValue, Message, Status, Step, StepKind, TraceSummary
from .gate import cell, joined, lines, shown, shown_line
from .values import BRIEF, WHOLE, bounded, document_content, message_content, value_content
from .widgets.block_view import Block
from .widgets.wrapped import SLICE, Later

_MOST_INDENT = 8
_GIST = 300
_ROOMY = 32
"""Cells from which a row of the outline has room for the duration beside the name."""
KIND_WORDS = {
    StepKind.AGENT: "agent",
    StepKind.LLM: "model",
    StepKind.TOOL: "tool",
    StepKind.RETRIEVER: "search",
    StepKind.EMBEDDING: "embed",
    StepKind.RERANKER: "rerank",
    StepKind.GUARDRAIL: "guard",
    StepKind.EVALUATOR: "judge",
    StepKind.CHAIN: "chain",
    StepKind.HUMAN: "person",
}


def depths(steps: Sequence[Step]) -> list[int]:
    """How deep each step lies in the tree; parents come before their children."""
    found: list[int] = []
    for step in steps:
        parent = step.parent
        found.append(0 if parent is None or parent >= len(found) else found[parent] + 1)
    return found


def duration_text(duration_ms: float | None) -> str:
    """Three figures and a unit: `37 ms`, `4.1 s`, `12 min`."""
    if duration_ms is None:
        return ""
    if duration_ms < 1_000:
        return f"{duration_ms:.0f} ms"
    if duration_ms < 120_000:
        return f"{duration_ms / 1_000:.1f} s"
    return f"{duration_ms / 60_000:.0f} min"


def outline_row(step: Step, depth: int, signals: Sequence[Signal], width: int) -> Content:
    """`! 7 tool   lookup_order          12 ms`; `✗` ended in an error, `!` shows a failure signal, `·` another one."""
    if step.status is Status.ERROR:
        mark, style = "✗", "bold $error"
    elif any(signal.failure for signal in signals):
        mark, style = "!", "bold $warning"
    else:
        mark, style = ("·", "$quiet") if signals else (" ", "")
    took = duration_text(step.duration_ms) if width >= _ROOMY else ""
    indent = " " * min(depth, _MOST_INDENT)
    head = joined(
        shown(mark, style),
        shown(f"{step.index:>4}", "$quiet"),
        Content(" "),
        cell(KIND_WORDS[step.kind], 7, "$accent"),
        shown(indent),
    )
    rest = max(width - head.cell_length - cell_len(took) - 1, 4)
    name, words = step_name(step), gist(step)
    named = min(cell_len(name), max(rest * 2 // 5, 4)) if words else rest - 1
    told = cell(words, max(rest - named - 1, 0), "$quiet")
    return joined(head, cell(name, named), Content(" "), told, Content(" "), shown(took, "$quiet"))


def gist(step: Step) -> str:
    """What a step is about, in the words of the run: what was said, else what was called with which arguments."""
    if step.error is not None:
        return step.error.message[:_GIST]
    said = next((message.content for message in reversed(step.output_messages) if message.content), "")
    asked = [call for message in step.output_messages for call in message.tool_calls]
    if said or asked:
        return said[:_GIST] or "; ".join(f"{call.name}({one_line(call.arguments)[:_GIST]})" for call in asked[:3])
    if step.kind in (StepKind.TOOL, StepKind.RETRIEVER):
        given = "" if step.inputs in (None, "", {}, []) else one_line(step.inputs)[:_GIST]
        came = "" if step.outputs in (None, "", {}, []) else one_line(step.outputs)[:_GIST]
        return f"{given} → {came}" if given and came else given or came
    value = step.outputs if step.outputs not in (None, "", {}, []) else step.inputs
    return "" if value in (None, "", {}, []) else one_line(value)[:_GIST]


def step_blocks(trace: TraceSummary, step: Step, signals: Sequence[Signal], *, whole: bool) -> list[Block]:
    """One step in full detail; of a conversation only what no earlier step has shown, unless `whole`."""
    limit = WHOLE if whole else BRIEF
    blocks = [Block(_head(trace, step))]
    blocks += [Block(_signal(signal)) for signal in signals]
    if step.error:
        named = f"{step.error.type}: " if step.error.type else ""
        blocks.append(Block(lines(shown("error", "bold $error"), bounded(named + step.error.message, limit))))
    messages = step.input_messages if whole else step.new_messages
    hidden = len(step.input_messages) - len(messages)
    if hidden > 0:
        blocks.append(Block(shown(f"{hidden} earlier messages are in the steps before; x shows all", "$quiet")))
    blocks += [_said(message, limit) for message in messages]
    if step.inputs not in (None, "", {}, []) and not step.input_messages:
        blocks.append(_valued("in", step.inputs, limit))
    blocks += [_large(partial(document_content, i, d, limit), d.content) for i, d in enumerate(step.documents, 1)]
    if step.output_messages:
        blocks.append(Block(shown("── answers ──", "$quiet")))
        blocks += [_said(message, limit) for message in step.output_messages]
    elif step.outputs not in (None, "", {}, []) and not step.documents:
        blocks.append(_valued("out", step.outputs, limit))
    if whole and step.attributes:
        blocks.append(_valued("attributes", dict(step.attributes), limit))
    return blocks


def _said(message: Message, limit: int) -> Block:
    return _large(partial(message_content, message, limit), message.content or "", message.reasoning or "")


def _valued(name: str, value: JsonValue, limit: int) -> Block:
    def made() -> Content:
        return lines(shown(name, "bold"), value_content(value, limit))

    return _large(made, value) if isinstance(value, str) else Block(made())


def _large(make: Callable[[], Content], *texts: str) -> Block:
    """A block of these texts, made when it is seen where they are long."""
    length = sum(map(len, texts))
    if length <= SLICE:
        return Block(make())
    return Block(Content(""), later=Later(make, length, sum(text.count("\n") for text in texts)))


def _head(trace: TraceSummary, step: Step) -> Content:
    facts = [KIND_WORDS[step.kind], step_name(step)]
    if step.model:
        facts.append(step.model)
    if step.duration_ms is not None:
        facts.append(duration_text(step.duration_ms))
    if step.usage:
        facts.append(f"{step.usage.input_tokens:,} tokens in, {step.usage.output_tokens:,} out")
    if step.finish_reason:
        facts.append(f"ended: {step.finish_reason}")
    return joined(shown(f"{trace.short_id}.{step.index}", "bold $accent"), shown(" · " + " · ".join(facts)))


def _signal(signal: Signal) -> Content:
    head = joined(
        shown("! " if signal.failure else "· ", "bold $warning"),
        shown(signal.signal.replace("_", " "), "bold"),
        shown(f": {signal.reason}"),
    )
    quotes = [
        joined(shown("  “", "$quiet"), shown_line(e.quote, 300), shown("”", "$quiet")) for e in signal.evidence[:3]
    ]
    return lines(head, *quotes)
