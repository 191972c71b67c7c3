"""OpenAI chat conversations, one a line: fine-tuning files, batch results, and logged requests with their response."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from ...store.errors import BadInputError
from ...store.jsontext import canonical
from ...store.models import JsonValue, SpanBatch, TraceFacts
from .fields import mapping, optional_text, outcome_of, sequence, tags_of, time_ns
from .head import Head
from .messages import conversation_spans
from .records import ReadItem, Record, Source, each_record

CONVENTION = "openai-chat"


def sniff(head: Head) -> bool:
    """Whether the first record has `messages` or `choices`, itself or in its request and response."""
    request, response = _halves(head.first)
    return bool(sequence(request.get("messages"))) or bool(_choices(response))


def read(source: Source) -> Iterator[ReadItem]:
    """One batch per conversation."""
    return each_record(source, lambda record: _conversation(record, source))


def _conversation(record: Record, source: Source) -> SpanBatch:
    value = mapping(record.value)
    request, response = _halves(value)
    turns = [*sequence(request.get("messages")), *_answers(response, request)]
    if not turns:
        raise BadInputError("No conversation: 'messages' and 'choices' are both missing or empty.")
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
    return SpanBatch(conversation_spans(trace_key, turns, CONVENTION), [facts])


def _halves(value: dict[str, JsonValue]) -> tuple[dict[str, JsonValue], dict[str, JsonValue]]:
    """The request and the response of a record; a flat record is both."""
    request = mapping(value.get("request")) or value
    response = mapping(value.get("response")) or value
    return mapping(request.get("body")) or request, mapping(response.get("body")) or response


def _choices(response: dict[str, JsonValue]) -> list[JsonValue]:
    return [choice for choice in sequence(response.get("choices")) if mapping(choice).get("message")]


def _answers(response: dict[str, JsonValue], request: dict[str, JsonValue]) -> Iterator[JsonValue]:
    """The first choice as a message with what the response says of it."""
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


def _key(value: dict[str, JsonValue], response: dict[str, JsonValue]) -> str:
    """The id that the record gives, else one from its content, the same on every import."""
    for found in (value.get("id"), value.get("custom_id"), response.get("id")):
        if text := optional_text(found):
            return text
    return "chat-" + hashlib.sha256(canonical(value)).hexdigest()[:24]
