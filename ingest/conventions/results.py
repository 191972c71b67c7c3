"""What a tool gave back, out of the envelopes that frameworks put around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...model.text.jsontext import as_text
from ...model.traces import JsonValue
from .parts import result_text
from .values import read_any_json, read_json, text_of


@dataclass(frozen=True, slots=True)
class ToolResult:
    """A tool's plain result, JSON value where it was JSON text."""

    value: JsonValue
    call_id: str | None = None
    is_error: bool = False

    @property
    def text(self) -> str:
        return as_text(self.value)


def read_result(value: JsonValue, *, encoded: bool = False) -> ToolResult:
    """The result out of a LangChain tool message, an MCP result or plain JSON text.

    Args:
        value: As recorded.
        encoded: Whether the convention writes every result as JSON, so that text comes in quotes.
    """
    value = read_json(read_any_json(value) if encoded else value)
    if not isinstance(value, dict):
        return ToolResult(_blocks(value))
    inner = _tool_message(value)
    if inner is not None:
        held = read_json(_blocks(inner.get("content")))
        return ToolResult(held, text_of(inner.get("tool_call_id")), inner.get("status") == "error")
    if isinstance(value.get("content"), list) and ("isError" in value or "structuredContent" in value):
        structured = value.get("structuredContent")
        return ToolResult(
            structured if structured is not None else read_json(_blocks(value["content"])),
            None,
            value.get("isError") is True,
        )
    if "raw_output" in value and "tool_name" in value:  # LlamaIndex
        return ToolResult(read_json(value["raw_output"]), None, value.get("is_error") is True)
    return ToolResult(value, None, value.get("isError") is True or value.get("is_error") is True)


def _tool_message(value: dict[str, Any]) -> dict[str, Any] | None:
    for key in ("data", "kwargs"):
        inner = value.get(key)
        if isinstance(inner, dict) and "content" in inner and "tool_call_id" in inner:
            return inner
    return value if "content" in value and "tool_call_id" in value else None


def _blocks(value: JsonValue) -> JsonValue:
    """A list of text blocks as its text; other values as they are."""
    if isinstance(value, list) and value and all(isinstance(item, dict) and _is_text(item) for item in value):
        return result_text(value)
    return value


def _is_text(item: dict[str, Any]) -> bool:
    """A content block; without a `type` only where there is no id, which tells a passage or another record."""
    known = {"type", "text", "annotations", "_meta", "id", "index"} if "type" in item else {"text", "annotations"}
    return isinstance(item.get("text"), str) and item.keys() <= known


def error_text(value: JsonValue) -> str | None:
    """What a result says went wrong: its `error`, `error_message` or `message`."""
    if isinstance(value, dict):
        for key in ("error", "error_message", "message", "detail"):
            if value.get(key):
                return as_text(value[key])
    return None
