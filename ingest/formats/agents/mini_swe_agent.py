"""mini-swe-agent trajectories (`*.traj.json`), with commands as text or as tool calls, and the bare list of the first.

Every turn of the user role after the first is the harness's: the result of the command before it, or a note that an
answer had not the right form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ....model.text.jsontext import as_text
from ....model.traces import JsonValue, Message, SpanBatch, StepKind, ToolCall, TraceFacts
from ..chat import content_text, json_or_text, to_messages
from ..dialogue.headlines import exit_code
from ..dialogue.refusals import persons_decision
from ..fields import digest_of, mapping, number, optional_text, sequence, time_ns
from ..head import Head
from ..messages import usage_of
from ..records import ReadItem, RecordError, Source, json_records
from ..session import SessionBuilder, kept

CONVENTION = "mini-swe-agent"
_AGENT = "mini-swe-agent"
_COMMAND = re.compile(r"```(?:bash|mswea_bash_command)\s*\n(.*?)\n```", re.DOTALL)
"""How mini-swe-agent itself finds the one command of an answer."""
_SUBMISSION = re.compile(r"COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT|MINI_SWE_AGENT_FINAL_OUTPUT")


def sniff(head: Head) -> bool:
    """Whether it is a trajectory: it says so, or its turns hold return codes."""
    if as_text(head.first.get("trajectory_format")).startswith(CONVENTION):
        return True
    if isinstance(head.first.get("messages"), list) and "model_stats" in mapping(head.first.get("info")):
        return True
    return len(head.records) > 1 and any(
        mapping(one).get("role") == "user" and content_text(mapping(one).get("content")).startswith("<returncode>")
        for one in head.records
    )


def read(source: Source) -> Iterator[ReadItem]:
    """One batch: the run."""
    turns: list[JsonValue] = []
    whole: dict[str, JsonValue] = {}
    for record in json_records(source):
        if isinstance(record, RecordError):
            yield record
        elif "role" in mapping(record.value):
            turns.append(record.value)
        elif mapping(record.value).get("messages"):
            source.limits.check_size(record.size, where=record.where)
            whole, turns = mapping(record.value), sequence(mapping(record.value).get("messages"))
        else:
            yield source.error(record.where, "No turn and no trajectory: 'role' and 'messages' are both missing.")
    if not turns:
        yield source.error("file", "The trajectory has no turns.")
        return
    source.limits.check_steps(len(turns), where="file")
    yield _batch(source, whole, turns)


def _batch(source: Source, whole: dict[str, JsonValue], turns: list[JsonValue]) -> SpanBatch:
    info = mapping(whole.get("info"))
    instance = optional_text(whole.get("instance_id"))
    stem = instance or source.name.removesuffix(".json").removesuffix(".traj")
    key = f"{stem}-{digest_of(turns)}"
    run = _Run(
        SessionBuilder(key, CONVENTION, _AGENT),
        optional_text(mapping(mapping(info.get("config")).get("model")).get("model_name")),
    )
    for index, turn in enumerate(turns):
        run.add(mapping(turn), index)
    run.submitted(was=info.get("exit_status") == "Submitted")
    metadata = kept(info, "exit_status", "submission", "mini_version", "model_stats")
    return SpanBatch(run.builder.spans, [TraceFacts(key, task=instance, metadata=metadata or None)])


class _Run:
    """The steps so far, and the calls of the last answer that wait for their result."""

    def __init__(self, builder: SessionBuilder, model: str | None) -> None:
        self.builder = builder
        self._model = model
        self._waiting: list[ToolCall] = []
        self._is_begun = False

    def add(self, turn: dict[str, JsonValue], index: int) -> None:
        """The next turn."""
        extra = mapping(turn.get("extra"))
        moment, key, role = time_ns(extra.get("timestamp")), str(index), as_text(turn.get("role"))
        text = content_text(turn.get("content"))
        if role == "assistant" or turn.get("object") == "response":
            self._answer(turn, extra, key, moment)
        elif role == "tool" or turn.get("type") == "function_call_output":
            call = optional_text(turn.get("tool_call_id") or turn.get("call_id"))
            self._returned(text or content_text(turn.get("output")), extra, call, key, moment)
        elif role != "user" or (self._is_begun and not self._waiting and not extra.get("interrupt_type")):
            name = role if role in ("system", "exit") else "format error"
            self.builder.said(Message("system", text, name=name), key=key, time_ns=moment)
        elif self._is_begun and self._waiting and not extra.get("interrupt_type"):
            self._returned(text, extra, self._waiting.pop(0).id, key, moment)
        else:
            self._is_begun = True
            self.builder.said(Message("user", text), key=key, time_ns=moment)

    def _answer(self, turn: dict[str, JsonValue], extra: dict[str, JsonValue], key: str, moment: int | None) -> None:
        response = mapping(extra.get("response")) or turn
        message = _message(turn)
        given = sequence(extra.get("actions"))
        actions = [] if message.tool_calls else [mapping(one) for one in given] or _commands(message.content)
        if len(actions) == 1 or given:
            calls = tuple(
                ToolCall("bash", {"command": one.get("command")}, as_text(one.get("tool_call_id")) or f"{key}-{place}")
                for place, one in enumerate(actions)
            )
            message = Message(message.role, message.content, message.tool_calls + calls, reasoning=message.reasoning)
        self._waiting = list(message.tool_calls)
        span = self.builder.answered(message, key=key, time_ns=moment, usage=usage_of(response.get("usage")))
        span.model = optional_text(response.get("model")) or self._model
        span.cost_usd = number(extra.get("cost"))
        choice = next(iter(sequence(response.get("choices"))), None)
        span.finish_reason = optional_text(mapping(choice).get("finish_reason"))
        span.response_id = optional_text(response.get("id"))

    def _returned(self, text: str, extra: dict[str, JsonValue], call: str | None, key: str, moment: int | None) -> None:
        self._waiting = [one for one in self._waiting if one.id != call]
        code = extra.get("returncode")
        if code is None:
            code = mapping(json_or_text(text)).get("returncode", exit_code(text))
        failed = code not in (None, 0, "") or persons_decision(text) is not None or bool(extra.get("exception_info"))
        message = Message("tool", text, tool_call_id=call, is_error=failed)
        self.builder.returned(message, key=key, time_ns=moment)

    def submitted(self, *, was: bool) -> None:
        """The last command hands the work in: mini-swe-agent ends there, and nobody waits for a further answer."""
        if not self.builder.spans or self.builder.spans[-1].kind is not StepKind.TOOL:
            return
        last = self.builder.spans[-1]
        if not was and not _SUBMISSION.search(as_text(last.inputs)):
            return
        last.tool = last.name = "submit"
        asked = next((span for span in reversed(self.builder.spans) if span.output_messages), None)
        if asked is not None:
            message = asked.output_messages[0]
            calls = (
                replace(call, name="submit") if call.id == last.tool_call_id else call for call in message.tool_calls
            )
            asked.output_messages = (replace(message, tool_calls=tuple(calls)),)


def _message(turn: dict[str, JsonValue]) -> Message:
    if turn.get("object") == "response":
        from ...conventions.messages import read_output
        from ..session import joined

        whole = Message("assistant")
        for one in read_output(turn.get("output")):
            whole = joined(whole, one)
        return whole
    return to_messages(turn)[-1]


def _commands(text: str) -> list[dict[str, JsonValue]]:
    return [{"command": block[1]} for block in _COMMAND.finditer(text)]
