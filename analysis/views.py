"""The steps of a trace, each with its part in the story and its own text, whatever convention it came in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from ..model.text.jsontext import as_text
from ..model.traces import Message, Step, StepKind, Trace

_MAX_TEXT = 200_000
_TEMPLATE = 120
"""User turns that share this many opening characters come from one template."""
_PARENTHESIS = re.compile(r"\s*\([^()]*\)\s*$")
_EXECUTED = re.compile(
    r"(?i)\s*(?:exitcode: -?\d+|The script ran, then exited|Process exited with|<returncode>|<(?:std)?output>|"
    r"Execution (?:logs|result|output)s?\b|Observation:|\[?(?:command|code|tool|execution) (?:output|result)\]?:|"
    r"\(?exit code:? -?\d)"
)
"""How a program begins that hands back what it ran."""
_HABIT = 3
_NEARLY_ALL = 0.8
_FENCE = re.compile(r"(?m)^[^\S\n]{0,12}(?:```|~~~)")
_BLOCK = re.compile(r"```([\w+-]*)[^\S\n]*\n(.*?)```", re.DOTALL)
_LANGUAGES = {"py": "python", "python3": "python", "sh": "bash", "shell": "bash", "console": "bash", "zsh": "bash"}
_RUNNABLE = frozenset({"", "bash", "python", "tool_code", "powershell", "sql", "javascript", "js"})
FETCHING = {StepKind.TOOL, StepKind.RETRIEVER, StepKind.RERANKER}


class Role(StrEnum):
    """What part a step plays in the story."""

    USER = "user"
    """A person speaks."""
    CONTEXT = "context"
    """Instructions that the agent was given."""
    DECISION = "decision"
    """A model or an agent says or asks for something: where blame usually lies."""
    RESULT = "result"
    """What a tool or a retriever gave back."""
    FRAME = "frame"
    """A step that only holds others."""


@dataclass(frozen=True)
class View:
    """One step with its role and its own text."""

    step: Step
    role: Role
    agent: str
    text: str
    """What the step itself says or gives back."""
    received: tuple[Message, ...] = ()
    """New messages that reached a model here, apart from its own earlier ones."""

    @property
    def index(self) -> int:
        return self.step.index


def views_of(trace: Trace) -> tuple[View, ...]:
    """Every step with its role, in reading order; each text is cut at 200,000 characters."""
    parents = {step.parent for step in trace.steps if step.parent is not None}
    return tuple(_without_templates([_view(step, step.index in parents) for step in trace.steps]))


def bare_agent(name: str | None) -> str:
    """An agent's name without a state in brackets: `Planner (thinking)` is `Planner`."""
    return _PARENTHESIS.sub("", name).strip() if name else ""


def own_text(step: Step) -> str:
    """What the step itself says: model output, result, or the words of a person."""
    if step.output_messages:
        text = "\n".join(message.content for message in step.output_messages if message.content)
    elif step.outputs is not None:
        text = as_text(step.outputs)
    elif step.kind in (StepKind.HUMAN, StepKind.CHAIN):
        text = "\n".join(message.content for message in step.new_messages or step.input_messages)
        text = text or as_text(step.inputs)
    else:
        text = "\n".join(document.content for document in step.documents)
    return text[:_MAX_TEXT]


def _view(step: Step, has_children: bool) -> View:
    received = tuple(message for message in step.new_messages if message.role != "assistant")
    agent = bare_agent(step.agent or _speaker(step))
    text = own_text(step)
    role = _role(step, has_children)
    if role is Role.DECISION and _EXECUTED.match(text):
        role = Role.RESULT
    return View(step, role, agent, text, received)


def _without_templates(views: Sequence[View]) -> Iterator[View]:
    """The user turns that a program wrote around its result are results.

    They open like a program's report, or with the same long text as another; and where a program answers in the user's
    place once, it answers whatever code the agent hands in.
    """
    heads = Counter(view.text[:_TEMPLATE] for view in views if view.role is Role.USER)
    executed = _hands_in_code(views) or any(v.role is Role.USER and _EXECUTED.match(v.text) for v in views[1:])
    asked = False
    before = ""
    for view in views:
        if view.role is Role.USER:
            filled = len(view.text) > _TEMPLATE and heads[view.text[:_TEMPLATE]] > 1
            answers = executed and bool(_BLOCK.search(before) or _EXECUTED.match(view.text))
            yield replace(view, role=Role.RESULT) if asked and (filled or answers) else view
            asked = True
        else:
            yield view
        if view.role is Role.DECISION:
            before = view.text


def _hands_in_code(views: Sequence[View]) -> bool:
    """Do nearly all turns of the agent that somebody answers end in a block of code? Then a program runs it."""
    answered = [
        before.text.rstrip().endswith("```")
        for before, after in pairwise(view for view in views if view.role in (Role.DECISION, Role.USER))
        if before.role is Role.DECISION and after.role is Role.USER
    ]
    return len(answered) >= _HABIT and sum(answered) >= _NEARLY_ALL * len(answered)


def code_spans(text: str) -> list[tuple[int, int]]:
    """Where fenced code stands in a text; a block that is not closed reaches to the end."""
    marks = [match.start() for match in _FENCE.finditer(text)]
    ends = [*marks[1::2], len(text)] if len(marks) % 2 else marks[1::2]
    return list(zip(marks[::2], ends, strict=True))


def code_in(text: str) -> tuple[str, str]:
    """Language and code of the one block that an agent hands in to be run; empty where there is none or several."""
    blocks = [(match[1].lower(), match[2]) for match in _BLOCK.finditer(text[:_MAX_TEXT])]
    runnable = [(_LANGUAGES.get(name, name), code) for name, code in blocks if _LANGUAGES.get(name, name) in _RUNNABLE]
    return runnable[0] if len(runnable) == 1 and runnable[0][1].strip() else ("", "")


def _speaker(step: Step) -> str | None:
    return next((message.name for message in step.output_messages if message.name), None)


def _role(step: Step, has_children: bool) -> Role:
    if step.kind is StepKind.HUMAN:
        return Role.USER
    if step.kind in FETCHING:
        return Role.RESULT
    if step.kind is StepKind.LLM or (step.kind is StepKind.AGENT and not has_children):
        return Role.DECISION
    messages = step.output_messages or step.input_messages
    if not has_children and (step.name in ("system", "developer") or any(m.role == "system" for m in messages)):
        return Role.CONTEXT
    return Role.FRAME
