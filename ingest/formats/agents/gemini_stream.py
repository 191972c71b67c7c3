"""What Gemini CLI prints or logs: `--output-format stream-json`, and the log file of its telemetry.

A stream tells messages, in pieces, with calls and results; a log tells prompts, responses with their tokens, and calls.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ....model.text.jsontext import as_text
from ....model.traces import (
    JsonValue,
    Message,
    Span,
    SpanBatch,
    Status,
    StepError,
    StepKind,
    ToolCall,
    TraceFacts,
    Usage,
)
from ..chat import json_or_text
from ..fields import count, digest_of, mapping, optional_text, sequence, time_ns
from ..head import Head
from ..records import ReadItem, Record, RecordError, Source, json_records
from ..session import SessionBuilder, joined, left_out_of
from .gemini_cli import AGENT, CONVENTION, used

_EVENTS = "gemini_cli."
_STREAM = ("init", "message", "tool_use", "tool_result", "error", "result")


def sniff(head: Head) -> bool:
    """Whether the first records are of a stream or of a log."""
    first = head.first
    is_stream = first.get("type") == "init" and {"session_id", "model", "timestamp"} <= first.keys()
    return is_stream or any(_event(mapping(record)) for record in head.records[:3])


def _event(value: dict[str, JsonValue]) -> str:
    return name if (name := as_text(mapping(value.get("attributes")).get("event.name"))).startswith(_EVENTS) else ""


def read(source: Source) -> Iterator[ReadItem]:
    """A batch a session."""
    runs: dict[str, _Run] = {}
    key = ""
    for record in json_records(source):
        value = mapping(record.value) if isinstance(record, Record) else {}
        if isinstance(record, RecordError):
            yield record
            continue
        said = value.get("session_id") or mapping(value.get("attributes")).get("session.id")
        key = as_text(said) or key or f"{source.name.rpartition('.')[0]}-{digest_of(value)}"
        run = runs.setdefault(key, _Run(SessionBuilder(key, CONVENTION, AGENT)))
        run.number += 1
        if event := _event(value):
            run.logged(event.removeprefix(_EVENTS), mapping(value.get("attributes")))
        elif value.get("type") in _STREAM:
            run.printed(value)
        else:
            run.left_out[as_text(value.get("type")) or "record without a type"] += 1
    for name, run in runs.items():
        if run.builder.spans:
            facts = TraceFacts(name, session=name)
            yield SpanBatch(run.builder.spans, [facts])
            yield from left_out_of(source.file, run.left_out)
    if not any(run.builder.spans for run in runs.values()):
        yield source.error("file", "The session has no turns.")


@dataclass(slots=True)
class _Run:
    builder: SessionBuilder
    number: int = 0
    """Records so far; they name the steps."""
    model: str | None = None
    open_answer: Span | None = None
    left_out: Counter[str] = field(default_factory=Counter)

    def printed(self, value: dict[str, JsonValue]) -> None:
        """The next record of a stream."""
        kind, key, moment = value["type"], self._key(value), time_ns(value.get("timestamp"))
        if kind == "init":
            self.model = optional_text(value.get("model"))
        elif kind == "message" and value.get("role") == "user":
            self.open_answer = None
            self.builder.spoken(as_text(value.get("content")), key=key, time_ns=moment)
        elif kind == "message":
            message = Message("assistant", as_text(value.get("content")))
            self._answered(message, key, moment, is_piece=bool(value.get("delta")))
        elif kind == "tool_use":
            call = optional_text(value.get("tool_id"))
            asked = ToolCall(as_text(value.get("tool_name")), value.get("parameters"), call)
            self._answered(Message("assistant", tool_calls=(asked,)), key, moment)
        elif kind == "tool_result":
            self.open_answer = None
            text = as_text(value.get("output")) or as_text(mapping(value.get("error")).get("message"))
            call, failed = optional_text(value.get("tool_id")), value.get("status") == "error"
            self.builder.returned(Message("tool", text, tool_call_id=call, is_error=failed), key=key, time_ns=moment)
        else:
            self._ended(value, key, moment)

    def _key(self, value: dict[str, JsonValue]) -> str:
        """What makes a step's id: a session that is resumed is printed into a second file."""
        return f"{self.number}.{digest_of(value)}"

    def _answered(self, message: Message, key: str, moment: int | None, *, is_piece: bool = False) -> None:
        span = self.open_answer
        if span is None:
            span = self.builder.answered(message, key=key, time_ns=moment)
            span.model, span.provider = self.model, "google"
            self.open_answer = span
            return
        before = span.output_messages[0]
        whole = joined(before, message)
        if is_piece:
            whole = replace(before, content=before.content + message.content)
        self.builder.set_answer(span, whole)

    def _ended(self, value: dict[str, JsonValue], key: str, moment: int | None) -> None:
        error = as_text(mapping(value.get("error")).get("message") or value.get("message"))
        if value.get("status") == "error" or value.get("severity") == "error":
            span = self.builder.said(Message("system", error, name="error"), key=key, time_ns=moment)
            span.status, span.error = Status.ERROR, StepError(error)
        elif error:
            self.left_out["warnings"] += 1
        stats = mapping(value.get("stats"))
        answers = [span for span in self.builder.spans if span.kind is StepKind.LLM]
        if stats and answers:
            told = (count(stats.get(name)) for name in ("input_tokens", "output_tokens", "cached"))
            answers[-1].usage = Usage(*told)

    def logged(self, event: str, values: dict[str, JsonValue]) -> None:
        """The next event of a log."""
        key, moment = self._key(values), time_ns(values.get("event.timestamp"))
        if event == "user_prompt":
            self.builder.spoken(as_text(values.get("prompt")), key=key, time_ns=moment)
        elif event == "api_response":
            answer = _response(values.get("response_text"))
            span = self.builder.answered(answer, key=key, time_ns=moment, usage=_used(values))
            span.model, span.provider = optional_text(values.get("model")), "google"
        elif event == "api_error":
            span = self.builder.answered(Message("assistant"), key=key, time_ns=moment)
            self.builder.turns.pop()
            span.model, span.provider, span.status = optional_text(values.get("model")), "google", Status.ERROR
            what = as_text(values.get("error.message") or values.get("error"))
            span.error = StepError(what, optional_text(values.get("error.type")))
        elif event == "tool_call":
            self._tool(values, key, moment)
        else:
            self.left_out[event] += 1

    def _tool(self, values: dict[str, JsonValue], key: str, moment: int | None) -> None:
        failed = values.get("success") is False
        text = as_text(values.get("error.message") or values.get("error"))
        if values.get("decision") == "reject":
            text = f"rejected by the user\n{text}".strip()
        name = optional_text(values.get("function_name"))
        span = self.builder.returned(Message("tool", text, name=name, is_error=failed), key=key, time_ns=moment)
        span.inputs = json_or_text(values.get("function_args"))
        took = count(values.get("duration_ms"))
        span.started_at_ns = moment - took * 1_000_000 if moment else None


def _response(text: JsonValue) -> Message:
    """The answer in a logged response: JSON of the API's chunks, or text."""
    value = json_or_text(text)
    whole = Message("assistant")
    for chunk in value if isinstance(value, list) else [value]:
        for candidate in sequence(mapping(chunk).get("candidates"))[:1]:
            for part in map(mapping, sequence(mapping(mapping(candidate).get("content")).get("parts"))):
                whole = joined(whole, _part(part))
    return whole if whole != Message("assistant") else Message("assistant", as_text(text))


def _part(part: dict[str, JsonValue]) -> Message:
    call = mapping(part.get("functionCall"))
    if call:
        asked = ToolCall(as_text(call.get("name")), call.get("args"), optional_text(call.get("id")))
        return Message("assistant", tool_calls=(asked,))
    text = as_text(part.get("text"))
    return Message("assistant", reasoning=text or None) if part.get("thought") else Message("assistant", text)


def _used(values: dict[str, JsonValue]) -> Usage:
    kinds = ("input", "tool", "output", "thoughts", "cached_content")
    return used(*(values.get(f"{kind}_token_count") for kind in kinds))
