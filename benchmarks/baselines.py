"""Trivial rankings to beat: no evidence is read, only places and kinds of steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from datasets import WRITES
from retrospan.analysis.reading import Role, read
from retrospan.model.traces import StepKind, Trace

Ranking = Callable[[Trace], list[int]]


def first_workers(trace: Trace) -> list[int]:
    """Messages of agents other than the one who speaks most, in order."""
    decisions = read(trace).decisions
    turns = Counter(view.agent for view in decisions)
    lead = turns.most_common(1)[0][0] if turns else ""
    return [view.index for view in decisions if view.agent != lead] or [view.index for view in decisions]


def not_the_first_speaker(trace: Trace) -> list[int]:
    """Messages of agents other than the one who speaks first, in order."""
    decisions = read(trace).decisions
    return [view.index for view in decisions if view.agent != decisions[0].agent] or [v.index for v in decisions]


def last_steps(trace: Trace) -> list[int]:
    """From the end."""
    return [step.index for step in reversed(trace.steps)]


def constant(*places: int) -> Ranking:
    """The same step numbers for every run."""
    return lambda trace: [place for place in places if place < len(trace.steps)]


def agent_turn(*turns: int) -> Ranking:
    """The n-th model steps, counted from 1."""

    def rank(trace: Trace) -> list[int]:
        models = [step.index for step in trace.steps if step.kind in (StepKind.LLM, StepKind.AGENT)]
        return [models[turn - 1] for turn in turns if turn <= len(models)]

    return rank


def first_writes(trace: Trace) -> list[int]:
    """Steps that ask for a changing call of the tau tools, in order."""
    return [
        step.index
        for step in trace.steps
        if any(call.name in WRITES for message in step.output_messages for call in message.tool_calls)
    ]


def longest(trace: Trace) -> list[int]:
    """Decisions by length of their text."""
    return [view.index for view in sorted(read(trace).decisions, key=lambda view: -len(view.text))]


def code_block(trace: Trace) -> list[int]:
    """The layout shortcut of the Algorithm-Generated runs: first code block, else the second agent message."""
    decisions = read(trace).decisions
    code = [view.index for view in decisions if "```" in view.text and "terminal" not in view.agent.lower()]
    second = [view.index for view in decisions[1:2]]
    rest = [view.index for view in decisions]
    return list(dict.fromkeys([*code[:1], *second, *rest] if code else [*second, *rest]))


def error_words(trace: Trace) -> list[int]:
    """Steps that hold the word error, in order."""
    return [view.index for view in read(trace).views if view.role is not Role.USER and "error" in view.text.lower()]


ALL: Mapping[str, Ranking] = {
    "first workers": first_workers,
    "not the first speaker": not_the_first_speaker,
    "last steps": last_steps,
    "constant 4, 8, 12": constant(4, 8, 12),
    "constant 8, 4, 12": constant(8, 4, 12),
    "agent turns 2, 1, 3": agent_turn(2, 1, 3),
    "agent turns 3, 2, 4": agent_turn(3, 2, 4),
    "longest messages": longest,
    "error words": error_words,
    "first writes": first_writes,
}
