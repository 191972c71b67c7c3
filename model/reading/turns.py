"""One turn of a conversation: what its run adds to what it was told of the turns before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..text.jsontext import as_text
from ..traces import JsonValue, Message, Step, StepKind, ToolCall

_FETCHED = (StepKind.TOOL, StepKind.RETRIEVER)


def this_turn(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Those of a model call's new messages that belong to its own run.

    A run that answers one message of a conversation is handed the earlier messages too, with the calls made then: its
    own turn begins with the last message of a person.
    """
    asked = [i for i, message in enumerate(messages) if message.role == "user"]
    if not asked or not any(message.role == "assistant" for message in messages[: asked[-1]]):
        return tuple(messages)
    return tuple(messages[asked[-1] :])


def told_before(steps: Sequence[Step]) -> tuple[Message, ...]:
    """The earlier turns that a run's first model call was handed, in order, without instructions."""
    first = next((step for step in steps if step.kind is StepKind.LLM and step.input_messages), None)
    if first is None:
        return ()
    own = len(this_turn(first.new_messages))
    told = first.new_messages[: len(first.new_messages) - own]
    return tuple(message for message in told if message.role != "system")


def turn_messages(steps: Sequence[Step], asked: str = "", answered: str = "") -> tuple[Message, ...]:
    """What was said, called and shown in one run, each once, without instructions.

    Args:
        steps: All steps of the run.
        asked: The run's first input, where no message of a person is recorded.
        answered: Its final answer, where no words of the agent are recorded.

    Cost: linear in the number of messages.
    """
    found = list(_messages(steps))
    if asked and not any(message.role == "user" for message in found):
        found.insert(0, Message("user", asked))
    if answered and not any(message.role == "assistant" and message.content.strip() for message in found):
        found.append(Message("assistant", answered))
    return tuple(found)


def _messages(steps: Sequence[Step]) -> Iterator[Message]:
    waiting: list[ToolCall] = []
    models = any(step.kind is StepKind.LLM for step in steps)  # an agent's own span repeats what its model calls say
    for step in steps:
        if step.kind in _FETCHED:
            yield from _call(step, waiting)
        elif step.kind is StepKind.HUMAN and (said := as_text(step.outputs or step.inputs)).strip():
            yield Message("user", said)
        elif step.kind is StepKind.LLM or not models:
            yield from (message for message in this_turn(step.new_messages) if message.role != "system")
            yield from step.output_messages
            waiting += [call for message in step.output_messages for call in message.tool_calls]


def _call(step: Step, waiting: list[ToolCall]) -> Iterator[Message]:
    """A call that ran: its result, after the asking where no message of a model asked for it."""
    tool = step.tool or step.name
    asked = next((call for call in waiting if _fits(call, step.tool_call_id, tool)), None)
    if asked is None:
        asked = ToolCall(tool, step.inputs, step.tool_call_id or step.span_id)
        yield Message("assistant", tool_calls=(asked,))
    else:
        waiting.remove(asked)
    yield Message("tool", _shown(step), tool_call_id=asked.id, name=tool, is_error=step.error is not None)


def _fits(call: ToolCall, call_id: str | None, tool: str) -> bool:
    return call.id == call_id if call.id and call_id else call.name == tool


def _shown(step: Step) -> str:
    if step.outputs not in (None, ""):
        return as_text(step.outputs)
    return "\n".join(entry.content for entry in step.documents) or (step.error.message if step.error else "")


def replay_input(steps: Sequence[Step], given: str, earlier: Sequence[Message] = ()) -> JsonValue:
    """What an application has to be given for one run to be done again.

    Args:
        steps: All steps of the run.
        given: Its first input as text.
        earlier: What was said and shown in the turns before, where the run's own messages do not tell it.

    Returns:
        One text; or messages in the shape of a chat completion request, where several belong to it: those of earlier
        turns with their calls and results, then what a person said in this one. None where nothing was given.
    """
    first = next((step for step in steps if step.kind is StepKind.LLM and step.input_messages), None)
    own = this_turn(first.new_messages) if first else ()
    asked = [message for message in own if message.role == "user" and message.content]
    before = told_before(steps) or tuple(earlier)
    if not before and len(asked) <= 1:
        return (asked[0].content if asked else given) or None
    return as_chat((*before, *(asked or [Message("user", given)])))


def as_chat(messages: Sequence[Message]) -> list[JsonValue]:
    """Messages in the shape of a chat completion request, which most applications and frameworks take."""
    return [_as_chat(message) for message in messages]


def _as_chat(message: Message) -> JsonValue:
    value: dict[str, JsonValue] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        value["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": as_text(call.arguments)}}
            for call in message.tool_calls
        ]
    if message.tool_call_id:
        value["tool_call_id"] = message.tool_call_id
    return value
