"""Who speaks in dialogues whose writers had names of their own for speakers and words, and what each turn says.

Three shapes cover what applications and benchmarks write: a turn with a speaker and its words, a turn with both
sides' words under two names, and a step with an action and what came of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ....model.text.jsontext import as_text
from ....model.traces import JsonValue
from ..chat import content_text, json_or_text
from ..fields import mapping, sequence
from ..judgements import first_of

_SPEAKERS = ("role", "speaker", "source", "from", "author", "sender", "participant", "actor", "speaker_role", "who")
_WORDS = ("content", "text", "message", "utterance", "value", "body", "transcript", "msg")
_ASKED = (
    "user_msg", "user_message", "user_input", "user_text", "user_utterance", "user_query", "user", "human", "customer",
    "caller", "question", "query", "prompt", "incoming",
)  # fmt: skip
_REPLIED = (
    "agent_reply", "agent_response", "agent_message", "agent", "assistant", "assistant_message", "assistant_response",
    "assistant_reply", "bot", "bot_response", "bot_message", "ai", "ai_response", "reply", "response", "answer",
    "completion", "model_response", "raw_api_response", "api_response",
)  # fmt: skip
_ENVELOPES = ("message", "data", "payload", "item", "event")
_DID = ("action", "tool", "tool_name", "function", "command", "tool_call")
_GIVEN = ("action_input", "arguments", "args", "tool_input", "input", "parameters", "params", "payload")
_CAME = ("observation", "tool_result", "tool_output", "env_response", "result")
_THOUGHT = ("thought", "thoughts", "reasoning", "think")
_CALLS = ("tool_calls", "tools_used", "tools", "calls", "actions")
_ABOUT = ("usage", "model", "timestamp", "started_at", "ended_at", "finish_reason", "stop_reason")
_CAMEL = {"toolCallId": "tool_call_id", "isError": "is_error", "stopReason": "stop_reason"}
_TOKEN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PERSONS = frozenset(
    [
        "user",
        "human",
        "customer",
        "caller",
        "client",
        "patient",
        "student",
        "person",
        "visitor",
        "guest",
        "member",
        "employee",
        "learner",
        "tester",
        "me",
    ]
)
_STANDS_FOR = frozenset({"proxy", "simulator", "simulated", "sim"})
_AGENTS = frozenset(
    [
        "assistant",
        "agent",
        "ai",
        "bot",
        "model",
        "chatbot",
        "llm",
        "gpt",
        "claude",
        "gemini",
        "copilot",
        "support",
        "service",
        "representative",
        "rep",
        "operator",
        "advisor",
        "doctor",
        "tutor",
    ]
)
_TOOLS = frozenset(
    [
        "tool",
        "function",
        "environment",
        "env",
        "observation",
        "executor",
        "terminal",
        "measurement",
        "retriever",
        "ipython",
    ]
)
_SYSTEM = frozenset({"system", "developer", "instructions"})
_MOST = 0.8
_MANY_SPEAKERS = 12


def voice(name: str) -> str | None:
    """The role of a speaker by the words of their name, None where nothing tells it.

    >>> voice("customer_service_agent"), voice("UserProxyAgent"), voice("Planner")
    ('assistant', 'user', None)
    """
    words = {word.lower() for word in _TOKEN.findall(name[:80])}
    if words & _PERSONS and (words & _STANDS_FOR or not words & _AGENTS):
        return "user"
    if words & _TOOLS and not words & _AGENTS:
        return "tool"
    if words & _AGENTS:
        return "assistant"
    return "system" if words & _SYSTEM else None


def flat(raw: JsonValue) -> dict[str, JsonValue]:
    """A record as its turn: the message inside, where it is an envelope around one.

    >>> flat({"type": "message", "message": {"role": "user", "content": "Hi"}})["role"]
    'user'
    """
    turn = mapping(raw)
    if _speaker(turn):
        return turn
    inner = next((held for name in _ENVELOPES if (held := mapping(turn.get(name))) and _speaker(held)), None)
    return {"timestamp": turn.get("timestamp"), **inner} if inner is not None and _says(inner) else turn


def is_turn(raw: JsonValue) -> bool:
    """Whether a record holds somebody's words or an action."""
    turn = flat(raw)
    return bool(_speaker(turn) and _says(turn)) or _is_pair(turn) or _is_action(turn)


def is_dialogue(turns: Sequence[JsonValue]) -> bool:
    """Whether a list is one of turns with a speaker, an agent among them, and not of documents with a source.

    In a log whose messages stand in envelopes all else is bookkeeping, however much there is.
    """
    held = [(turn, flat(turn)) for turn in turns if isinstance(turn, dict)]
    speakers = [_speaker(inner) for _, inner in held if _says(inner)]
    is_wrapped = any(inner is not turn for turn, inner in held)
    names = {name for name in speakers if name}
    known = {voice(name) for name in names}
    most = sum(map(bool, speakers)) >= (2 if is_wrapped else len(turns) * _MOST)
    is_talk = "assistant" in known or ("user" in known and len(names) > 1)
    return bool(names) and most and is_talk and len(names) <= _MANY_SPEAKERS


def is_exchange(turns: Sequence[JsonValue]) -> bool:
    """Whether a list is one of turns that hold both sides' words, or an action and what came of it."""
    fit = [turn for turn in turns if isinstance(turn, dict) and (_is_pair(turn) or _is_action(turn))]
    return bool(fit) and len(fit) >= len(turns) * _MOST


def plain_turns(turns: Iterable[JsonValue]) -> list[JsonValue]:
    """Chat messages with the roles user, assistant, system and tool.

    A speaker whose name tells nothing is an agent of that name. Sides of an exchange that are silent have no turn.
    """
    found: list[JsonValue] = []
    for turn in map(flat, turns):
        if _speaker(turn) and _says(turn):
            found += _said(turn)
        elif _is_pair(turn) or _is_action(turn):
            found += _exchanged(turn)
    return found


def _speaker(turn: JsonValue) -> str:
    value = first_of(mapping(turn), *_SPEAKERS)
    if isinstance(value, dict):
        value = first_of(value, "role", "name", "type")
    return value.strip() if isinstance(value, str) else ""


def _says(turn: Mapping[str, JsonValue]) -> bool:
    return any(name in turn for name in _WORDS) or bool(turn.get("tool_calls"))


def _is_pair(turn: Mapping[str, JsonValue]) -> bool:
    replied = [turn[name] for name in _REPLIED if name in turn]
    is_text = all(isinstance(value, str | None) or _completion(value) for value in replied)
    return bool(replied) and is_text and any(name in turn for name in (*_ASKED, *_CAME))


def _completion(value: JsonValue) -> str:
    """The words in the answer of a chat completion API that was kept as it came."""
    choice = mapping(next(iter(sequence(mapping(value).get("choices"))), None))
    return content_text(mapping(choice.get("message")).get("content"))


def _is_action(turn: Mapping[str, JsonValue]) -> bool:
    return first_of(turn, *_DID) is not None and any(name in turn for name in _CAME)


def _said(turn: dict[str, JsonValue]) -> Iterator[JsonValue]:
    name = _speaker(turn)
    role = voice(name)
    words = next((turn[key] for key in _WORDS if turn.get(key) is not None), None)
    about = {key: turn[key] for key in _ABOUT if turn.get(key) is not None}
    about["usage"] = turn.get("usage") or turn.get("models_usage")
    words = [_part(part) for part in words] if isinstance(words, list) else words
    parts = [mapping(part) for part in sequence(words)]
    if parts and all("name" in part and "arguments" in part for part in parts):
        yield {**about, "role": "assistant", "name": name, "content": "", "tool_calls": words}
    elif parts and all("call_id" in part and "content" in part for part in parts):
        for part in parts:
            yield {**part, "role": "tool", "tool_call_id": part["call_id"]}
    else:
        kept = {key: turn[key] for key in ("tool_calls", "tool_call_id", "is_error", "error") if turn.get(key)}
        kept |= {plain: turn[key] for key, plain in _CAMEL.items() if turn.get(key)}
        is_named = role in (None, "tool") or (role == "assistant" and name.lower() not in _AGENTS)
        called = (
            turn.get("name")
            or turn.get("tool_name")
            or turn.get("toolName")
            or (name if is_named and role != "tool" else None)
        )
        yield {**about, **kept, "role": role or "assistant", "name": called, "content": words}


def _part(part: JsonValue) -> JsonValue:
    """A call among the parts of a message under the name that all readers know."""
    held = mapping(part)
    if held.get("type") in ("toolCall", "tool-call", "toolUse"):
        name, given = held.get("name") or held.get("toolName"), first_of(held, "arguments", "input", "args")
        return {"type": "tool_use", "id": held.get("id") or held.get("toolCallId"), "name": name, "input": given}
    return part


def _exchanged(turn: dict[str, JsonValue]) -> Iterator[JsonValue]:
    asked, replied = first_of(turn, *_ASKED), first_of(turn, *_REPLIED)
    if asked is not None and as_text(asked).strip():
        yield {"role": "user", "content": asked, "timestamp": turn.get("timestamp")}
    calls, results = _called(turn)
    about = {key: turn[key] for key in _ABOUT if key != "timestamp" and turn.get(key) is not None}
    thought = first_of(turn, *_THOUGHT)
    words = _completion(replied) or (replied if isinstance(replied, str) else "")
    if calls or words.strip() or thought is not None:
        spoken = words if words.strip() or calls or thought is None else as_text(thought)
        yield {**about, "role": "assistant", "content": spoken, "reasoning": thought, "tool_calls": calls}
    yield from results


def _called(turn: dict[str, JsonValue]) -> tuple[list[JsonValue], list[JsonValue]]:
    """The calls of a step and their results; what came of an answer without a call stays a tool's turn."""
    raw = next((found for name in _CALLS if (found := sequence(turn.get(name)))), [])
    listed = [mapping(call) for call in raw if mapping(call).get("name")]
    calls: list[JsonValue] = []
    results: list[JsonValue] = []
    for index, call in enumerate(listed):
        key = as_text(call.get("id")) or f"call-{index}"
        calls.append({"id": key, "name": call["name"], "arguments": first_of(call, *_GIVEN)})
        if (came := first_of(call, *_CAME, "output")) is not None:
            results.append({"role": "tool", "tool_call_id": key, "content": as_text(came)})
    did, came = first_of(turn, *_DID), first_of(turn, *_CAME)
    if not calls and did is not None:
        calls.append({**_action(did, first_of(turn, *_GIVEN)), "id": "action"})
    if came is not None and not results:
        identity = as_text(mapping(calls[0]).get("id")) if calls else None
        results.append({"role": "tool", "tool_call_id": identity, "content": as_text(came)})
    return calls, results


def _action(did: JsonValue, given: JsonValue) -> dict[str, JsonValue]:
    """The call in an action that is an object, JSON text, a name with arguments beside it, or a command."""
    held = mapping(json_or_text(did))
    if name := first_of(held, "name", "tool", "tool_name", "action", "type", "function"):
        return {"name": as_text(name), "arguments": first_of(held, *_GIVEN) or given}
    text = as_text(did)
    if given is None and re.search(r"\s", text.strip()):
        return {"name": "action", "arguments": {"command": text}}
    return {"name": text.strip(), "arguments": given}
