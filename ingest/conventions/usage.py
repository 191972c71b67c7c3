"""Token counts under the names that vendors give them, as `Usage`."""

from __future__ import annotations

from collections.abc import Mapping

from ...model.traces import JsonValue, Usage
from .values import count_of, read_json

_INPUT = (
    "input_tokens",
    "prompt_tokens",
    "inputTokens",
    "promptTokens",
    "input",
    "promptTokenCount",
    "prompt_token_count",
)
_OUTPUT = (
    "output_tokens",
    "completion_tokens",
    "outputTokens",
    "completionTokens",
    "output",
    "candidatesTokenCount",
    "candidates_token_count",
)
_READ = (
    "cache_read_input_tokens",
    "cached_tokens",
    "cache_read_tokens",
    "cachedInputTokens",
    "cachedPromptTokens",
    "input_cached_tokens",
    "cache_read",
    "cacheReadInputTokens",
    "cachedContentTokenCount",
    "cachedContentTokens",
    "prompt_cached_tokens",
    "promptCachedTokens",
    "cached_content_token_count",
    "input_cache_read",
)
_WRITE = (
    "cache_creation_input_tokens",
    "cache_write_tokens",
    "cache_creation_tokens",
    "cache_write",
    "cache_creation",
    "cacheWriteInputTokens",
    "cacheCreationInputTokens",
    "input_cache_creation",
)
_REASONING = (
    "reasoning_tokens",
    "reasoningTokens",
    "reasoning",
    "thoughtsTokenCount",
    "thoughtsTokens",
    "thoughts_token_count",
    "output_reasoning_tokens",
)
_DETAILS = (
    "prompt_tokens_details",
    "input_tokens_details",
    "completion_tokens_details",
    "output_tokens_details",
    "input_token_details",
    "output_token_details",
)


def read_usage(value: JsonValue, *, apart: bool = False) -> Usage | None:
    """The usage in an object of token counts, or JSON text of one.

    Args:
        value: Counts under OpenAI, Anthropic, Gemini, Vercel or Langfuse names, `…_details` beside them.
        apart: Whether input comes without cached tokens, which Anthropic's own names mean.
    """
    value = read_json(value)
    if not isinstance(value, dict):
        return None
    flat: dict[str, JsonValue] = {}
    for key in _DETAILS:
        if isinstance(details := value.get(key), dict):
            flat |= details
    flat |= {key: item for key, item in value.items() if item is not None}
    read, write = _count(flat, _READ), _count(flat, _WRITE)
    given = _count(flat, _INPUT)
    usage = Usage(given + (read + write if apart else 0), _count(flat, _OUTPUT), read, write, _count(flat, _REASONING))
    return usage if usage != Usage() or any(key in flat for key in (*_INPUT, *_OUTPUT)) else None


USAGE = ("input_tokens", "output_tokens", "cache_read", "cache_write", "reasoning")
"""Table fields that hold token counts; on spans other than model calls they repeat sums."""


def usage_of(found: Mapping[str, JsonValue]) -> Usage | None:
    """The usage in sorted attributes, from the fields of `USAGE`."""
    if "input_tokens" not in found and "output_tokens" not in found:
        return None
    return Usage(
        count_of(found.get("input_tokens")),
        count_of(found.get("output_tokens")),
        count_of(found.get("cache_read")),
        count_of(found.get("cache_write")),
        count_of(found.get("reasoning")),
    )


def _count(flat: Mapping[str, JsonValue], keys: tuple[str, ...]) -> int:
    return next((count_of(flat[key]) for key in keys if key in flat), 0)
