"""Readings of single Codex items: a call, and what came back of it."""

from __future__ import annotations

from ....model.text.jsontext import as_text
from ....model.traces import JsonValue, Message, ToolCall
from ..chat import content_text, json_or_text
from ..dialogue.headlines import exit_code
from ..fields import mapping, optional_text, sequence

CALLS = ("function_call", "custom_tool_call", "local_shell_call", "tool_search_call")
OUTPUTS = ("function_call_output", "custom_tool_call_output", "tool_search_output", "local_shell_call_output")
SELF_CONTAINED = ("web_search_call", "image_generation_call", "mcp_call", "code_interpreter_call", "file_search_call")
"""Calls that the provider ran itself: no output follows."""


def call_of(item: dict[str, JsonValue], key: str | None = None) -> ToolCall:
    """The call that an item asks for; `key` stands for an id that is missing."""
    arguments = next((item[name] for name in ("arguments", "input", "action") if item.get(name) is not None), None)
    kind = as_text(item.get("type")).removesuffix("_call")
    name = as_text(item.get("name")) or ("shell" if kind == "local_shell" else kind)
    return ToolCall(name, json_or_text(arguments), optional_text(item.get("call_id") or item.get("id")) or key)


def result_of(item: dict[str, JsonValue]) -> Message:
    """What a call gave back; failed where its exit code or its flag says so."""
    raw = json_or_text(item.get("output"))
    body = mapping(raw)
    text = as_text(body.get("output") or body.get("content") or raw) if body else _text(raw)
    code = mapping(body.get("metadata")).get("exit_code")
    if code is None:
        code = exit_code(text)
    failed = code not in (None, 0) or body.get("success") is False or item.get("success") is False
    return Message("tool", text, tool_call_id=optional_text(item.get("call_id")), is_error=failed)


def server_result(item: dict[str, JsonValue], call: ToolCall) -> Message:
    """The result of a call that the provider ran: what the item holds of it, or its status."""
    found = next((item[name] for name in ("result", "results", "output", "outputs") if item.get(name)), None)
    text = as_text(found if found is not None else item.get("status"))
    return Message("tool", text, tool_call_id=call.id, is_error=item.get("status") == "failed")


def _text(raw: JsonValue) -> str:
    parts = sequence(raw)
    return content_text(raw) if parts and all("type" in mapping(part) for part in parts) else as_text(raw)
