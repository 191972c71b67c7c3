"""Tool calls and their results, brought together: by call id, by name, or by standing next to each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..model.reading.turns import this_turn
from ..model.text.jsontext import as_text, scalars
from ..model.traces import JsonValue, Message, Status, StepKind, ToolCall
from .effects import Effect, effect_by
from .failures import failure_in_result, refused_change
from .tools.commands import Command, read_command
from .tools.tool_roles import ToolFact, ToolRole, ToolUse, infer_tool
from .unpacking import unpacked
from .views import FETCHING, Role, View, code_in

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
    fact: ToolFact | None = None
    """What the tool does; None where only its name is known."""

    @property
    def role(self) -> ToolRole:
        return ToolRole.READ if self.fetched else self._fact.role

    @property
    def effect(self) -> Effect:
        return Effect.READ if self.fetched else effect_by(self._fact)

    @property
    def failed(self) -> bool:
        return bool(self.failure) or self.declared_failure

    @property
    def command(self) -> Command | None:
        """What is run, where the tool runs commands."""
        text = command_text(self.arguments) if self.role is ToolRole.RUN else ""
        return read_command(text) if text else None

    @property
    def edits(self) -> tuple[str, ...]:
        """The files that the call writes; empty where it writes none."""
        command = self.command
        if command is not None:
            return command.written
        return tuple(_paths(self.arguments)) if self.writes_files else ()

    @property
    def writes_files(self) -> bool:
        """Is it an editor of files or code, whose content needs no source?"""
        return self._fact.files

    @property
    def _fact(self) -> ToolFact:
        return self.fact or infer_tool(self.tool)

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


_COMMANDS = ("command", "cmd", "commands", "code", "script", "shell_command", "input", "cell")
_PATHS = ("file_path", "path", "filepath", "filename", "file", "notebook_path", "target_file", "absolute_path", "uri")


def command_text(arguments: JsonValue) -> str:
    """The command or program among a call's arguments; empty where none is told."""
    if isinstance(arguments, dict):
        given = next((arguments[name] for name in _COMMANDS if arguments.get(name)), None)
        if isinstance(given, list):
            texts = [item for item in given if isinstance(item, str)]
            return texts[-1] if texts[:2] and texts[0] in ("bash", "sh", "zsh") else " ".join(texts)
        return given if isinstance(given, str) else ""
    return arguments if isinstance(arguments, str) else ""


def _paths(arguments: JsonValue) -> Iterator[str]:
    for path, item in scalars(arguments):
        if path.rpartition(".")[2].lower() in _PATHS and isinstance(item, str):
            yield item


def acts_of(views: Sequence[View], tools: Mapping[str, ToolFact] | None = None) -> Iterator[Act]:
    """Every call once, in the order of asking; what `tools` does not know is told from name and arguments."""
    acts = list(_acts(views))
    known = dict(tools or {})
    used: dict[str, ToolUse] = {}
    for act in acts:
        if isinstance(act.arguments, dict):
            used.setdefault(act.tool, ToolUse()).arguments.update(act.arguments)
    for act in acts:
        if act.tool not in known:
            known[act.tool] = infer_tool(act.tool, use=used.get(act.tool, ToolUse()))
        told = replace(act, fact=known[act.tool])
        if told.role is ToolRole.WRITE and not told.failed:
            told = replace(told, failure=refused_change(act.tool, act.result or ""))
        yield told


def _acts(views: Sequence[View]) -> Iterator[Act]:
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
    """New messages that belong to this run, apart from the agent's own: without earlier turns that are told again."""
    return tuple(message for message in this_turn(view.step.new_messages) if message.role != "assistant")


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
    of_id = [i for i, call in enumerate(pending) if call_id is not None and call.call_id == call_id]
    if of_id:
        # An id that was given to two calls goes with the tool's name.
        return pending.pop(next((i for i in of_id if pending[i].tool == tool), of_id[0]))
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
    language, code = code_in(before.text) if before else ("", "")
    tool = language or "shell" if code else view.agent or "observation"
    arguments: JsonValue = {"command": code} if code else None
    return Act(tool, arguments, before.index if before else None, view.index, view.text, failure, False)
