"""Vercel AI SDK up to version 6 (`ai.*`); version 7 speaks `gen_ai.*` and is read by `genai`."""

from __future__ import annotations

from ....model.text.jsontext import as_text
from ....model.traces import Annotation, JsonValue, Message, Span, StepKind, Usage
from ...otlp.raw import RawSpan
from ..attributes import Sorted, Table
from ..base import begin, keep_events, speak
from ..messages import read_messages
from ..parts import Turn, add_call
from ..results import read_result
from ..usage import USAGE, read_usage, usage_of
from ..values import read_any_json, read_arguments, read_json, text_of, texts_of

_NORMALISED = "ai.usage.inputTokenDetails.noCacheTokens"
"""Sent since input tokens hold the cached ones whoever the vendor is."""
TABLE = Table(
    {
        "operation": ("ai.operationId",),
        "function": ("ai.telemetry.functionId",),
        "messages": ("ai.prompt.messages",),
        "prompt": ("ai.prompt",),
        "tools": ("ai.prompt.tools",),
        "text": ("ai.response.text", "ai.result.text"),
        "calls": ("ai.response.toolCalls", "ai.result.toolCalls"),
        "object": ("ai.response.object", "ai.result.object"),
        "thought": ("ai.response.reasoning",),
        "finish": ("ai.response.finishReason", "ai.finishReason", "gen_ai.response.finish_reasons"),
        "response_id": ("ai.response.id", "gen_ai.response.id"),
        "model": ("ai.response.model", "gen_ai.response.model", "ai.model.id", "gen_ai.request.model"),
        "provider": ("ai.model.provider", "gen_ai.system", "gen_ai.provider.name"),
        "input_tokens": (
            "ai.usage.inputTokens",
            "ai.usage.promptTokens",
            "gen_ai.usage.input_tokens",
            "ai.usage.tokens",
        ),
        "output_tokens": ("ai.usage.outputTokens", "ai.usage.completionTokens", "gen_ai.usage.output_tokens"),
        "cache_read": ("ai.usage.cachedInputTokens", "ai.usage.inputTokenDetails.cacheReadTokens"),
        "cache_write": ("ai.usage.inputTokenDetails.cacheWriteTokens",),
        "reasoning": ("ai.usage.reasoningTokens", "ai.usage.outputTokenDetails.reasoningTokens"),
        "tool": ("ai.toolCall.name",),
        "call_id": ("ai.toolCall.id",),
        "arguments": ("ai.toolCall.args", "ai.toolCall.input"),
        "result": ("ai.toolCall.result", "ai.toolCall.output"),
        "values": ("ai.values", "ai.value"),
    }
)


def read(raw: RawSpan, notes: list[Annotation]) -> Span:
    """The span in normal form: a run is an agent, `doGenerate` and `doStream` are its model calls."""
    attributes = TABLE.sort(raw.attributes)
    found = attributes.found
    span = begin(raw, attributes, kind=_kind(str(found.get("operation"))), convention="vercel_ai")
    span.model, span.provider = text_of(found.get("model")), text_of(found.get("provider"))
    span.tool_call_id = text_of(found.get("call_id"))
    if span.kind is StepKind.LLM:
        _read_call(span, attributes)
    elif span.kind is StepKind.EMBEDDING:
        span.usage = usage_of(found)
        values = read_json(found.get("values"))
        span.inputs = [read_any_json(value) for value in values] if isinstance(values, list) else read_any_json(values)
    else:
        attributes.put_back(*USAGE, "finish", "response_id")
    if span.kind is StepKind.TOOL:
        span.tool = text_of(found.get("tool")) or raw.name
        span.inputs = read_arguments(found.get("arguments"))
        span.outputs = read_result(found.get("result"), encoded=True).value
        span.model = span.provider = None
    elif span.kind is StepKind.AGENT:
        _read_run(span, found)
    elif span.kind is StepKind.RERANKER:
        span.inputs, span.outputs = read_json(found.get("values")), read_any_json(found.get("result"))
    if span.agent is None:
        span.agent = text_of(found.get("function"))
    speak(span)
    keep_events(span, raw, "ai.stream.firstChunk", "ai.stream.finish")
    return span


def _kind(operation: str) -> StepKind:
    if operation.endswith((".doGenerate", ".doStream")):
        return StepKind.LLM
    if operation == "ai.toolCall":
        return StepKind.TOOL
    if operation.startswith("ai.embed"):
        return StepKind.EMBEDDING
    if operation.startswith("ai.rerank"):
        return StepKind.RERANKER
    if operation.startswith(("ai.generate", "ai.stream")):
        return StepKind.AGENT
    return StepKind.CHAIN


def _usage(attributes: Sorted) -> Usage | None:
    """Tokens of a call. Before version 6 vendors' counts came as they were, Anthropic's without what was cached."""
    usage = usage_of(attributes.found)
    metadata = read_json(attributes.rest.get("ai.response.providerMetadata"))
    if usage is None or not isinstance(metadata, dict) or _NORMALISED in attributes.rest:
        return usage
    for vendor, apart in (("openai", False), ("anthropic", True), ("bedrock", True)):
        told = metadata.get(vendor)
        if not isinstance(told, dict):
            continue
        raw = told.get("usage")
        counts = read_usage({**told, **raw} if isinstance(raw, dict) else told) or Usage()
        read = usage.cache_read_tokens or counts.cache_read_tokens
        write = usage.cache_write_tokens or counts.cache_write_tokens
        given = usage.input_tokens + (read + write if apart else 0)
        return Usage(given, usage.output_tokens, read, write, usage.reasoning_tokens or counts.reasoning_tokens)
    return usage


def _read_call(span: Span, attributes: Sorted) -> None:
    found = attributes.found
    span.usage = _usage(attributes)
    span.response_id = text_of(found.get("response_id"))
    span.finish_reason = next(iter(texts_of(found.get("finish"))), None)
    tools = read_json(found.get("tools"))
    span.tool_definitions = [read_json(tool) for tool in tools] if isinstance(tools, list) else tools
    span.input_messages = read_messages(found["messages"] if "messages" in found else found.get("prompt"))
    span.output_messages = _answer(found)


def _answer(found: dict[str, JsonValue]) -> tuple[Message, ...]:
    turn = Turn("assistant")
    text = found.get("text", found.get("object"))
    if text is not None:
        turn.texts.append(as_text(text))
    if thought := text_of(found.get("thought")):
        turn.thoughts.append(thought)
    calls = read_json(found.get("calls"))
    for call in calls if isinstance(calls, list) else []:
        add_call(turn, call)
    return tuple(turn.messages()) if turn.texts or turn.calls or turn.thoughts else ()


def _read_run(span: Span, found: dict[str, JsonValue]) -> None:
    prompt = read_json(found.get("prompt", found.get("messages")))
    if isinstance(prompt, dict):
        said = prompt.get("prompt") or prompt.get("messages")
        span.inputs = said if said is not None else prompt
    else:
        span.inputs = prompt
    span.outputs = text_of(found.get("text")) or read_any_json(found.get("object", found.get("calls")))
