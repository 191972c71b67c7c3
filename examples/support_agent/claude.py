"""The same interface over the Anthropic API. Needs a key, which the SDK finds in its usual places."""

from __future__ import annotations

import os
from typing import Any

from .messages import ModelError, Reply, Turn

_DEFAULT = "claude-haiku-5-5"


class ClaudeModel:
    """A Claude model; `ANTHROPIC_MODEL` names another than the default."""

    provider = "anthropic"

    def __init__(self, client: Any = None) -> None:
        if client is None:
            from anthropic import Anthropic

            client = Anthropic()
        self._client = client
        self.name = os.environ.get("ANTHROPIC_MODEL", _DEFAULT)

    def create(self, *, system: str, messages: list[Turn], tools: list[dict[str, Any]]) -> Reply:
        """The next message. Raises ModelError for whatever the SDK raises."""
        from anthropic import AnthropicError

        try:
            made = self._client.messages.create(
                model=self.name, max_tokens=1024, system=system, messages=messages, tools=tools
            )
        except (AnthropicError, TypeError) as err:  # a missing key is a TypeError of the SDK
            raise ModelError(f"{self.name} cannot be asked: {err}") from err
        content = [block.model_dump(include={"type", "text", "id", "name", "input"}) for block in made.content]
        kept = [block for block in content if block["type"] in ("text", "tool_use")]
        usage = made.usage
        cached = (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
        stop = "tool_use" if made.stop_reason == "tool_use" else "end_turn"
        return Reply(made.id, made.model, kept, stop, usage.input_tokens + cached, usage.output_tokens)
