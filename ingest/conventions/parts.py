"""Content parts of a turn: text, reasoning, tool calls, tool results and media, in the shapes of all vendors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...model.text.jsontext import as_text
from ...model.traces import JsonValue, Message, ToolCall
from ..limits import MOST_CALLS
from .values import first, read_arguments, read_json, text_of

ITEM_TYPES = frozenset(
    {
        "message",
        "reasoning",
        "function_call",
        "function_call_output",
        "custom_tool_call",
        "custom_tool_call_output",
        "computer_call",
        "computer_call_output",
        "local_shell_call",
        "local_shell_call_output",
        "mcp_call",
        "web_search_call",
        "file_search_call",
        "code_interpreter_call",
    }
)
"""Types of OpenAI Responses items that are turns of their own."""
_TEXT = frozenset({"text", "input_text", "output_text", "refusal"})
_CALL = frozenset({"tool_call", "tool_use", "tool-call", "function_call", "server_tool_use", "mcp_tool_use"})
_RESULT = frozenset(
    {"tool_call_response", "tool_result", "tool-result", "tool-error", "function_call_output", "mcp_tool_result"}
)
_ARGUMENTS = ("arguments", "input", "args", "parameters", "tool_kwargs")
_RESULTS = ("response", "result", "output", "content", "error")
_IDS = ("id", "tool_use_id", "toolCallId", "toolUseId", "call_id", "callId", "tool_call_id", "ref")
_THOUGHT = frozenset({"reasoning", "thinking", "redacted_thinking", "thought", "reasoning_content"})
"""In the type of a part: `reasoning.encrypted`, `redacted-reasoning`, `TextReasoningContent`."""
_SIGNATURES = frozenset(
    ("signature", "thoughtSignature", "thought_signature", "protectedData", "encrypted_content", "encryptedContent")
)
"""Sealed reasoning that only its vendor can open."""
_MEDIA = ("image", "audio", "video", "document", "file", "blob", "uri", "media", "pdf")
_BARE_CALLS = ("toolUse", "functionCall", "function_call", "toolRequest")
_BARE_RESULTS = ("toolResult", "functionResponse", "function_response", "toolResponse")
_BARE_MEDIA = ("inlineData", "inline_data", "fileData", "file_data", "media", "image", "document", "video", "audio")
_JSON_BLOCKS = ('[{"json":', '[{"text":')
_BARE = ("reasoningContent", "message_content", *_BARE_CALLS, *_BARE_RESULTS)
_DOTNET = {
    "TextContent": "text",
    "TextReasoningContent": "reasoning",
    "FunctionCallContent": "tool_call",
    "FunctionResultContent": "tool_result",
    "DataContent": "blob",
    "UriContent": "uri",
}
"""Microsoft.Extensions.AI names its parts by class, with what they hold below `content`."""
_BARE_TEXT = frozenset(
    {"text", "thought", "thoughtSignature", "thought_signature", "annotations", "citations", "_meta"}
)
_BARE_BESIDE = frozenset({*_BARE_MEDIA, "thought", "thoughtSignature", "videoMetadata", "video_metadata", "cachePoint"})
_LINKS = ("url", "uri", "image_url", "imageUrl", "audio_url", "video_url")
_PAYLOADS = frozenset(
    {
        "source",
        "data",
        "content",
        "blob",
        "bytes",
        "file",
        "file_id",
        "file_data",
        "input_audio",
        "image",
        "audio",
        "video",
    }
    | {"document", "mime_type", "mimeType", "media_type", "mediaType", "modality", "source_type", "base64"}
)


@dataclass(slots=True)
class Turn:
    """A message being put together; tool results become messages of their own."""

    role: str
    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    results: list[Message] = field(default_factory=list)
    call_id: str | None = None
    name: str | None = None
    is_error: bool = False

    def absorb(self, messages: Sequence[Message]) -> None:
        """Take over the content of turns nested in this one."""
        for message in messages:
            self.texts.extend([message.content] if message.content else [])
            self.calls.extend(message.tool_calls[: max(MOST_CALLS - len(self.calls), 0)])

    def messages(self) -> list[Message]:
        """The turn as messages: results first, then what the speaker said with it."""
        if self.results and not (self.texts or self.calls or self.thoughts):
            return self.results
        said = Message(
            self.role,
            "\n".join(text for text in self.texts if text),
            tuple(self.calls),
            self.call_id,
            self.name,
            "\n".join(thought for thought in self.thoughts if thought) or None,
            self.is_error,
        )
        return [*self.results, said] if self.results else [said]


def is_part(value: Mapping[str, Any]) -> bool:
    """Whether an object is a piece of a turn, not a turn.

    A tool's result may be a list of records with a `text`, an `image` or a `type` of their own; those are none.
    """
    if "role" in value:
        return False
    kind = value.get("type")
    if is_function_call(value):
        return True
    if isinstance(kind, str):
        if kind in _TEXT or kind in _CALL or kind in _RESULT or is_thought(kind):
            return kind not in ITEM_TYPES or "parts" in value
        return kind.rpartition(".")[2] in _DOTNET or _is_media(kind, value)
    if is_bare_call(value) or is_bare_result(value):
        return True
    if "content" in value:
        return False
    if "text" in value:
        return value.keys() <= _BARE_TEXT
    if value.keys() <= _BARE_BESIDE:
        return any(isinstance(value.get(key), dict) for key in _BARE_MEDIA)
    return any(isinstance(value.get(key), dict) for key in _BARE)


def is_bare_call(value: Mapping[str, Any]) -> bool:
    """Whether an object is a call as the Vercel AI SDK returns it: `{toolCallId, toolName, input}`."""
    return "toolName" in value and "toolCallId" in value and not is_bare_result(value)


def is_function_call(value: Mapping[str, Any]) -> bool:
    """Whether an object is one of OpenAI's `tool_calls`, which Koog writes as the content of a turn."""
    function = value.get("function")
    return isinstance(function, dict) and "arguments" in function and value.get("type", "function") == "function"


def is_bare_result(value: Mapping[str, Any]) -> bool:
    """Whether an object is such a call with what came of it."""
    return "toolName" in value and "toolCallId" in value and not {"output", "result"}.isdisjoint(value)


def _is_media(kind: str, value: Mapping[str, Any]) -> bool:
    if kind.startswith(("file", "document", "pdf")):
        return not value.keys().isdisjoint(_PAYLOADS)
    if kind.startswith(_MEDIA) or kind.endswith(("_image", "_audio", "_file")):
        return not value.keys().isdisjoint(_PAYLOADS.union(_LINKS))
    return False


def type_of(value: Mapping[str, Any]) -> str | None:
    """The `type` of an object, where it is text."""
    kind = value.get("type")
    return kind if isinstance(kind, str) else None


def add_part(turn: Turn, part: JsonValue) -> None:
    """Put one content part into the turn."""
    if not isinstance(part, dict):
        if part is not None:
            turn.texts.append(as_text(part))
        return
    if is_function_call(part):
        add_call(turn, part)
        return
    kind = type_of(part) or text_of(part.get("block_type"))  # the latter LlamaIndex's
    if kind and (plain := _DOTNET.get(kind.rpartition(".")[2])):
        part, kind = _of_dotnet(part, plain), plain
    if kind in _TEXT:
        turn.texts.append(_part_text(part))
    elif kind in _CALL:
        add_call(turn, part)
    elif kind in _RESULT:
        _add_result(turn, part)
    elif is_thought(kind):
        turn.thoughts.append(thought_text(part))
    elif not kind:
        _add_bare(turn, part)
    else:
        _add_other(turn, part, kind)


def add_call(turn: Turn, call: JsonValue) -> None:
    """Put a tool call into the turn, whatever its vendor calls the fields."""
    if isinstance(call, dict) and isinstance(call.get("tool_call"), dict):
        call = call["tool_call"]
    if not isinstance(call, dict):
        return
    function = call.get("function")
    inner: Mapping[str, Any] = function if isinstance(function, dict) else call
    name = text_of(first(inner, "name", "toolName", "tool_name")) or text_of(function) or text_of(call.get("type"))
    arguments = _held(inner, _ARGUMENTS)
    identity = text_of(first(call, *_IDS))
    made = ToolCall(name or "unknown", read_arguments(arguments), identity)
    if len(turn.calls) < MOST_CALLS and (identity is None or all(known.id != identity for known in turn.calls)):
        turn.calls.append(made)


def _held(source: Mapping[str, Any], keys: Sequence[str]) -> Any:
    return next((source[key] for key in keys if source.get(key) is not None), None)


def _add_result(turn: Turn, part: Mapping[str, Any]) -> None:
    content = _held(part, _RESULTS)
    is_error = part.get("is_error") is True or part.get("isError") is True or part.get("type") == "tool-error"
    if isinstance(content, dict) and isinstance(content.get("type"), str) and "value" in content:
        # Vercel: {"type": "json" | "text" | "error-text" | "error-json", "value": …}
        is_error = is_error or content["type"].startswith("error")
        content = content["value"]
    if part.get("status") == "error":
        is_error = True
    identity = text_of(first(part, *_IDS))
    name = text_of(first(part, "name", "toolName"))
    turn.results.append(Message("tool", result_text(content), (), identity, name, None, is_error))


def result_text(content: JsonValue) -> str:
    """A tool's result as text: blocks joined, anything else as JSON."""
    blocks = read_json(content) if isinstance(content, str) and content.startswith(_JSON_BLOCKS) else content
    if isinstance(blocks, list) and blocks and all(map(_is_block, blocks)):
        turn = Turn("tool")
        for item in blocks:
            add_part(turn, item)
        return "\n".join(text for text in turn.texts if text)
    return as_text(content)


def _is_block(item: JsonValue) -> bool:
    return (isinstance(item, dict) and is_part(item)) or is_json_block(item)


def is_json_block(item: JsonValue) -> bool:
    """Whether an object is a block of Bedrock's that holds a value."""
    return isinstance(item, dict) and item.keys() == {"json"}


def _part_text(part: Mapping[str, Any]) -> str:
    text = part.get("content")
    if text is None:
        text = part.get("text")
    if text is None:
        text = part.get("refusal")
    return text if isinstance(text, str) else result_text(text)


def is_thought(kind: object) -> bool:
    """Whether a part's type is one for reasoning: `thinking`, `Microsoft.Extensions.AI.TextReasoningContent`."""
    if not isinstance(kind, str):
        return False
    return kind in _THOUGHT or any(word in kind.lower() for word in ("reasoning", "thinking"))


def thought_text(value: JsonValue) -> str:
    """What a model thought, of one part, a list of them or plain text; signatures and sealed data are no words."""
    if isinstance(value, list):
        return "\n".join(filter(None, map(thought_text, value)))
    if not isinstance(value, dict):
        return as_text(value)
    found = first(value, "content", "thinking", "text", "reasoning", "summary", "reasoningText")
    if found is None:
        return "[redacted]" if "redacted" in str(value.get("type")) else ""
    return thought_text(found) if isinstance(found, dict | list) else as_text(found)


def _of_dotnet(part: dict[str, JsonValue], kind: str) -> dict[str, JsonValue]:
    held = part.get("content")
    return {**(held if isinstance(held, dict) else part), "type": kind}


def _unsealed(part: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {key: value for key, value in part.items() if key not in _SIGNATURES}


def _add_bare(turn: Turn, part: dict[str, JsonValue]) -> None:
    """Parts told by their key: Gemini and Bedrock, and OpenInference's `message_content`."""
    if isinstance(call := part.get("tool_call"), dict):  # beside a message_content of type tool_use
        add_call(turn, call)
    elif isinstance(inner := part.get("message_content"), dict):
        add_part(turn, inner)
    elif is_bare_result(part):
        _add_result(turn, part)
    elif is_bare_call(part):
        add_call(turn, part)
    elif is_json_block(part):
        turn.texts.append(as_text(part["json"]))
    elif part.get("block_type") == "tool_call":
        add_call(turn, part)
    elif isinstance(call := _held(part, _BARE_CALLS), dict):
        add_call(turn, call)
    elif isinstance(result := _held(part, _BARE_RESULTS), dict):
        _add_result(turn, result)
    elif (thought := first(part, "reasoningContent", "reasoning")) is not None:
        turn.thoughts.append(thought_text(thought))
    elif (text := part.get("text")) is not None:
        (turn.thoughts if part.get("thought") is True else turn.texts).append(as_text(text))
    else:
        media = next((key for key in _BARE_MEDIA if key in part), None)
        rest = _unsealed(part)
        turn.texts.append(_media(media, part[media]) if media else as_text(rest) if rest else "")


def _add_other(turn: Turn, part: dict[str, JsonValue], kind: str) -> None:
    if kind.startswith(_MEDIA) or kind.endswith(("_image", "_audio", "_file")):
        turn.texts.append(_media(kind, part))
    elif (text := first(part, "text", "content")) is not None and isinstance(text, str):
        turn.texts.append(text)
    else:
        turn.texts.append(as_text(_unsealed(part)))


def _media(kind: str, part: JsonValue) -> str:
    """`[image image/png]`: what it is; the bytes stay in the original attributes."""
    holder: Mapping[str, Any] = part if isinstance(part, dict) else {}
    for key in ("source", "image", "image", "audio", "input_audio", "file", "image_url"):
        if isinstance(inner := holder.get(key), dict):
            holder = inner
    mime = text_of(first(holder, "mime_type", "mimeType", "media_type", "mediaType", "contentType", "format"))
    modality = text_of(holder.get("modality"))
    word = modality or next((known for known in ("image", "audio", "video", "document") if known in kind.lower()), "")
    word = word or (mime.split("/")[0] if mime and "/" in mime else "file")
    url = first(holder, "uri", "url", "image_url", "file_uri", "fileUri")
    if isinstance(url, dict):
        url = url.get("url")
    if isinstance(url, str) and url.startswith("data:") and mime is None:
        mime = url[5:].split(";", 1)[0].split(",", 1)[0]
    place = url if isinstance(url, str) and not url.startswith("data:") else None
    return "[" + " ".join(piece[:200] for piece in (word, mime, place) if piece) + "]"
