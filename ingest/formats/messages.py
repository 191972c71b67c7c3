"""The messages format: one conversation an object, each message one step.

    {"id": "run-17", "task": "refund-204", "outcome": "fail", "messages": [{"role": "user", "content": "…"}, …]}

The index in `messages` is the step index, from 0. Only `id` and `messages` are required. What a user or system message
says is the `inputs` of its step; a tool step has the arguments of the call it answers as `inputs`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from ...model.errors import BadInputError
from ...model.text.jsontext import canonical
from ...model.traces import (
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
from .chat import json_or_text, media_parts, to_messages
from .dialogue.speakers import heard
from .dialogue.textloop import with_results
from .dialogue.turns import single_turns
from .fields import (
    count,
    mapping,
    number,
    optional_text,
    outcome_of,
    required_text,
    sequence,
    shortened,
    span_id_of,
    tags_of,
    time_ns,
)
from .head import Head
from .records import ReadItem, Record, Source, each_record
from .session import set_failed

CONVENTION = "messages"
_ERROR_TEXT = 2_000
_EXAMPLE = '{"id": "run-17", "messages": [{"role": "user", "content": "…"}]}'


def sniff(head: Head) -> bool:
    """Whether the first record of a file looks like a conversation in the messages format."""
    first = head.first
    return "id" in first and isinstance(first.get("messages"), list) and "choices" not in first


def read(source: Source) -> Iterator[ReadItem]:
    """One batch per conversation. An id that comes again in the file must go on where it was, else it is refused."""
    known: dict[str, list[bytes]] = {}

    def convert(record: Record) -> SpanBatch:
        batch = conversation_batch(record, source)
        key = batch.facts[0].trace_key if batch.facts else batch.spans[0].trace_key
        turns = [blake2b(canonical(turn), digest_size=8).digest() for turn in _turns(record.value)]
        before = known.setdefault(key, turns)
        if turns[: len(before)] != before:
            raise BadInputError(
                f"The id {shortened(key)!r} stands for another conversation further up in this file. "
                "Give each conversation an id of its own."
            )
        known[key] = turns
        return batch

    return each_record(source, convert)


def _turns(value: JsonValue) -> list[JsonValue]:
    turns = value.get("messages") if isinstance(value, dict) else None
    return turns if isinstance(turns, list) else []


def conversation_batch(record: Record, source: Source) -> SpanBatch:
    """The spans and facts of one conversation.

    Raises:
        BadInputError: if `id` or `messages` is missing or a message cannot be read; `where` names the message.
        TooLargeError: if it passes a limit.
    """
    value = record.value
    if not isinstance(value, dict):
        raise BadInputError(f"A record is an object like {_EXAMPLE}.", where=record.where)
    trace_key = required_text(value, "id")
    raw_messages = value.get("messages")
    if not isinstance(raw_messages, list):
        raise BadInputError(f"Field 'messages' is missing or no list. Write {_EXAMPLE}.")
    source.limits.check_size(record.size, where=record.where)
    source.limits.check_steps(len(raw_messages), where=record.where)
    spans = conversation_spans(trace_key, with_results(raw_messages))
    _set_times(spans, value)
    return SpanBatch(spans, [_facts(trace_key, value)])


def _set_times(spans: list[Span], value: Mapping[str, JsonValue]) -> None:
    """Start and end of the whole run, where its messages tell none of their own."""
    if not spans:
        return
    if all(span.started_at_ns is None for span in spans):
        spans[0].started_at_ns = time_ns(value.get("started_at") or value.get("timestamp"))
        in_given_order(spans)
    if all(span.ended_at_ns is None for span in spans):
        spans[-1].ended_at_ns = time_ns(value.get("ended_at"))


def conversation_spans(trace_key: str, raw_messages: list[JsonValue], convention: str = CONVENTION) -> list[Span]:
    """One span per message, in order; a message that holds several turns (`single_turns`) has one for each.

    Raises:
        BadInputError: if a message cannot be read; `where` is `messages[i]`.

    Cost: O(n²) references for n messages, since each model step holds the conversation before it; texts are shared.
    """
    state = _Conversation(trace_key, convention)
    turns = enumerate(single_turns(raw_messages))
    return in_given_order([state.step(place, raw, f"messages[{index}]") for place, (index, raw) in turns])


def in_given_order(spans: list[Span]) -> list[Span]:
    """Spans whose start times keep to their order, since steps are read by time: one without a time, or with one
    before its neighbour's, begins with the one before it."""
    latest: int | None = None
    for span in spans:
        if latest is not None and (span.started_at_ns is None or span.started_at_ns < latest):
            span.started_at_ns = latest
        latest = span.started_at_ns
    return spans


@dataclass(slots=True)
class _Conversation:
    """What is known up to a message: the turns so far and the calls that wait for a result."""

    trace_key: str
    convention: str
    turns: list[Message] = field(default_factory=list)
    open_calls: list[ToolCall] = field(default_factory=list)

    def step(self, index: int, raw: JsonValue, where: str) -> Span:
        messages = to_messages(raw, where=where)
        last, extra = messages[-1], mapping(raw)
        span = Span(
            self.trace_key,
            span_id_of(self.trace_key, index),
            last.name or last.role,
            sequence=index,
            started_at_ns=time_ns(extra.get("started_at") or extra.get("timestamp")),
            ended_at_ns=time_ns(extra.get("ended_at")),
            convention=self.convention,
        )
        if media := media_parts(extra.get("content")):
            span.attributes["message.media"] = media
        if last.role == "assistant":
            self._model_step(span, messages, extra)
        elif last.role == "tool":
            self._tool_step(span, messages)
        else:
            if last.role == "user" and (notices := heard(last.content)).notices and not notices.person:
                last = messages[-1] = replace(last, role="system")
            span.kind = StepKind.HUMAN if last.role == "user" else StepKind.CHAIN
            span.inputs = last.content
            for answer in messages[:-1]:
                self._answered(answer)
        self.turns.extend(messages)
        return span

    def _model_step(self, span: Span, messages: list[Message], extra: Mapping[str, JsonValue]) -> None:
        span.kind = StepKind.LLM
        span.agent = messages[-1].name
        span.input_messages = tuple(self.turns)
        span.output_messages = tuple(messages)
        span.model = optional_text(extra.get("model"))
        span.finish_reason = optional_text(extra.get("finish_reason") or extra.get("stop_reason"))
        span.usage = usage_of(extra.get("usage"))
        span.cost_usd = number(extra.get("cost_usd"))
        if messages[-1].is_error:
            span.status, span.error = Status.ERROR, StepError(messages[-1].content[:_ERROR_TEXT])
        self.open_calls.extend(messages[-1].tool_calls)

    def _tool_step(self, span: Span, answers: list[Message]) -> None:
        span.kind = StepKind.TOOL
        calls = [self._answered(answer) for answer in answers]
        inputs = [call.arguments if call else None for call in calls]
        outputs = [json_or_text(answer.content) for answer in answers]
        span.tool = next((call.name for call in calls if call), None) or answers[-1].name
        span.name = span.tool or "tool"
        span.inputs, span.outputs = (inputs[0], outputs[0]) if len(answers) == 1 else (list(inputs), list(outputs))
        span.tool_call_id = answers[0].tool_call_id or (calls[0].id if calls[0] else None)
        for place, answer in enumerate(answers):
            if answer.is_error:
                answers[place] = set_failed(span, answer)

    def _answered(self, answer: Message) -> ToolCall | None:
        """The call that a tool message answers: by id, else by name, else the oldest one without an answer."""
        matching = [call for call in self.open_calls if answer.tool_call_id and call.id == answer.tool_call_id]
        if not matching and answer.tool_call_id is None:
            named = [call for call in self.open_calls if call.name == answer.name]
            matching = named if answer.name else self.open_calls[:1]
        if not matching:
            return None
        self.open_calls.remove(matching[0])
        return matching[0]


def usage_of(value: JsonValue) -> Usage | None:
    """Token usage under OpenAI's, Anthropic's or Inspect's names; None where no count is given.

    Anthropic counts cached tokens beside `input_tokens`; there they are added, as `Usage` wants them included. Inspect
    passes on either way of counting: the total tells which.
    """
    raw = mapping(value)
    if not raw:
        return None
    details = mapping(
        raw.get("prompt_tokens_details") or raw.get("input_tokens_details") or raw.get("input_token_details")
    )
    taken = count(_first(raw, "input_tokens", "prompt_tokens", "inputTokens", "promptTokens", "prompt", "input"))
    given = count(
        _first(raw, "output_tokens", "completion_tokens", "outputTokens", "completionTokens", "completion", "output")
    )
    read = count(raw.get("cache_read_input_tokens") or raw.get("input_tokens_cache_read"))
    written = count(raw.get("cache_creation_input_tokens") or raw.get("input_tokens_cache_write"))
    is_beside = "input_tokens_cache_read" not in raw or count(raw.get("total_tokens")) >= taken + given + read + written
    thought = mapping(raw.get("completion_tokens_details") or raw.get("output_tokens_details"))
    return Usage(
        input_tokens=taken + (read + written if is_beside else 0),
        output_tokens=given,
        cache_read_tokens=read or count(details.get("cached_tokens") or details.get("cache_read")),
        cache_write_tokens=written,
        reasoning_tokens=count(thought.get("reasoning_tokens") or raw.get("reasoning_tokens")),
    )


def _first(raw: Mapping[str, JsonValue], *names: str) -> JsonValue:
    return next((raw[name] for name in names if raw.get(name) is not None), None)


def _facts(trace_key: str, value: Mapping[str, JsonValue]) -> TraceFacts:
    metadata = value.get("metadata")
    return TraceFacts(
        trace_key,
        project=optional_text(value.get("project")),
        task=optional_text(value.get("task")),
        outcome=outcome_of(value.get("outcome")),
        version=optional_text(value.get("version")),
        session=optional_text(value.get("session")),
        user=optional_text(value.get("user")),
        environment=optional_text(value.get("environment")),
        tags=tags_of(sequence(value.get("tags")) or value.get("tags")),
        metadata=metadata if isinstance(metadata, dict) else ({"metadata": metadata} if metadata is not None else None),
    )
