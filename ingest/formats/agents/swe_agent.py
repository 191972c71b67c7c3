"""SWE-agent trajectories (`*.traj`): thought, action and observation of every step.

The steps are in `trajectory`; `history` tells the instructions and the task before them. Demonstrations in the history
are of another run and no steps of this one.
"""

from __future__ import annotations

from collections.abc import Iterator

from ....model.errors import BadInputError
from ....model.text.jsontext import as_text
from ....model.traces import JsonValue, Message, SpanBatch, ToolCall, TraceFacts
from ..chat import content_text, to_messages
from ..dialogue.headlines import exit_code
from ..fields import digest_of, mapping, optional_text, sequence
from ..head import Head
from ..records import ReadItem, Record, Source, each_record
from ..session import SessionBuilder, kept

CONVENTION = "swe-agent"
_AGENT = "swe-agent"
_SUBMIT = "submit"
_EXITS = ("exit_command", "exit_format", "exit_cost", "exit_context", "exit_error", "exit_forfeit")


def sniff(head: Head) -> bool:
    """Whether the first record holds steps with an action and an observation."""
    steps = sequence(head.first.get("trajectory"))
    return bool(steps) and {"action", "observation"} <= mapping(steps[0]).keys()


def read(source: Source) -> Iterator[ReadItem]:
    """One batch a trajectory."""
    return each_record(source, lambda record: _batch(record, source))


def _batch(record: Record, source: Source) -> SpanBatch:
    value = mapping(record.value)
    steps = [mapping(step) for step in sequence(value.get("trajectory"))]
    if not steps:
        raise BadInputError("The trajectory has no steps.")
    source.limits.check_size(record.size, where=record.where)
    source.limits.check_steps(2 * len(steps), where=record.where)
    info = mapping(value.get("info"))
    stem = source.name.removesuffix(".json")
    instance = optional_text(value.get("instance_id")) or (stem[:-5] if stem.endswith(".traj") else None)
    key = f"{instance or source.name.rpartition('.')[0] or stem}-{digest_of(value.get('trajectory'))}"
    builder = SessionBuilder(key, CONVENTION, _AGENT)
    history = [mapping(turn) for turn in sequence(value.get("history") or steps[0].get("query"))]
    _begin(builder, history)
    asked = iter([turn for turn in history if turn.get("role") == "assistant" and not _is_demonstration(turn)])
    for index, step in enumerate(steps):
        _step(builder, step, next(asked, {}), index)
    metadata = kept(info, "exit_status", "submission", "model_stats", "swe_agent_version")
    return SpanBatch(builder.spans, [TraceFacts(key, task=instance, metadata=metadata or None)])


def _begin(builder: SessionBuilder, history: list[dict[str, JsonValue]]) -> None:
    """The turns before the first answer."""
    for index, turn in enumerate(history):
        if turn.get("role") == "assistant" and not _is_demonstration(turn):
            return
        text = content_text(turn.get("content"))
        if _is_demonstration(turn):
            builder.told(text, "demonstration")
        elif turn.get("role") == "system":
            builder.said(Message("system", text), key=f"h{index}", time_ns=None)
        else:
            builder.said(Message("user", text), key=f"h{index}", time_ns=None)


def _is_demonstration(turn: dict[str, JsonValue]) -> bool:
    return bool(turn.get("is_demo")) or turn.get("message_type") == "demonstration"


def _step(builder: SessionBuilder, step: dict[str, JsonValue], asked: dict[str, JsonValue], index: int) -> None:
    action, text = as_text(step.get("action")), as_text(step.get("response")) or as_text(step.get("thought"))
    message = to_messages(
        {"role": "assistant", "content": text, "tool_calls": step.get("tool_calls") or asked.get("tool_calls")}
    )[-1]
    is_run = bool(action.strip()) and action.strip() not in _EXITS
    if is_run and not message.tool_calls:
        call = ToolCall(_SUBMIT if action.strip() == _SUBMIT else "bash", {"command": action}, f"action-{index}")
        message = Message("assistant", message.content, (call,), reasoning=message.reasoning)
    builder.answered(message, key=f"m{index}", time_ns=None)
    observation = as_text(step.get("observation"))
    if is_run:
        code = exit_code(observation)
        result = Message("tool", observation, tool_call_id=message.tool_calls[0].id, is_error=code not in (None, 0))
        builder.returned(result, key=f"t{index}", time_ns=None)
    elif observation or action.strip():
        builder.said(Message("system", observation or action, name="harness"), key=f"t{index}", time_ns=None)
