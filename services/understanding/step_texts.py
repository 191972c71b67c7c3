"""The steps of traces in words: made once per revision, when a trace is analysed, and kept for its outlines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...analysis.effects import Effect, effect_of
from ...analysis.reading import Act, Reading, Role, View, read
from ...model.text.fence import inert_line
from ...model.text.jsontext import as_text
from ...model.traces import JsonValue, Status, Step, StepKind, TraceSummary
from ...store.contract import Connection, Store
from ...store.reading.step_texts import load_told_steps, save_told_steps
from ...store.reading.summaries import get_trace


def keep_told_steps(con: Connection, summary: TraceSummary, told: Sequence[ToldStep]) -> None:
    """Keep a trace in the words that `tell` found, inside the caller's transaction."""
    save_told_steps(con, summary.id, summary.revision, FORM, told)


def told_steps(store: Store, summary: TraceSummary) -> list[ToldStep]:
    """The steps of a trace in words; put into words now where its newest revision was not yet analysed."""
    kept = load_told_steps(store, summary.id, summary.revision, FORM)
    return tell(read(get_trace(store, summary.id))) if kept is None else [ToldStep(*row) for row in kept]


def tell(reading: Reading) -> list[ToldStep]:
    """A trace's steps in words. Cost: linear in the steps."""
    return tell_steps(reading, with_agents=len(reading.trace.summary.agents) > 1)


def _only_asks(reading: Reading, before: ToldStep, view: View) -> bool:
    """Did the step before say nothing, and ask for this one alone?"""
    acts = reading.acts_by_asker.get(before.at, ())
    silent = before.weight == SPOKEN and not reading.view(before.at).text.strip() and len(before.texts) == 1
    return silent and len(acts) == 1 and acts[0].asked == before.at and acts[0].done == view.index


_LONGEST = 600
"""Characters of a text worth preparing for a line; no outline shows more of one step."""

_NAME = 40

INSTRUCTIONS, PLAIN, SPOKEN, ASKED, SUSPECT, MARKED = 0.4, 1.0, 1.6, 2.0, 3.0, 3.5
"""Weights of a line when room is short: system prompts, other steps, speech of the agent, words of a person, suspects,
and steps with signals, errors, writes or the final answer."""


class ToldStep(NamedTuple):
    """A step put into words, before anything computed of it: what a store keeps per revision. Every part is inert."""

    at: int
    """Step index."""
    head: str
    texts: Sequence[str]
    error: str
    cost: str
    weight: float
    frame: bool
    label: str
    joins: bool
    """The step before did nothing but ask for this one."""


FORM = 1
"""Raise it when the same step would be put into other words: what stores have kept is then made anew."""


def tell_steps(reading: Reading, *, with_agents: bool) -> list[ToldStep]:
    """Each step in words, in reading order.

    Args:
        reading: The trace, read.
        with_agents: Name the agent of each step that has one.
    """
    final = reading.final.index if reading.final else None
    holders = {step.parent for step in reading.trace.steps}
    shown = {act.done for act in reading.acts if act.done is not None and _is_told(reading.view(act.done))}
    heard: set[str] = {view.text for view in reading.views if view.role in (Role.USER, Role.CONTEXT)}
    told: list[ToldStep] = []
    for view in reading.views:
        asked = reading.acts_by_asker.get(view.index, ())
        texts = () if view.role is Role.FRAME and view.index in holders else _texts(view, asked, shown, heard)
        joins = bool(told) and view.role is Role.RESULT and _only_asks(reading, told[-1], view)
        told.append(_told(view, texts, _weight(view, final), joins, with_agents))
    return told


def _is_told(view: View) -> bool:
    """Does a tool step itself show what came back? Some instrumentations tell it only to the model that asked."""
    return view.role is Role.RESULT and bool(view.text.strip() or view.step.error)


def _told(view: View, texts: tuple[str, ...], weight: float, joins: bool, with_agents: bool) -> ToldStep:
    step = view.step
    who = inert_line(view.agent, _NAME) if with_agents and view.agent and view.role is not Role.RESULT else ""
    tool = inert_line(step.tool or step.name, _NAME) if view.role is Role.RESULT or step.kind in _NAMED else ""
    label = f"{step.kind.value} {tool}" if tool else step.kind.value
    head = " ".join(part for part in (str(step.index), step.kind.value, who, tool) if part)
    error = ""
    if step.error is not None:
        error = f" ✗{inert_line(step.error.message, 80)}"
    elif step.status is Status.ERROR:
        error = " ✗"
    frame = view.role is Role.FRAME and not (texts or error)
    return ToldStep(step.index, head, texts, error, _cost(step), weight, frame, label, joins)


_NAMED = (StepKind.AGENT, StepKind.CHAIN, StepKind.GUARDRAIL, StepKind.EVALUATOR, StepKind.EMBEDDING)


def _cost(step: Step) -> str:
    parts = []
    if step.duration_ms is not None and step.duration_ms >= 1_000:
        parts.append(f"{step.duration_ms / 1000:.1f}s")
    if step.usage and step.usage.input_tokens + step.usage.output_tokens >= 1_000:
        parts.append(f"{(step.usage.input_tokens + step.usage.output_tokens) / 1000:.1f}ktok")
    return f" ({' '.join(parts)})" if parts else ""


def _weight(view: View, final: int | None) -> float:
    step = view.step
    if step.status is Status.ERROR or view.index == final:
        return MARKED
    if view.role is Role.RESULT and effect_of(step.tool or step.name) is Effect.WRITE:
        return MARKED
    if view.role is Role.USER:
        return ASKED
    if view.role is Role.CONTEXT:
        return INSTRUCTIONS
    return SPOKEN if view.role is Role.DECISION else PLAIN


def _texts(view: View, asked: Sequence[Act], shown: set[int], heard: set[str]) -> tuple[str, ...]:
    if view.role in (Role.RESULT, Role.FRAME):
        arguments = "" if view.step.inputs in (None, {}, "") else f"({_brief(view.step.inputs)})"
        return tuple(text for text in (arguments, f"→ {_text(view.text)}" if view.text.strip() else "") if text)
    texts = []
    if view.role is Role.DECISION:
        texts += [f"[{m.role}] {_text(m.content)}" for m in view.received if _is_news(m.content, m.role, shown, heard)]
    if view.text.strip():
        texts.append(_text(view.text))
    requested = {call.name for message in view.step.output_messages for call in message.tool_calls}
    calls = [_call(act, shown) for act in asked if act.asked == view.index and act.tool in requested]
    if calls:
        texts.append("→ " + ", ".join(calls))
    return tuple(texts)


def _is_news(content: str, role: str, shown: set[int], heard: set[str]) -> bool:
    """A tool's result is news only where no tool step shows it; a person's words where no step of theirs does."""
    if not content.strip() or content in heard or (role == "tool" and shown):
        return False
    heard.add(content)
    return True


def _call(act: Act, shown: set[int]) -> str:
    name = inert_line(act.tool, _NAME)
    return name if act.done in shown else f"{name}({_brief(act.arguments)})"


def _brief(value: JsonValue) -> str:
    """Arguments as a person would type them: `order_id="A1", amount=30`."""
    if isinstance(value, dict):
        return inert_line(", ".join(f"{key}={_scalar(item)}" for key, item in value.items()), _LONGEST)
    return _text(as_text(value))


def _scalar(value: JsonValue) -> str:
    return f'"{value}"' if isinstance(value, str) else as_text(value) if value is not None else "null"


def _text(text: str) -> str:
    """The start of a text on one line; how much was left out is told."""
    line = inert_line(text[:_LONGEST])
    return line if len(text) <= _LONGEST else f"{line}…+{len(text) - _LONGEST}"
