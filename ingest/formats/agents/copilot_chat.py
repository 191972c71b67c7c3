"""Chats of GitHub Copilot in VS Code: exported (`Chat: Export Chat…`) or kept in `chatSessions/`, also as `.jsonl`.

A request is a person's turn; the rounds of its result are model steps with their calls and results. Where a chat tells
no rounds, the response is one model step, and a tool step for each invocation that it shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ....model.errors import BadInputError
from ....model.text.jsontext import as_text
from ....model.traces import JsonValue, Message, SpanBatch, Status, StepError, ToolCall, TraceFacts, Usage
from ..chat import content_text, json_or_text
from ..fields import count, mapping, optional_text, sequence, span_id_of, time_ns
from ..head import Head
from ..records import ReadItem, Record, RecordError, Source, json_records
from ..session import SessionBuilder, joined, kept, left_out_of

CONVENTION = "copilot-chat"
_AGENT = "copilot"
_INVOCATION = "toolInvocationSerialized"
_TEXT_KINDS = ("", "markdownContent", "markdownVuln")
_SHOWN_ONLY = ("prepareToolInvocation", "undoStop", "codeblockUri", "progressMessage", "mcpServersStarting")


def sniff(head: Head) -> bool:
    """Whether the first record is a chat, or the first state of one."""
    first = mapping(head.first.get("v")) if head.first.get("kind") == 0 else head.first
    request = next(iter(sequence(first.get("requests"))), None)
    is_named = "responderUsername" in first or ("sessionId" in first and "creationDate" in first)
    return isinstance(first.get("requests"), list) and (is_named or {"message", "response"} <= mapping(request).keys())


def read(source: Source) -> Iterator[ReadItem]:
    """One batch: the chat."""
    state: JsonValue = None
    for record in json_records(source):
        if isinstance(record, RecordError):
            yield record
            continue
        try:
            state = _next_state(state, record)
        except BadInputError as err:
            yield source.error(record.where, str(err))
    chat = mapping(state)
    requests = [mapping(one) for one in sequence(chat.get("requests"))]
    left_out: Counter[str] = Counter()
    if not requests:
        yield source.error("file", "The chat has no requests.")
        return
    yield _batch(source, chat, requests, left_out)
    yield from left_out_of(source.file, left_out)


def _next_state(state: JsonValue, record: Record) -> JsonValue:
    """The chat after one more record: a whole chat, or a change (1 sets, 2 adds to a list, 3 removes)."""
    value = mapping(record.value)
    if "requests" in value:
        return value
    kind, path = value.get("kind"), sequence(value.get("k"))
    if kind == 0:
        return value.get("v")
    if kind not in (1, 2, 3) or not path:
        raise BadInputError("No chat and no change of one: 'requests' and 'kind' are both missing.")
    holder = state
    for step in path[:-1]:
        holder = _inside(holder, step)
    last = path[-1]
    if kind == 2:
        items = sequence(_inside(holder, last))
        at = value.get("i")
        place = at if isinstance(at, int) and 0 <= at <= len(items) else len(items)
        items[place:] = sequence(value.get("v"))
    elif isinstance(holder, dict) and kind == 1:
        holder[as_text(last)] = value.get("v")
    elif isinstance(holder, dict):
        holder.pop(as_text(last), None)
    elif isinstance(holder, list) and isinstance(last, int) and 0 <= last < len(holder):
        holder[last] = value.get("v") if kind == 1 else None
    return state


def _inside(holder: JsonValue, step: JsonValue) -> JsonValue:
    if isinstance(holder, list) and isinstance(step, int) and 0 <= step < len(holder):
        return holder[step]
    if isinstance(holder, dict) and as_text(step) in holder:
        return holder[as_text(step)]
    raise BadInputError(f"The change names a place that the chat does not have: {as_text(step)!r}.")


def _batch(
    source: Source, chat: dict[str, JsonValue], requests: list[dict[str, JsonValue]], left_out: Counter[str]
) -> SpanBatch:
    source.limits.check_steps(len(requests), where="file")
    first = span_id_of(as_text(requests[0].get("requestId")), as_text(requests[0].get("message")))
    key = as_text(chat.get("sessionId")) or f"{source.name.rpartition('.')[0] or source.name}-{first}"
    builder = SessionBuilder(key, CONVENTION, _AGENT)
    for index, request in enumerate(requests):
        _Request(builder, request, as_text(request.get("requestId")) or f"{index}", left_out).add()
    metadata = kept(chat, "customTitle", "initialLocation", "responderUsername")
    facts = TraceFacts(key, session=key, metadata=metadata or None)
    return SpanBatch(builder.spans, [facts])


class _Request:
    """One request with what came of it."""

    def __init__(
        self, builder: SessionBuilder, request: dict[str, JsonValue], key: str, left_out: Counter[str]
    ) -> None:
        self._builder = builder
        self._request = request
        self._key = key
        self._left_out = left_out
        self._result = mapping(request.get("result"))
        self._moment = time_ns(request.get("timestamp"))

    def add(self) -> None:
        """All steps of the request."""
        said = self._request.get("message")
        text = as_text(mapping(said).get("text")) or content_text(mapping(said).get("parts") or said)
        self._builder.spoken(text, key=self._key, time_ns=self._moment)
        metadata = mapping(self._result.get("metadata"))
        rounds = [mapping(one) for one in sequence(metadata.get("toolCallRounds"))]
        if rounds:
            self._rounds(rounds, mapping(metadata.get("toolCallResults")))
        else:
            self._shown()
        self._used(metadata)

    def _rounds(self, rounds: list[dict[str, JsonValue]], results: dict[str, JsonValue]) -> None:
        for index, one in enumerate(rounds):
            calls = [mapping(call) for call in sequence(one.get("toolCalls"))]
            thinking = optional_text(mapping(one.get("thinking")).get("text"))
            asked = tuple(map(_call, calls))
            message = Message("assistant", as_text(one.get("response")), asked, reasoning=thinking)
            self._answered(message, f"r{index}")
            for call in asked:
                if call.id in results:
                    text = _result_text(results[call.id])
                    message = Message("tool", text, tool_call_id=call.id, is_error=text.startswith("ERROR"))
                    self._builder.returned(message, key=f"{self._key}.{call.id}", time_ns=None)

    def _answered(self, message: Message, key: str) -> None:
        span = self._builder.answered(message, key=f"{self._key}.{key}", time_ns=None)
        span.model = optional_text(self._request.get("modelId"))

    def _shown(self) -> None:
        """The response as the chat shows it: texts, and the calls between them."""
        whole, number = Message("assistant"), 0
        for item in map(mapping, sequence(self._request.get("response"))):
            kind = as_text(item.get("kind"))
            if kind == _INVOCATION:
                call = _invocation(item, f"{self._key}.{number}")
                self._answered(joined(whole, Message("assistant", tool_calls=(call,))), f"a{number}")
                self._builder.returned(_shown_result(item, call), key=f"{self._key}.t{number}", time_ns=None)
                whole, number = Message("assistant"), number + 1
            elif kind == "thinking":
                whole = joined(whole, Message("assistant", reasoning=_text(item.get("value")) or None))
            elif kind in _TEXT_KINDS or (kind == "text" and item.get("text")):
                text = _text(item.get("value") or item.get("content") or item.get("text"))
                whole = Message("assistant", whole.content + text, reasoning=whole.reasoning)
            elif kind not in _SHOWN_ONLY:
                self._left_out[f"response/{kind}"] += 1
        if whole != Message("assistant"):
            self._answered(whole, f"a{number}")

    def _used(self, metadata: dict[str, JsonValue]) -> None:
        last = next((span for span in reversed(self._builder.spans) if span.output_messages), None)
        usage = mapping(self._result.get("usage")) or metadata
        given, taken = usage.get("promptTokens"), usage.get("outputTokens") or usage.get("completionTokens")
        if last is not None and (given is not None or taken is not None):
            last.usage = Usage(count(given), count(taken))
        error = mapping(self._result.get("errorDetails"))
        what = as_text(error.get("message"))
        if error and self._request.get("isCanceled"):
            said = Message("system", what, name="interruption")
            self._builder.said(said, key=f"{self._key}.c", time_ns=None)
        elif error:
            self._answered(Message("assistant"), "error")
            self._builder.turns.pop()
            span = self._builder.spans[-1]
            span.status, span.error = Status.ERROR, StepError(what, optional_text(error.get("code")))


def _call(raw: dict[str, JsonValue]) -> ToolCall:
    return ToolCall(as_text(raw.get("name")), json_or_text(raw.get("arguments")), optional_text(raw.get("id")))


def _text(value: JsonValue) -> str:
    return as_text(mapping(value).get("value")) if isinstance(value, dict) else content_text(value)


def _invocation(item: dict[str, JsonValue], key: str) -> ToolCall:
    data = mapping(item.get("toolSpecificData"))
    line = mapping(data.get("commandLine"))
    arguments = data.get("rawInput") or ({"command": line.get("original")} if line else None) or data or None
    return ToolCall(
        as_text(item.get("toolId")) or "tool",
        arguments or {"message": _text(item.get("invocationMessage"))},
        optional_text(item.get("toolCallId")) or key,
    )


def _shown_result(item: dict[str, JsonValue], call: ToolCall) -> Message:
    confirmed = item.get("isConfirmed")
    refused = confirmed is False or mapping(confirmed).get("type") == 0
    text = _text(item.get("resultDetails")) or _text(item.get("pastTenseMessage"))
    text = "The user rejected this call." if refused else text
    return Message("tool", text, tool_call_id=call.id, is_error=refused)


def _result_text(value: JsonValue) -> str:
    parts = sequence(mapping(value).get("content"))
    return "\n".join(as_text(mapping(part).get("value")) for part in parts) if parts else as_text(value)
