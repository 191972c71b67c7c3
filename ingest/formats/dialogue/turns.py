"""Raw chat messages taken apart: one raw message may hold several turns of a conversation.

Anthropic puts the results of parallel calls, and what the user says beside them, into one user message; the Vercel AI
SDK keeps whole answers, calls with their results in between, as the `parts` of one UI message; LangChain wraps a
message in an envelope when it serialises it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ....model.text.jsontext import as_text
from ....model.traces import JsonValue, Message
from ..fields import mapping, sequence

_RESULTS = ("tool_result", "mcp_tool_result", "web_search_tool_result", "code_execution_tool_result")
_FOREIGN = (
    "tool-call", "tool-result", "tool-error", "tool_call", "tool_call_response", "function_call",
    "function_call_output",
)  # fmt: skip
_ABOUT = ("usage", "model", "timestamp", "started_at", "ended_at", "finish_reason", "stop_reason", "cost_usd")
_DONE = ("output-available", "output-error", "output-denied", "result")
_STEPS = ("step-start", "step-finish", "start-step", "finish-step")
_MESSAGE_CLASSES = {
    "Human": "user", "AI": "assistant", "System": "system", "Tool": "tool", "Function": "tool", "Developer": "system",
    "HumanMessageChunk": "user", "AIMessageChunk": "assistant",
}  # fmt: skip


def single_turns(raw_messages: Iterable[JsonValue]) -> Iterator[tuple[int, JsonValue]]:
    """Each turn with the index of the raw message that it comes from; a plain message is its own turn."""
    for index, raw in enumerate(raw_messages):
        for turn in _turns(raw):
            yield index, turn


def _turns(raw: JsonValue) -> list[JsonValue]:
    if not isinstance(raw, dict):
        return [raw]
    value = plain_message(raw)
    if isinstance(value.get("tool_messages"), list):
        return sequence(value["tool_messages"])
    parts = value.get("parts") or value.get("content")
    if isinstance(parts, list) and any(map(_is_foreign, parts)):
        return _read_turns(value)
    if isinstance(value.get("parts"), list) and not value.get("content"):
        return list(_ui_turns(value, sequence(value["parts"])))
    if isinstance(value.get("toolInvocations"), list):
        return list(_ui_turns(value, _old_parts(value)))
    if isinstance(value.get("content"), list):
        return _by_result(value, sequence(value["content"]))
    return [value]


def _is_foreign(part: JsonValue) -> bool:
    """Whether a part is one that the conventions read: Gemini's, Bedrock's, OpenTelemetry's, the AI SDK's own."""
    if not isinstance(part, dict):
        return False
    kind = part.get("type")
    return kind is None or kind in _FOREIGN or (kind == "text" and "text" not in part and "content" in part)


def _read_turns(value: dict[str, JsonValue]) -> list[JsonValue]:
    from ...conventions.messages import read_message

    turns: list[JsonValue] = [turn_of(message) for message in read_message(value)]
    if turns:
        about = {name: value[name] for name in _ABOUT if value.get(name) is not None}
        turns[-1] = {**mapping(turns[-1]), **about}
    return turns


def turn_of(message: Message) -> dict[str, JsonValue]:
    """A message as a plain chat message."""
    calls: list[JsonValue] = [
        {"id": call.id, "name": call.name, "arguments": call.arguments} for call in message.tool_calls
    ]
    return {
        "role": message.role,
        "content": message.content,
        "tool_calls": calls,
        "tool_call_id": message.tool_call_id,
        "name": message.name,
        "reasoning": message.reasoning,
        "is_error": message.is_error,
    }


def plain_message(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """The message inside an envelope of LangChain's: `{"lc": 1, "id": […], "kwargs": …}` or `{"type", "data"}`."""
    if value.get("type") == "constructor" and isinstance(value.get("kwargs"), dict):
        names = sequence(value.get("id"))
        name = as_text(names[-1]).removesuffix("Chunk").removesuffix("Message") if names else ""
        inner, role = mapping(value["kwargs"]), _MESSAGE_CLASSES.get(name)
    elif isinstance(value.get("data"), dict) and "role" not in value and "type" in value:
        inner, role = mapping(value["data"]), None
    elif "usage_metadata" in value or "response_metadata" in value or "additional_kwargs" in value:
        inner, role = value, None
    else:
        return value
    said = {**inner, "role": role or inner.get("role") or value.get("type") or inner.get("type")}
    about = mapping(inner.get("response_metadata"))
    extra = mapping(inner.get("additional_kwargs"))
    said["usage"] = inner.get("usage_metadata") or about.get("token_usage") or about.get("usage") or inner.get("usage")
    said["model"] = about.get("model_name") or about.get("model") or inner.get("model")
    said["finish_reason"] = about.get("finish_reason") or about.get("stop_reason") or inner.get("finish_reason")
    if not said.get("tool_calls") and extra.get("tool_calls"):
        said["tool_calls"] = extra["tool_calls"]
    if said.get("tool_calls") and isinstance(said.get("content"), list):
        said["content"] = [part for part in sequence(said["content"]) if mapping(part).get("type") != "tool_use"]
    return said


def _by_result(value: dict[str, JsonValue], parts: list[JsonValue]) -> list[JsonValue]:
    """A turn for each result, and one for what stands before and after; a message without results as it is.

    An answer may hold results of its own: those of tools that ran on the server.
    """
    results = [part for part in parts if mapping(part).get("type") in _RESULTS]
    others = [part for part in parts if mapping(part).get("type") not in _RESULTS]
    if not results or (len(results) == 1 and not others and value.get("role") != "assistant"):
        return [value]
    if value.get("role") != "assistant":
        own = [{**value, "content": others}] if others else []
        return [*map(_result, results), *own]
    turns: list[JsonValue] = []
    waiting: list[JsonValue] = []
    for part in parts:
        if mapping(part).get("type") in _RESULTS:
            if waiting:
                turns.append({**value, "content": waiting})
                waiting = []
            turns.append(_result(part))
        else:
            waiting.append(part)
    return [*turns, {**value, "content": waiting}] if waiting else turns


def _result(part: JsonValue) -> JsonValue:
    inner = {**mapping(part), "type": "tool_result"}
    return {"role": "tool", "content": [inner], "timestamp": inner.get("stop_timestamp")}


def _ui_turns(value: Mapping[str, JsonValue], parts: list[JsonValue]) -> Iterator[JsonValue]:
    """The turns in the parts of a UI message: what the model said and asked for, then what came back, and so on."""
    said: list[JsonValue] = []
    calls: list[JsonValue] = []
    results: list[JsonValue] = []
    thoughts: list[str] = []
    about = {"role": value.get("role"), "timestamp": value.get("createdAt"), **_usage(value)}

    def turn() -> Iterator[JsonValue]:
        if said or calls or thoughts:
            yield {**about, "content": list(said), "tool_calls": list(calls), "reasoning": "\n".join(thoughts)}
        yield from results
        for held in (said, calls, results, thoughts):
            held.clear()

    for part in map(mapping, parts):
        kind = as_text(part.get("type"))
        if kind in _STEPS:
            yield from turn()
        elif kind in ("dynamic-tool", "tool-invocation", "tool_invocation") or (
            kind.startswith("tool-") and "toolCallId" in part
        ):
            call, result = _ui_call(part, kind)
            calls.append(call)
            results.extend([result] if result else [])
        else:
            if results:
                yield from turn()
            if kind == "reasoning":
                thoughts.append(as_text(part.get("text") or part.get("reasoning")))
            else:
                said.append(_ui_part(part, kind))
    if not (said or calls or thoughts or results):
        said.append({"type": "text", "text": as_text(value.get("content"))})
    yield from turn()


def _usage(value: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    about = mapping(value.get("metadata"))
    usage = mapping(about.get("usage") or about.get("totalUsage") or value.get("usage"))
    found = {"usage": usage or None, "model": about.get("model") or about.get("modelId") or value.get("model")}
    return {name: item for name, item in found.items() if item}


def _ui_call(part: dict[str, JsonValue], kind: str) -> tuple[JsonValue, JsonValue]:
    inner = mapping(part.get("toolInvocation")) or part
    name = as_text(inner.get("toolName")) or kind.removeprefix("tool-")
    given = next((inner[key] for key in ("input", "args", "rawInput") if inner.get(key) is not None), None)
    call: JsonValue = {"id": inner.get("toolCallId"), "name": name, "arguments": given}
    if as_text(inner.get("state")) not in _DONE:
        return call, None
    failed = inner.get("errorText")
    denied = inner.get("state") == "output-denied"
    if denied:
        failed = failed or mapping(inner.get("approval")).get("reason") or "A person did not allow the call."
    output = inner.get("output") if "output" in inner else inner.get("result")
    content = as_text(failed if failed is not None else output)
    is_error = failed is not None or inner.get("state") == "output-error"
    return call, {
        "role": "tool", "tool_call_id": inner.get("toolCallId"), "name": name, "content": content, "is_error": is_error,
    }  # fmt: skip


def _ui_part(part: dict[str, JsonValue], kind: str) -> JsonValue:
    if kind == "text":
        return {"type": "text", "text": as_text(part.get("text"))}
    name = as_text(part.get("filename") or part.get("title"))
    if kind == "file":
        media = as_text(part.get("mediaType") or part.get("mimeType"))
        word = media.split("/")[0] if media.startswith(("image/", "audio/", "video/")) else "file"
        return {"type": word, "mime_type": media or name}
    if kind.startswith(("source", "data-")):
        return {
            "type": "text",
            "text": f"[{kind} {name or as_text(part.get('url') or part.get('id'))}]".replace(" ]", "]"),
        }
    return part


def _old_parts(value: dict[str, JsonValue]) -> list[JsonValue]:
    """The parts of a message of the AI SDK before version 5, whose text follows the calls that it had made."""
    calls: list[JsonValue] = [
        {"type": "tool-invocation", "toolInvocation": invocation} for invocation in sequence(value["toolInvocations"])
    ]
    text = as_text(value.get("content"))
    return [*calls, {"type": "text", "text": text}] if text else calls
