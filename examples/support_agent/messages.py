"""The Messages-style interface between the agent and a model, whoever answers behind it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol

Block = dict[str, Any]
"""A content block: `text`, `tool_use` or `tool_result`, in the form of the Anthropic Messages API."""
Turn = dict[str, Any]
"""A message: `role` and `content`, which is text or a list of blocks."""


class ModelError(Exception):
    """The model could not be asked: no key, no network, no credit."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A model's answer."""

    id: str
    model: str
    content: list[Block]
    stop_reason: str
    """`end_turn` or `tool_use`."""
    input_tokens: int
    output_tokens: int

    @property
    def text(self) -> str:
        return "\n".join(block["text"] for block in self.content if block["type"] == "text")

    @property
    def tool_uses(self) -> list[Block]:
        return [block for block in self.content if block["type"] == "tool_use"]


class Model(Protocol):
    """Answers a conversation with text or with tool calls."""

    name: str
    provider: str

    def create(self, *, system: str, messages: list[Turn], tools: list[dict[str, Any]]) -> Reply:
        """The next message of the assistant. Raises ModelError."""
        ...


def blocks(content: str | list[Block]) -> list[Block]:
    """A message's content as blocks."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def from_chat(messages: list[dict[str, Any]]) -> list[Turn]:
    """Messages in the shape of a chat completion request, with calls and results, as turns of this interface."""
    turns: list[Turn] = []
    for message in messages:
        if message["role"] == "tool":
            result = {"type": "tool_result", "tool_use_id": message["tool_call_id"], "content": message["content"]}
            if turns and turns[-1]["role"] == "user" and isinstance(turns[-1]["content"], list):
                turns[-1]["content"].append(result)
            else:
                turns.append({"role": "user", "content": [result]})
        elif message.get("tool_calls"):
            said = blocks(message["content"]) if message.get("content") else []
            turns.append({"role": "assistant", "content": [*said, *map(_tool_use, message["tool_calls"])]})
        else:
            turns.append({"role": message["role"], "content": blocks(message["content"])})
    return turns


def _tool_use(call: dict[str, Any]) -> Block:
    asked = call["function"]
    return {"type": "tool_use", "id": call["id"], "name": asked["name"], "input": json.loads(asked["arguments"])}
