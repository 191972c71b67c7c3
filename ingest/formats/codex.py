"""Codex rollout files: `{timestamp, type, payload}` a line, one session a file.

`event_msg` records repeat what `response_item` records hold; only their token counts are taken. What the model gives
between two turns of others (reasoning, text, calls) is one step.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ...model.errors import BadInputError
from ...model.text.jsontext import as_text
from ...model.traces import JsonValue, Message, Span, SpanBatch, ToolCall, TraceFacts, Usage
from .chat import content_text, json_or_text
from .fields import count, mapping, optional_text, sequence, time_ns
from .head import Head
from .records import ReadItem, Record, RecordError, Source, json_records
from .session import SessionBuilder, joined, kept

CONVENTION = "codex"
_TYPES = (
    "session_meta",
    "turn_context",
    "response_item",
    "event_msg",
    "compacted",
    "token_usage_record",
    "world_state",
)
_CALLS = ("function_call", "custom_tool_call", "local_shell_call", "tool_search_call")
_OUTPUTS = ("function_call_output", "custom_tool_call_output", "tool_search_output")
_INSTRUCTIONS = ("<environment_context>", "<user_instructions>", "# AGENTS.md", "<permissions", "<INSTRUCTIONS>")
_EXIT_CODE = re.compile(r"^(?:Process exited with code|Exit code:) (-?\d{1,6})\s*$", re.MULTILINE)
_EXIT_TEXT = 4_000


def sniff(head: Head) -> bool:
    """Whether the first record is of a rollout."""
    return head.first.get("type") in _TYPES and "payload" in head.first


def read(source: Source) -> Iterator[ReadItem]:
    """One batch: the session."""
    rollout = _Rollout(SessionBuilder(source.name.rpartition(".")[0] or source.name, CONVENTION, "codex"))
    for record in json_records(source):
        if isinstance(record, RecordError):
            yield record
            continue
        try:
            rollout.add(record)
        except BadInputError as err:
            yield source.error(record.where, str(err))
    batch = rollout.batch()
    if batch.spans:
        yield batch
    else:
        yield source.error("file", "The session has no turns.")


@dataclass(slots=True)
class _Rollout:
    builder: SessionBuilder
    open_answer: Span | None = None
    last_answer: Span | None = None
    model: str | None = None
    provider: str | None = None
    metadata: dict[str, JsonValue] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        value = mapping(record.value)
        if not value:
            raise BadInputError("A record of a rollout is an object.")
        payload = mapping(value.get("payload"))
        kind = value.get("type")
        if kind == "session_meta":
            self._session(payload)
        elif kind == "turn_context":
            self.model = optional_text(payload.get("model")) or self.model
        elif kind == "response_item":
            self._item(payload, record.where, time_ns(value.get("timestamp")))
        elif kind == "event_msg" and payload.get("type") == "token_count":
            self._usage(mapping(mapping(payload.get("info")).get("last_token_usage")))

    def _session(self, payload: dict[str, JsonValue]) -> None:
        if not self.builder.spans and payload.get("id"):
            self.builder.trace_key = as_text(payload["id"])
        self.provider = optional_text(payload.get("model_provider"))
        self.metadata.update(kept(payload, "cwd", "cli_version", "originator", "git", "source"))

    def _item(self, item: dict[str, JsonValue], where: str, moment: int | None) -> None:
        kind = item.get("type")
        if kind in _OUTPUTS:
            self._returned(item, where, moment)
        elif kind in _CALLS:
            self._answered(Message("assistant", tool_calls=(_call(item),)), where, moment)
        elif kind == "reasoning":
            text = content_text(item.get("summary")) or content_text(item.get("content"))
            self._answered(Message("assistant", reasoning=text or None), where, moment)
        elif kind == "message":
            text = content_text(item.get("content"))
            if item.get("role") == "assistant":
                self._answered(Message("assistant", text), where, moment)
            else:
                self.open_answer = None
                role = "user" if item.get("role") == "user" and not text.startswith(_INSTRUCTIONS) else "system"
                self.builder.said(Message(role, text), key=where, time_ns=moment)

    def _answered(self, message: Message, where: str, moment: int | None) -> None:
        span = self.open_answer
        if span is None:
            span = self.builder.answered(message, key=where, time_ns=moment)
            span.model, span.provider = self.model, self.provider
            self.open_answer = self.last_answer = span
        else:
            span.ended_at_ns = moment or span.ended_at_ns
            self.builder.set_answer(span, joined(span.output_messages[0], message))

    def _returned(self, item: dict[str, JsonValue], where: str, moment: int | None) -> None:
        self.open_answer = None
        raw = json_or_text(item.get("output"))
        body = mapping(raw)
        text = as_text(body.get("output") or body.get("content") or raw) if body else _output_text(raw)
        code = mapping(body.get("metadata")).get("exit_code")
        if code is None and (match := _EXIT_CODE.search(text[:_EXIT_TEXT])):
            code = int(match[1])
        failed = code not in (None, 0) or body.get("success") is False
        message = Message("tool", text, tool_call_id=optional_text(item.get("call_id")), is_error=failed)
        self.builder.returned(message, key=where, time_ns=moment)

    def _usage(self, raw: dict[str, JsonValue]) -> None:
        if raw and self.last_answer is not None:
            self.last_answer.usage = Usage(
                count(raw.get("input_tokens")),
                count(raw.get("output_tokens")),
                count(raw.get("cached_input_tokens")),
                reasoning_tokens=count(raw.get("reasoning_output_tokens")),
            )

    def batch(self) -> SpanBatch:
        key = self.builder.trace_key
        return SpanBatch(self.builder.spans, [TraceFacts(key, session=key, metadata=self.metadata or None)])


def _output_text(raw: JsonValue) -> str:
    parts = sequence(raw)
    return content_text(raw) if parts and all("type" in mapping(part) for part in parts) else as_text(raw)


def _call(item: dict[str, JsonValue]) -> ToolCall:
    arguments = next((item[key] for key in ("arguments", "input", "action") if item.get(key) is not None), None)
    return ToolCall(as_text(item.get("name")) or "shell", json_or_text(arguments), optional_text(item.get("call_id")))
