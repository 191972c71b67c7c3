"""Tool calls and their results, brought together: by call id, by name, or by standing next to each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..model.text.jsontext import as_text
from ..model.traces import JsonValue, Message, Status, StepKind, ToolCall
from .effects import Effect, effect_of
from .failures import failure_in_result
from .unpacking import unpacked
from .views import FETCHING, Role, View

_REPEATED = 120
"""This many equal characters make a tool message the repetition of a tool step."""


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
    fetched: bool = False
    """A retrieval step, which changes nothing whatever its name."""

    @property
    def effect(self) -> Effect:
        return Effect.READ if self.fetched else effect_of(self.tool)

    @property
    def step(self) -> int:
        """Where a reader would look: the decision if known, else the tool step."""
        return self.asked if self.asked is not None else self.done if self.done is not None else 0

    @property
    def key(self) -> tuple[str, str]:
        return self.tool, as_text(self.arguments)


@dataclass
class _Pending:
    asked: int | None
    tool: str
    arguments: JsonValue
    call_id: str | None
    position: int


def acts_of(views: Sequence[View]) -> Iterator[Act]:
    """Every call once, in the order of asking."""
    pending: list[_Pending] = []
    acts: list[tuple[int, Act]] = []
    last_decision: dict[int | None, View] = {}
    recorded: list[Act] = []
    position = 0
    for view in views:
        if view.role is Role.RESULT:
            fetched = view.step.kind in FETCHING
            call = _take(pending, view.step.tool_call_id, view.step.tool or view.step.name) if fetched else None
            position += 1
            act = _done(view, call) if fetched else _observed(view, last_decision.get(view.step.parent))
            acts.append((call.position if call else position, act))
            recorded.append(act)
        elif view.role is Role.DECISION:
            told = {call.id: call for message in view.step.new_messages for call in message.tool_calls if call.id}
            for message in view.received if last_decision else current_turn(view):
                if message.role == "tool":
                    position += 1
                    call = _take(pending, message.tool_call_id, message.name)
                    if call is None and any(_tells_again(message.content, act) for act in recorded):
                        continue
                    call = call or _unrecorded(told.get(message.tool_call_id or ""), position)
                    acts.append((call.position if call else position, _told(view, message, call, last_decision)))
            for request in (request for message in view.step.output_messages for request in message.tool_calls):
                position += 1
                pending.append(_Pending(view.index, request.name, unpacked(request.arguments), request.id, position))
            last_decision[view.step.parent] = view
            recorded.clear()
    acts += [(call.position, Act(call.tool, call.arguments, call.asked, None, None, None, False)) for call in pending]
    return (act for _, act in sorted(acts, key=lambda pair: pair[0]))


def current_turn(view: View) -> tuple[Message, ...]:
    """New messages that belong to this run: from the last message of a person on, where earlier turns are told again.

    A run that answers one message of a conversation is handed the earlier messages too, with the calls made then.
    """
    messages = view.step.new_messages
    asked = [i for i, message in enumerate(messages) if message.role == "user"]
    if not asked or not any(message.role == "assistant" for message in messages[: asked[-1]]):
        return view.received
    return tuple(message for message in messages[asked[-1] :] if message.role != "assistant")


def _unrecorded(call: ToolCall | None, position: int) -> _Pending | None:
    """A call that only the messages of a later model call tell of."""
    return _Pending(None, call.name, unpacked(call.arguments), call.id, position) if call else None


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
    return Act(
        tool,
        arguments,
        call.asked if call else None,
        view.index,
        view.text,
        failure,
        declared,
        step.kind is not StepKind.TOOL,
    )


def _told(view: View, message: Message, call: _Pending | None, last_decision: dict[int | None, View]) -> Act:
    """A result that only the next model call shows; without a recorded call it answers the decision before."""
    failure = failure_in_result(message.content, message.content)
    if failure is None and message.is_error:
        failure = message.content[:200]
    before = last_decision.get(view.step.parent)
    asked = call.asked if call and call.asked is not None else before.index if before else None
    tool, arguments = (call.tool, call.arguments) if call else (message.name or "observation", None)
    return Act(tool, arguments, asked, view.index, message.content, failure, message.is_error)


def _observed(view: View, before: View | None) -> Act:
    """A result that arrives as somebody's turn: an executor's report, a program's filled-in template."""
    failure = failure_in_result(view.text)
    return Act(
        view.agent or "observation", None, before.index if before else None, view.index, view.text, failure, False
    )
