"""What a span of no known convention is, by the shape of its values: messages, token counts, tool calls, model names.

Names of keys are read as words (`acme.llm.promptTokens` is acme, llm, prompt, tokens); what a value is counts more than
where it stands. A span that shows nothing of the kind stays what it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ...model.reading.field_names import name_words
from ...model.traces import JsonValue, Message, StepKind, Usage
from .attributes import nest
from .documents import read_documents
from .messages import ROLES, read_messages, read_output
from .values import count_of, read_json, text_of

_MODEL = re.compile(
    r"(?:[\w.-]+/)*(?:gpt|chatgpt|o[1345]|claude|gemini|gemma|llama|mi[sx]tral|magistral|codestral|qwen|qwq|deepseek|"
    r"command|nova|titan|grok|phi|kimi|glm|minimax|granite|nemotron|palm|yi|jamba|sonar|ernie|hunyuan|doubao)[\w.:@-]*",
    re.IGNORECASE,
)
_GIVEN = frozenset({"input", "inputs", "prompt", "prompts", "request", "question", "query", "user", "history", "asked"})
_MADE = frozenset(
    ("output", "outputs", "completion", "completions", "response", "answer", "result", "results", "generation", "reply")
) | {"generated", "choice", "choices", "candidates", "return", "returned", "final"}
_TOKENS = frozenset({"token", "tokens"})
_NO_COUNT = frozenset({"max", "limit", "budget", "per", "price", "cost", "rate", "second", "remaining", "total", "id"})
_CACHED = frozenset({"cache", "cached"})
_REASONED = frozenset({"reasoning", "thoughts", "thinking"})
_HOLDING = ("value", "text", "body", "json", "data")
_ARGUMENTS = ("arguments", "args", "input", "parameters", "params", "tool_input", "toolInput", "kwargs")
_RESULTS = ("result", "output", "response", "return_value", "returnValue", "observation")
_TOOL_WORDS = frozenset({"tool", "tools", "function"})
_NOT_TOOL = frozenset({"code", "faas", "definitions", "available", "choice"})
_STANDARD = (
    "http.", "url.", "net.", "network.", "server.", "client.", "db.", "rpc.", "messaging.", "code.", "thread.",
    "process.", "host.", "os.", "k8s.", "cloud.", "container.", "telemetry.", "otel.", "faas.", "peer.", "user_agent.",
    "service.", "aws.", "gcp.", "azure.", "logfire.", "exception.", "span.", "system.", "dns.", "tls.", "graphql.",
)  # fmt: skip
"""OpenTelemetry's conventions for everything but models."""
_MAX_PAIRS = 400
_MAX_DEPTH = 3
_MAX_NAME = 120
_KINDS = {
    StepKind.LLM: ("llm", "generation", "chat", "chat_model", "chatmodel", "completion", "model", "inference"),
    StepKind.TOOL: ("tool", "tool_call", "execute_tool", "function_call", "toolcall", "mcp"),
    StepKind.RETRIEVER: ("retriever", "retrieval", "vector_search"),
    StepKind.AGENT: ("agent", "invoke_agent", "agent_run"),
    StepKind.EMBEDDING: ("embedding", "embeddings", "embedder"),
    StepKind.RERANKER: ("reranker", "rerank"),
    StepKind.GUARDRAIL: ("guardrail", "guardrails"),
    StepKind.EVALUATOR: ("evaluator", "evaluation", "judge"),
}
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words}
_KIND_NAMES = frozenset(
    (first, last)
    for first in ("span", "observation", "run", "node", "step", "operation", "event", "entity", "call")
    for last in ("kind", "type", "name")
)
"""The last two words of a key that may say what a span is."""


@dataclass(slots=True)
class Shape:
    """What was recognised; `used` are the attributes that a field now holds."""

    kind: StepKind = StepKind.CHAIN
    given: JsonValue = None
    made: JsonValue = None
    input_messages: tuple[Message, ...] = ()
    output_messages: tuple[Message, ...] = ()
    model: str | None = None
    usage: Usage | None = None
    tool: str | None = None
    agent: str | None = None
    used: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Pair:
    """One value of the attributes: the attribute that holds it, the words of its path, the value."""

    key: str
    words: tuple[str, ...]
    value: JsonValue


def shape_of(attributes: Mapping[str, JsonValue], name: str = "") -> Shape | None:
    """What the values of a span say that it is; None where they say nothing.

    Args:
        attributes: All of a span's attributes.
        name: The span's name, which may say that it is a tool's or an agent's.

    Cost: linear in the attributes; spans of HTTP, databases and the like end at their keys.
    """
    own = {key: value for key, value in attributes.items() if not key.startswith(_STANDARD)}
    if not own:
        return None
    pairs = list(_pairs(own))
    made = Shape()
    _read_counts(made, pairs)
    _read_model(made, pairs)
    _read_messages(made, pairs)
    _read_call(made, pairs, name)
    if not _decide(made, pairs):
        return None
    return made


def _pairs(attributes: Mapping[str, JsonValue]) -> Iterator[_Pair]:
    """Every value worth a look: attributes, lists spelled out by index, fields of objects two levels down."""
    count = 0
    for key, value in (*attributes.items(), *_indexed(attributes).items()):
        for pair in _inside(key, _words(key), read_json(value), 0):
            yield pair
            count += 1
            if count >= _MAX_PAIRS:
                return


def _words(name: str) -> tuple[str, ...]:
    return tuple(name_words(name).split())


def _inside(key: str, words: tuple[str, ...], value: JsonValue, depth: int) -> Iterator[_Pair]:
    yield _Pair(key, words, value)
    if isinstance(value, dict) and depth < _MAX_DEPTH and not _is_turn(value):
        for name, item in value.items():
            yield from _inside(key, (*words, *_words(name)), read_json(item), depth + 1)


def _indexed(attributes: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """`acme.messages.0.role` and its like as the list `acme.messages`."""
    flat: dict[str, dict[str, JsonValue]] = {}
    for key, value in attributes.items():
        head, found, tail = _split_index(key)
        if found:
            flat.setdefault(head, {})[tail] = value
    return {head: nest(items) for head, items in flat.items()}


def _split_index(key: str) -> tuple[str, bool, str]:
    match = re.search(r"\.(\d{1,5})(?=\.|$)", key)
    return (key[: match.start()], True, key[match.start() + 1 :]) if match else (key, False, "")


def _read_counts(made: Shape, pairs: Sequence[_Pair]) -> None:
    counts = {"input": 0, "output": 0, "read": 0, "reasoning": 0}
    seen = False
    for pair in pairs:
        words = set(pair.words)
        if isinstance(pair.value, bool | dict | list) or not words & _TOKENS or words & _NO_COUNT:
            continue
        if not (count := count_of(pair.value)):
            continue
        which = _counted(words)
        if which is None or counts[which]:
            continue
        counts[which], seen = count, True
        made.used.add(pair.key)
    if seen:
        made.usage = Usage(counts["input"], counts["output"], counts["read"], 0, counts["reasoning"])


def _counted(words: set[str]) -> str | None:
    if words & _CACHED:
        return "read"
    if words & _REASONED:
        return "reasoning"
    if words & _GIVEN:
        return "input"
    return "output" if words & _MADE else None


def _read_model(made: Shape, pairs: Sequence[_Pair]) -> None:
    """The text under a key that ends in `model`, else a name of a known family under a key that speaks of models."""
    for pair in pairs:
        text = pair.value
        if not isinstance(text, str) or not 0 < len(text) <= 120 or any(blank in text for blank in " \n\t"):
            continue
        words = pair.words
        ends = words[-1:] == ("model",) or words[-2:] in (("model", "name"), ("model", "id"), ("deployment", "name"))
        if ends or (_MODEL.fullmatch(text) and any(ch.isdigit() for ch in text)):
            made.model = text
            if ends:
                made.used.add(pair.key)
                return


def _read_messages(made: Shape, pairs: Sequence[_Pair]) -> None:
    """The longest conversation is what was given; what stands under a word of answering was made."""
    unplaced: _Pair | None = None
    for pair in pairs:
        if not _is_conversation(pair.value):
            continue
        side = _side(pair.words)
        if side == "made" and not made.output_messages:
            made.output_messages = read_output(pair.value)
            made.used.add(pair.key)
        elif side == "given" and not made.input_messages:
            made.input_messages = read_messages(pair.value)
            made.used.add(pair.key)
        elif side is None and unplaced is None:
            unplaced = pair
    if unplaced is not None and not made.input_messages:
        turns = read_messages(unplaced.value)
        made.used.add(unplaced.key)
        if not made.output_messages and turns and turns[-1].role == "assistant":
            made.output_messages, turns = turns[-1:], turns[:-1]
        made.input_messages = turns


def _side(words: Sequence[str]) -> str | None:
    """Whether a name speaks of what was given or of what was made; the last such word counts."""
    for word in reversed(words):
        if word in _MADE:
            return "made"
        if word in _GIVEN:
            return "given"
    return None


def _is_conversation(value: JsonValue) -> bool:
    if isinstance(value, dict):
        return _is_turn(value) or _is_conversation(value.get("messages")) or _is_conversation(value.get("choices"))
    return isinstance(value, list) and bool(value) and all(_is_turn(item) for item in value)


def _is_turn(item: JsonValue) -> bool:
    if not isinstance(item, dict):
        return False
    if isinstance(item.get("message"), dict):
        return _is_turn(item["message"])
    role = item.get("role", item.get("speaker"))
    known = isinstance(role, str) and role.lower() in ROLES
    return known and not item.keys().isdisjoint(("content", "parts", "text", "tool_calls", "toolCalls", "contents"))


def _read_call(made: Shape, pairs: Sequence[_Pair], name: str) -> None:
    """A tool's name, arguments and result: under keys that say so, or as one object that holds them."""
    for pair in pairs:
        words = pair.words
        if isinstance(pair.value, dict) and _is_call(pair.value) and _side(words) is None:
            made.tool = made.tool or text_of(pair.value.get("name") or pair.value.get("tool"))
            made.given = _first_of(pair.value, _ARGUMENTS) if made.given is None else made.given
            made.made = _first_of(pair.value, _RESULTS) if made.made is None else made.made
            made.used.add(pair.key)
        elif _names_tool(words) and _is_name(pair.value):
            made.tool = made.tool or text_of(pair.value)
            made.used.add(pair.key)
    if made.tool is None and name.lower().startswith(("tool ", "tool:", "tool.", "tool_call ")):
        made.tool = name[5:].strip() or None


def _names_tool(words: Sequence[str]) -> bool:
    ends = bool(_TOOL_WORDS.intersection(words[-2:])) and words[-1] in ("name", "tool")
    return ends and not _NOT_TOOL.intersection(words)


def _is_name(value: JsonValue) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_NAME


def _is_call(value: Mapping[str, JsonValue]) -> bool:
    named = isinstance(value.get("name", value.get("tool")), str)
    return named and not value.keys().isdisjoint(_ARGUMENTS) and "role" not in value and "description" not in value


def _first_of(value: Mapping[str, JsonValue], keys: Sequence[str]) -> JsonValue:
    return next((read_json(value[key]) for key in keys if value.get(key) is not None), None)


def _decide(made: Shape, pairs: Sequence[_Pair]) -> bool:
    """The kind that is named or that the evidence adds up to, and what went in and came out; False for neither."""
    spoken = bool(made.output_messages) or bool(made.input_messages)
    named = _named_kind(pairs)
    if named is not None:
        made.kind = named
    elif made.tool is not None and made.usage is None and not made.output_messages:
        made.kind = StepKind.TOOL
    elif made.usage is not None or (spoken and made.model is not None) or made.output_messages:
        made.kind = StepKind.LLM
    _read_sides(made, pairs)
    if made.kind is StepKind.LLM and not spoken:
        if named is None and made.model is None:
            made.kind = StepKind.CHAIN
        else:
            made.input_messages, made.output_messages = read_messages(made.given), read_output(made.made)
    if made.kind is StepKind.AGENT:
        made.agent = _agent(pairs)
    if made.kind is StepKind.CHAIN and _are_passages(made.made):
        made.kind = StepKind.RETRIEVER
    if made.kind is StepKind.CHAIN and (agent := _agent(pairs)):
        made.kind, made.agent = StepKind.AGENT, agent
    return made.kind is not StepKind.CHAIN or made.given is not None or made.made is not None


def _named_kind(pairs: Sequence[_Pair]) -> StepKind | None:
    for pair in pairs:
        words = pair.words
        named = isinstance(pair.value, str) and (words[-2:] in _KIND_NAMES or words[-1:] == ("kind",))
        if named and (kind := _KIND_OF.get(str(pair.value).strip().lower().replace(" ", "_"))) is not None:
            return kind
    return None


def _read_sides(made: Shape, pairs: Sequence[_Pair]) -> None:
    """Plain input and output: the value under the shortest name that ends in a word of giving or of making."""
    for side in ("given", "made"):
        if getattr(made, side) is not None:
            continue
        known = _GIVEN | set(_ARGUMENTS) if side == "given" else _MADE
        found = [pair for pair in pairs if pair.key not in made.used and _tells(pair, known)]
        if found:
            best = min(found, key=lambda pair: len(pair.words))
            setattr(made, side, best.value)
            made.used.add(best.key)


def _tells(pair: _Pair, known: Iterable[str]) -> bool:
    """Whether a value that says something stands under a name that ends in one of these words."""
    if pair.value in (None, "", [], {}) or isinstance(pair.value, bool | int | float):
        return False
    words = pair.words[:-1] if pair.words[-1:] and pair.words[-1] in _HOLDING else pair.words
    return bool(words) and words[-1] in known


def _are_passages(value: JsonValue) -> bool:
    """Whether a value is a list of passages: objects with a text and a score or an id, at least one."""
    listed = value if isinstance(value, list) else None
    if isinstance(value, dict) and len(value) == 1:
        (inner,) = value.values()
        listed = inner if isinstance(inner, list) else None
    if not listed or not all(isinstance(item, dict) for item in listed):
        return False
    found = read_documents(listed)
    return len(found) == len(listed) and all(document.content and document.score is not None for document in found)


def _agent(pairs: Sequence[_Pair]) -> str | None:
    names = (pair.value for pair in pairs if pair.words[-2:] == ("agent", "name") or pair.words[-1:] == ("agent",))
    return next((text_of(value) for value in names if _is_name(value)), None)
