"""What a conversation is made of: messages, what happens while it runs, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

Message: TypeAlias = "dict[str, Any]"
"""A message as the Messages API takes it."""


class Ending(StrEnum):
    """How a conversation came to its end."""

    ANSWERED = "answered"
    SILENT = "silent"
    """The model ended without an answer."""
    REFUSED = "refused"
    TRUNCATED = "truncated"
    LIMIT = "limit"
    """Turns or tokens of one conversation."""
    TIME = "time"
    BUDGET = "budget"
    """Of the whole job; goes on later where it was."""
    SUSPICIOUS = "suspicious"
    """The prompt's canary came out: the model does what some text told it."""
    FAILED = "failed"
    """The endpoint failed, after all retries; it may answer later."""
    REJECTED = "rejected"
    """The endpoint refuses this conversation for good."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Some more of what the model says."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """The model asked for a tool."""

    id: str
    name: str
    arguments: Any


@dataclass(frozen=True, slots=True)
class ToolAnswered:
    """What a tool gave back."""

    id: str
    text: str
    is_error: bool


Event: TypeAlias = TextDelta | ToolCalled | ToolAnswered


def result_text(result: Message) -> str:
    """The text of a tool result."""
    content = result.get("content")
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content or [] if isinstance(part, dict))
