"""What `codex exec --json` prints: events of a thread, one a line.

`item.completed` tells each item whole; what the model gives between two results is one step. A turn tells its tokens
when it ends. The prompt is not printed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from ....model.text.jsontext import as_text
from ....model.traces import JsonValue, Message, Span, SpanBatch, Status, StepError, ToolCall, TraceFacts, Usage
from ..fields import count, digest_of, mapping, optional_text, sequence, time_ns
from ..head import Head
from ..records import ReadItem, Record, RecordError, Source, json_records
from ..session import SessionBuilder, joined, left_out_of

CONVENTION = "codex"
_AGENT = "codex"
_TYPES = ("thread.started", "turn.started", "turn.completed", "turn.failed", "item.started", "item.completed")
_CALLS = {
    "command_execution": ("shell", ("command",), "aggregated_output"),
    "file_change": ("apply_patch", ("changes",), "status"),
    "mcp_tool_call": ("", ("arguments",), "result"),
    "web_search": ("web_search", ("query", "action"), "results"),
    "collab_tool_call": ("", ("prompt", "receiver_thread_ids"), "agents_states"),
    "todo_list": ("update_plan", ("items",), "status"),
}
"""Kind of an item → name of the tool, fields that are its arguments, field that is its result."""


def sniff(head: Head) -> bool:
    """Whether the first record is an event of a thread."""
    kind = head.first.get("type")
    return kind in _TYPES and ("thread_id" in head.first or "item" in head.first or kind in _TYPES[1:4])


def read(source: Source) -> Iterator[ReadItem]:
    """A batch a thread."""
    threads: dict[str, _Thread] = {}
    thread: _Thread | None = None
    for record in json_records(source):
        value = mapping(record.value) if isinstance(record, Record) else {}
        if isinstance(record, RecordError):
            yield record
            continue
        if not value:
            yield source.error(record.where, "An event of a thread is an object.")
            continue
        if thread is None or value.get("type") == "thread.started":
            key = as_text(value.get("thread_id")) or f"{source.name.rpartition('.')[0]}-{digest_of(value)}"
            thread = threads.setdefault(key, _Thread(SessionBuilder(key, CONVENTION, _AGENT)))
            thread.runs += 1
        thread.add(value)
    for one in threads.values():
        batch = one.batch()
        if not batch.spans:
            yield source.error("file", "The thread has no items.")
            continue
        yield batch
        yield from left_out_of(source.file, one.left_out)


@dataclass(slots=True)
class _Thread:
    builder: SessionBuilder
    runs: int = 0
    """How often the thread was started or resumed: items are numbered anew each time."""
    turns: int = 0
    open_answer: Span | None = None
    turn_answer: Span | None = None
    """The last answer of the turn."""
    left_out: Counter[str] = field(default_factory=Counter)

    def add(self, event: dict[str, JsonValue]) -> None:
        """The next event."""
        kind = as_text(event.get("type"))
        moment = time_ns(event.get("timestamp"))
        if kind == "item.completed":
            self._item(mapping(event.get("item")), moment)
        elif kind == "turn.completed":
            self._used(mapping(event.get("usage")))
            self._end()
        elif kind in ("turn.failed", "error"):
            said = mapping(event.get("error")).get("message") or event.get("message")
            self._failed(as_text(said), self._key(event), moment)
            self._end()
        elif kind == "turn.started":
            self._end()
        elif kind not in ("thread.started", "item.started", "item.updated"):
            self.left_out[kind or "event without a type"] += 1

    def _key(self, value: dict[str, JsonValue]) -> str:
        """What makes a step's id: a thread that is resumed is printed into a second file, numbered anew."""
        return f"{self.runs}.{self.turns}.{digest_of(value)}"

    def _end(self) -> None:
        self.turns += 1
        self.open_answer = self.turn_answer = None

    def _item(self, item: dict[str, JsonValue], moment: int | None) -> None:
        kind, key = as_text(item.get("type") or item.get("item_type")), self._key(item)
        if kind in ("agent_message", "assistant_message"):
            self._answered(Message("assistant", as_text(item.get("text"))), key, moment)
        elif kind == "reasoning":
            self._answered(Message("assistant", reasoning=as_text(item.get("text")) or None), key, moment)
        elif kind in _CALLS:
            self._called(kind, item, key, moment)
        elif kind == "error":
            self.builder.said(Message("system", as_text(item.get("message")), name="notice"), key=key, time_ns=moment)
        else:
            self.left_out[f"item/{kind}"] += 1

    def _answered(self, message: Message, key: str, moment: int | None) -> None:
        span = self.open_answer
        if span is None:
            span = self.builder.answered(message, key=f"{key}.answer", time_ns=moment)
            span.provider = "openai"
            self.open_answer = self.turn_answer = span
        else:
            self.builder.set_answer(span, joined(span.output_messages[0], message))

    def _called(self, kind: str, item: dict[str, JsonValue], key: str, moment: int | None) -> None:
        name, arguments, result = _CALLS[kind]
        name = name or "/".join(filter(None, (as_text(item.get("server")), as_text(item.get("tool")))))
        call = ToolCall(name, {one: item[one] for one in arguments if item.get(one) is not None}, key)
        self._answered(Message("assistant", tool_calls=(call,)), key, moment)
        self.open_answer = None
        code, error = item.get("exit_code"), mapping(item.get("error")).get("message")
        failed = item.get("status") in ("failed", "declined") or code not in (None, 0) or bool(error)
        text = as_text(error) if error else _result_text(item.get(result))
        if item.get("status") == "declined":
            text = f"declined by the user\n{text}".strip()
        elif failed and not text:
            text = as_text(item.get("status")) if code is None else f"exit code {as_text(code)}"
        message = Message("tool", text, tool_call_id=key, is_error=failed)
        self.builder.returned(message, key=key, time_ns=moment)

    def _used(self, raw: dict[str, JsonValue]) -> None:
        if raw and self.turn_answer is not None:
            self.turn_answer.usage = Usage(
                count(raw.get("input_tokens")),
                count(raw.get("output_tokens")),
                count(raw.get("cached_input_tokens")),
                reasoning_tokens=count(raw.get("reasoning_output_tokens")),
            )

    def _failed(self, text: str, key: str, moment: int | None) -> None:
        span = self.builder.answered(Message("assistant"), key=key, time_ns=moment)
        self.builder.turns.pop()
        span.status, span.error = Status.ERROR, StepError(text)

    def batch(self) -> SpanBatch:
        """The thread as far as it was read."""
        key = self.builder.trace_key
        return SpanBatch(self.builder.spans, [TraceFacts(key, session=key)])


def _result_text(value: JsonValue) -> str:
    content = sequence(mapping(value).get("content"))
    texts = [optional_text(mapping(part).get("text")) for part in content]
    return "\n".join(text for text in texts if text) if any(texts) else as_text(value)
