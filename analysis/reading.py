"""A trace as a story: who asked, who decided, what was done and what came back.

Conventions differ in where they put an utterance, a tool call and its result. Here each step gets one role and its own
text, and every tool call meets its result, so that signals and evidence need not know where a trace comes from.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

from ..store.jsontext import as_text
from ..store.models import JsonValue, Message, Status, Step, StepKind, Trace
from .effects import Effect, effect_of
from .failures import failure_in_result
from .unpacking import unpacked

_MAX_TEXT = 200_000
_TEMPLATE = 120
"""User turns that share this many opening characters come from one template."""
_PARENTHESIS = re.compile(r"\s*\([^()]*\)\s*$")
_REPEATED = 120
"""This many equal characters make a tool message the repetition of a tool step."""
_EXECUTED = re.compile(
    r"\s*(?:exitcode: -?\d+|The script ran, then exited|Process exited with|"
    r"Execution (?:logs|result|output)\b|Observation:)"
)
_FETCHING = {StepKind.TOOL, StepKind.RETRIEVER, StepKind.RERANKER}


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


@dataclass(frozen=True, slots=True)
class Act:
    """One tool call with its result.

    `asked` is the step that asked for it (None where only the tool step was recorded), `done` the step that shows the
    result (None where none came back).
    """

    tool: str
    arguments: JsonValue
    asked: int | None
    done: int | None
    result: str | None
    failure: str | None
    """A literal piece of the result or error that says it failed."""
    declared_failure: bool
    """The instrumentation itself calls it an error."""

    @property
    def effect(self) -> Effect:
        return effect_of(self.tool)

    @property
    def step(self) -> int:
        """Where a reader would look: the decision if known, else the tool step."""
        return self.asked if self.asked is not None else self.done if self.done is not None else 0

    @property
    def key(self) -> tuple[str, str]:
        return self.tool, as_text(self.arguments)


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


@dataclass(frozen=True)
class Reading:
    """All steps of a trace with their roles, and its acts in order."""

    trace: Trace
    views: tuple[View, ...]
    acts: tuple[Act, ...]
    _by_step: dict[int, View] = field(repr=False)

    def view(self, index: int) -> View:
        return self._by_step[index]

    @cached_property
    def decisions(self) -> tuple[View, ...]:
        return tuple(view for view in self.views if view.role is Role.DECISION)

    @cached_property
    def results(self) -> tuple[View, ...]:
        return tuple(view for view in self.views if view.role is Role.RESULT)

    @cached_property
    def user_turns(self) -> tuple[tuple[int, str], ...]:
        """What people said, with the step that first shows it."""
        return tuple(_user_turns(self.views))

    @cached_property
    def final(self) -> View | None:
        """The last decision that says something to the outside; None where nothing was answered."""
        asking = {act.asked for act in self.acts}
        for view in reversed(self.decisions):
            if view.text.strip() and view.index not in asking:
                return view
        return None

    @cached_property
    def request(self) -> str:
        """The first thing asked of the agent."""
        if self.user_turns:
            return self.user_turns[0][1]
        return self.trace.summary.input

    @cached_property
    def acts_by_asker(self) -> dict[int, list[Act]]:
        found: dict[int, list[Act]] = {}
        for act in self.acts:
            found.setdefault(act.step, []).append(act)
        return found


def read(trace: Trace) -> Reading:
    """The trace with roles and acts. Cost: linear in its text; each text is cut at 200,000 characters."""
    parents = {step.parent for step in trace.steps if step.parent is not None}
    views = tuple(_view(step, step.index in parents) for step in trace.steps)
    views = tuple(_without_templates(views))
    return Reading(trace, views, tuple(_acts(views)), {view.index: view for view in views})


def mended(reading: Reading, failed: Act) -> bool:
    """Did a later call of the same tool work?"""
    at = reading.acts.index(failed)
    return any(
        act.tool == failed.tool and not act.failure and not act.declared_failure for act in reading.acts[at + 1 :]
    )


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
    """A user turn that opens with the same long text as another was written by a program around its result."""
    heads = Counter(view.text[:_TEMPLATE] for view in views if view.role is Role.USER)
    asked = False
    for view in views:
        filled = view.role is Role.USER and len(view.text) > _TEMPLATE and heads[view.text[:_TEMPLATE]] > 1
        yield replace(view, role=Role.RESULT) if filled and asked else view
        asked = asked or view.role is Role.USER


def _speaker(step: Step) -> str | None:
    return next((message.name for message in step.output_messages if message.name), None)


def _role(step: Step, has_children: bool) -> Role:
    if step.kind is StepKind.HUMAN:
        return Role.USER
    if step.kind in _FETCHING:
        return Role.RESULT
    if step.kind is StepKind.LLM or (step.kind is StepKind.AGENT and not has_children):
        return Role.DECISION
    messages = step.output_messages or step.input_messages
    if not has_children and (step.name in ("system", "developer") or any(m.role == "system" for m in messages)):
        return Role.CONTEXT
    return Role.FRAME


def _user_turns(views: Sequence[View]) -> Iterator[tuple[int, str]]:
    seen: set[str] = set()
    for view in views:
        if view.role is Role.USER:
            texts = [view.text]
        elif view.role is Role.DECISION:
            texts = [message.content for message in view.received if message.role == "user"]
        else:
            texts = []
        for text in texts:
            if text.strip() and text not in seen:
                seen.add(text)
                yield view.index, text


@dataclass
class _Pending:
    asked: int
    tool: str
    arguments: JsonValue
    call_id: str | None
    position: int


def _acts(views: Sequence[View]) -> Iterator[Act]:
    pending: list[_Pending] = []
    acts: list[tuple[int, Act]] = []
    last_decision: dict[int | None, View] = {}
    recorded: list[Act] = []
    position = 0
    for view in views:
        if view.role is Role.RESULT:
            fetched = view.step.kind in _FETCHING
            call = _take(pending, view.step.tool_call_id, view.step.tool or view.step.name) if fetched else None
            position += 1
            act = _done(view, call) if fetched else _observed(view, last_decision.get(view.step.parent))
            acts.append((call.position if call else position, act))
            recorded.append(act)
        elif view.role is Role.DECISION:
            for message in view.received:
                if message.role == "tool":
                    position += 1
                    call = _take(pending, message.tool_call_id, message.name)
                    if call is None and any(_tells_again(message.content, act) for act in recorded):
                        continue
                    acts.append((call.position if call else position, _told(view, message, call, last_decision)))
            for request in (request for message in view.step.output_messages for request in message.tool_calls):
                position += 1
                pending.append(_Pending(view.index, request.name, unpacked(request.arguments), request.id, position))
            last_decision[view.step.parent] = view
            recorded.clear()
    acts += [(call.position, Act(call.tool, call.arguments, call.asked, None, None, None, False)) for call in pending]
    return (act for _, act in sorted(acts, key=lambda pair: pair[0]))


def _tells_again(content: str, act: Act) -> bool:
    """Does a tool message repeat what a tool step has shown?"""
    result = (act.result or "").strip()[:_REPEATED]
    return (
        act.declared_failure or bool(result and result in content) or content.strip()[:_REPEATED] in (act.result or "")
    )


def _take(pending: list[_Pending], call_id: str | None, tool: str | None) -> _Pending | None:
    for i, call in enumerate(pending):
        if call_id is not None and call.call_id == call_id:
            return pending.pop(i)
    for i, call in enumerate(pending):
        if (call_id is None or call.call_id is None) and (tool is None or call.tool == tool):
            return pending.pop(i)
    return None


def _done(view: View, call: _Pending | None) -> Act:
    step = view.step
    arguments = call.arguments if call and step.inputs is None else unpacked(step.inputs)
    tool = step.tool or (call.tool if call else step.name)
    declared = step.status is Status.ERROR or any(m.is_error for m in step.output_messages)
    failure = failure_in_result(view.text, step.outputs)
    if failure is None and declared:
        failure = (step.error.message if step.error and step.error.message else view.text[:200]) or None
    return Act(tool, arguments, call.asked if call else None, view.index, view.text, failure, declared)


def _told(view: View, message: Message, call: _Pending | None, last_decision: dict[int | None, View]) -> Act:
    """A result that only the next model call shows; without a recorded call it answers the decision before."""
    failure = failure_in_result(message.content, message.content)
    if failure is None and message.is_error:
        failure = message.content[:200]
    before = last_decision.get(view.step.parent)
    asked = call.asked if call else before.index if before else None
    tool, arguments = (call.tool, call.arguments) if call else (message.name or "observation", None)
    return Act(tool, arguments, asked, view.index, message.content, failure, message.is_error)


def _observed(view: View, before: View | None) -> Act:
    """A result that arrives as somebody's turn: an executor's report, a program's filled-in template."""
    failure = failure_in_result(view.text)
    return Act(
        view.agent or "observation", None, before.index if before else None, view.index, view.text, failure, False
    )
