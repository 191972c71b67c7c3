"""Claude Code's beta trace spans (scope `com.anthropic.claude_code.*`, key `span.type`)."""

from __future__ import annotations

from ....model.traces import Annotation, Fold, JsonValue, Span, StepKind, Usage
from ...otlp.raw import RawSpan
from ..attributes import Sorted, Table
from ..base import begin, fail, keep_events
from ..values import count_of, read_json, text_of, texts_of

AGENT = "claude-code"
KINDS = {
    "interaction": StepKind.AGENT,
    "llm_request": StepKind.LLM,
    "tool": StepKind.TOOL,
    "tool.blocked_on_user": StepKind.HUMAN,
}
TABLE = Table(
    {
        "type": ("span.type",),
        "model": ("model", "gen_ai.response.model", "gen_ai.request.model"),
        "provider": ("gen_ai.provider.name", "gen_ai.system"),
        "input_tokens": ("input_tokens",),
        "output_tokens": ("output_tokens",),
        "cache_read": ("cache_read_tokens",),
        "cache_write": ("cache_creation_tokens",),
        "finish": ("stop_reason", "gen_ai.response.finish_reasons"),
        "response_id": ("gen_ai.response.id", "message_id"),
        "prompt": ("user_prompt",),
        "response": ("response", "assistant_response"),
        "tool": ("tool_name",),
        "call_id": ("tool_use_id", "gen_ai.tool.call.id"),
        "arguments": ("tool_input", "tool_parameters"),
        "error_message": ("error", "error_message"),
    }
)
_ARGUMENTS = {
    "full_command": "command",
    "file_path": "file_path",
    "path": "path",
    "pattern": "pattern",
    "url": "url",
    "query": "query",
    "skill_name": "skill",
    "subagent_type": "subagent_type",
}
_OUTPUT_EVENT = "tool.output"


def read(raw: RawSpan, notes: list[Annotation]) -> Span:
    """The span in normal form; only interactions, model requests and tools become steps."""
    attributes = TABLE.sort(raw.attributes)
    found = attributes.found
    kind = KINDS.get(str(found.get("type")), StepKind.CHAIN)
    span = begin(raw, attributes, kind=kind, convention="claude_code")
    span.agent = span.agent or AGENT
    span.tool_call_id = text_of(found.get("call_id"))
    if raw.attributes.get("success") in (False, "false") and span.error is None:
        fail(span, text_of(found.get("error_message")))
    if kind is StepKind.AGENT:
        span.inputs, span.outputs = found.get("prompt"), found.get("response")
    elif kind is StepKind.LLM:
        span.model, span.provider = text_of(found.get("model")), text_of(found.get("provider"))
        span.finish_reason = next(iter(texts_of(found.get("finish"))), None)
        span.response_id = text_of(found.get("response_id"))
        span.usage = usage_apart(found)
    elif kind is StepKind.TOOL:
        _read_tool(span, attributes, raw)
    elif kind is StepKind.HUMAN:
        span.outputs = text_of(raw.attributes.get("decision"))
        # Only a person's own answer is a step; what a rule or setting let pass was no wait.
        span.fold = None if str(raw.attributes.get("source")).startswith("user") else Fold.WRAPPER
    else:
        span.fold = Fold.WRAPPER
    keep_events(span, raw, _OUTPUT_EVENT, "gen_ai.request.attempt")
    return span


def usage_apart(found: dict[str, JsonValue]) -> Usage:
    """Usage of counts that tell cached tokens apart from input, as Anthropic's own do."""
    read_tokens, write_tokens = count_of(found.get("cache_read")), count_of(found.get("cache_write"))
    given = count_of(found.get("input_tokens")) + read_tokens + write_tokens
    return Usage(given, count_of(found.get("output_tokens")), read_tokens, write_tokens)


def _read_tool(span: Span, attributes: Sorted, raw: RawSpan) -> None:
    found, rest = attributes.found, attributes.rest
    span.tool = text_of(found.get("tool")) or span.name
    span.inputs = read_json(found.get("arguments"))
    if span.inputs is None:
        known = {name: rest.pop(key) for key, name in _ARGUMENTS.items() if key in rest}
        span.inputs = known or None
    for event in raw.events:
        if event.name == _OUTPUT_EVENT:
            told = [
                event.attributes[key] for key in ("output", "content", "result", "stdout") if key in event.attributes
            ]
            span.outputs = read_json(told[0]) if told else dict(event.attributes)
