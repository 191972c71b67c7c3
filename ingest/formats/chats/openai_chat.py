"""Conversations with a model's API, one a line: fine-tuning files, batch results, logged requests with their response.

Chat Completions and the Responses API of OpenAI, and Anthropic's Messages API; of several choices, and of a preference
pair, the first or preferred one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from ....model.errors import BadInputError
from ....model.text.jsontext import canonical, parse_if_json
from ....model.traces import JsonValue, Message, SpanBatch, StepKind, TraceFacts
from ..dialogue.textloop import with_results
from ..dialogue.turns import turn_of
from ..fields import mapping, optional_text, outcome_of, sequence, tags_of, time_ns
from ..head import Head
from ..messages import conversation_spans
from ..records import ReadItem, Record, Source, each_record
from ..session import joined

CONVENTION = "openai-chat"
_REQUESTS = ("request", "request_body", "requestBody", "req")
_RESPONSES = ("response", "response_body", "responseBody", "res")


def sniff(head: Head) -> bool:
    """Whether the first record has `messages` or `choices`, itself or in its request and response."""
    request, response = _halves(head.first)
    is_batch = {"custom_id", "response", "error"} <= head.first.keys()
    has_answer = (
        bool(_choices(response)) or _is_response(response) or _is_message(response) or _is_message_batch(head.first)
    )
    first = mapping(next(iter(sequence(request.get("messages"))), None))
    return (bool(first) and ("role" in first or "source" not in first)) or has_answer or is_batch


def read(source: Source) -> Iterator[ReadItem]:
    """One batch per conversation."""
    return each_record(source, lambda record: _conversation(record, source))


def _conversation(record: Record, source: Source) -> SpanBatch:
    value = mapping(record.value)
    request, response = _halves(value)
    turns = [*_asked(request), *_answers(response, request), *_failure(value, response)]
    if not turns:
        raise BadInputError("No conversation: 'messages', 'choices' and 'output' are all missing or empty.")
    source.limits.check_size(record.size, where=record.where)
    source.limits.check_steps(len(turns), where=record.where)
    trace_key = _key(value, response)
    metadata = mapping(value.get("metadata") or request.get("metadata"))
    facts = TraceFacts(
        trace_key,
        task=optional_text(value.get("task") or metadata.get("task")),
        outcome=outcome_of(value.get("outcome")),
        session=optional_text(value.get("session") or metadata.get("session_id")),
        user=optional_text(request.get("user") or value.get("user")),
        version=optional_text(value.get("version")),
        tags=tags_of(value.get("tags")),
        metadata=metadata or None,
    )
    spans = conversation_spans(trace_key, with_results(turns), CONVENTION)
    for span in spans:
        if span.kind is StepKind.LLM:
            span.tool_definitions = request.get("tools") or request.get("functions") or None
    return SpanBatch(spans, [facts])


def _halves(value: dict[str, JsonValue]) -> tuple[dict[str, JsonValue], dict[str, JsonValue]]:
    """The request and the response of a record; a flat record is both."""
    request = mapping(_held(value, _REQUESTS)) or value
    response = mapping(_held(value, _RESPONSES)) or value
    preferred = value.get("preferred_output")
    if isinstance(preferred, list):
        return mapping(value.get("input")), {"choices": [{"message": message} for message in preferred[:1]]}
    if _is_message_batch(value):
        result = mapping(value["result"])
        return mapping(value.get("params")), mapping(result.get("message")) or result
    return mapping(request.get("body") or request.get("params")) or request, mapping(response.get("body")) or response


def _is_response(value: dict[str, JsonValue]) -> bool:
    """Whether it is an answer of the Responses API."""
    return value.get("object") == "response" and isinstance(value.get("output"), list)


def _held(value: dict[str, JsonValue], names: tuple[str, ...]) -> JsonValue:
    held = next((value[name] for name in names if isinstance(value.get(name), dict | str)), None)
    return parse_if_json(held) if isinstance(held, str) else held


def _is_message(value: dict[str, JsonValue]) -> bool:
    """Whether it is an answer of Anthropic's Messages API."""
    return value.get("type") == "message" and isinstance(value.get("content"), list)


def _is_message_batch(value: dict[str, JsonValue]) -> bool:
    """Whether it is a result of Anthropic's Message Batches."""
    return "custom_id" in value and "type" in mapping(value.get("result"))


def _asked(request: dict[str, JsonValue]) -> Iterator[JsonValue]:
    """The turns of a request: `messages`, or the `instructions` and `input` of the Responses API."""
    from ...conventions.messages import read_messages

    if system := request.get("system"):
        yield {"role": "system", "content": system}
    if request.get("messages") or not {"instructions", "input"} & request.keys():
        yield from sequence(request.get("messages"))
        return
    if instructions := request.get("instructions"):
        yield {"role": "system", "content": instructions}
    yield from map(turn_of, _one_by_one(read_messages(request.get("input"))))


def _one_by_one(messages: Iterable[Message]) -> list[Message]:
    """Reasoning, calls and text of one answer, which the Responses API lists apart, as one message."""
    turns: list[Message] = []
    for message in messages:
        if turns and message.role == turns[-1].role == "assistant":
            turns[-1] = joined(turns[-1], message)
        else:
            turns.append(message)
    return turns


def _choices(response: dict[str, JsonValue]) -> list[JsonValue]:
    return [choice for choice in sequence(response.get("choices")) if mapping(choice).get("message")]


def _answers(response: dict[str, JsonValue], request: dict[str, JsonValue]) -> Iterator[JsonValue]:
    """The first choice, or the answer of the Responses API, as a message with what the response says of it."""
    from ...conventions.messages import read_output

    if _is_response(response):
        for answer in _one_by_one(read_output(response.get("output"))):
            yield {
                **turn_of(answer),
                "model": response.get("model"),
                "usage": response.get("usage"),
                "finish_reason": response.get("status"),
                "timestamp": time_ns(response.get("created_at")),
            }
    if _is_message(response):
        yield {
            "role": "assistant",
            "content": response["content"],
            "model": response.get("model") or request.get("model"),
            "usage": response.get("usage"),
            "finish_reason": response.get("stop_reason"),
        }
    for choice in _choices(response)[:1]:
        message = dict(mapping(mapping(choice).get("message")))
        yield {
            "role": "assistant",
            **message,
            "model": response.get("model") or request.get("model"),
            "usage": response.get("usage"),
            "finish_reason": mapping(choice).get("finish_reason"),
            "timestamp": time_ns(response.get("created")),
        }


def _failure(value: dict[str, JsonValue], response: dict[str, JsonValue]) -> Iterator[JsonValue]:
    """A request of a batch that was refused or ran out of time, as the answer that failed."""
    error = mapping(response.get("error") or value.get("error"))
    if error:
        what = error.get("message") or error.get("code") or "failed"
        yield {"role": "assistant", "content": what, "is_error": True, "model": response.get("model")}


def _key(value: dict[str, JsonValue], response: dict[str, JsonValue]) -> str:
    """The id that the record gives, else one from its content, the same on every import."""
    for found in (value.get("id"), value.get("custom_id"), response.get("id")):
        if text := optional_text(found):
            return text
    return "chat-" + hashlib.sha256(canonical(value)).hexdigest()[:24]
