"""What makes two steps alike: kind, tool, agent, the shape and values of arguments, and the words used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..model.text.jsontext import as_text, scalars
from ..model.traces import JsonValue, Step, StepKind, Trace
from .effects import Effect, effect_of
from .reading import bare_agent, own_text
from .unpacking import unpacked

_TOKEN = re.compile(r"\w+")
_MAX_TOKENS = 96
_MAX_CHARS = 4_000


@dataclass(frozen=True, slots=True)
class Shape:
    """A step reduced to what alignment compares."""

    step: Step
    label: tuple[str, str]
    """Kind, and tool or agent: steps of unlike kinds are never paired."""
    arguments: JsonValue
    values: frozenset[tuple[str, str]]
    """Every argument as (path, normalised value)."""
    tokens: frozenset[str]
    text: str
    effect: Effect

    @property
    def index(self) -> int:
        return self.step.index


def shapes(trace: Trace) -> list[Shape]:
    """Every step's shape, in reading order. Cost: linear in the first 4,000 characters of each step."""
    return [_shape(step) for step in trace.steps]


def likeness(left: Shape, right: Shape) -> float:
    """How alike two steps are: 0 where they may not be paired, else above 0 and at most 1."""
    if left.label[0] != right.label[0]:
        return 0.0
    same_name = left.label[1] == right.label[1]
    if left.step.kind in (StepKind.TOOL, StepKind.RETRIEVER):
        return (
            0.0 if not same_name else 0.4 + 0.5 * _jaccard(left.values, right.values) + 0.1 * (left.text == right.text)
        )
    words = 1.0 if left.text == right.text else _jaccard(left.tokens, right.tokens)
    called = _jaccard(left.values, right.values) if left.values or right.values else words
    return (0.2 if same_name else 0.05) + 0.4 * words + 0.4 * called


def same(left: Shape, right: Shape) -> bool:
    """Do both steps do the same thing? A tool step by its arguments, any other by its words."""
    if left.label != right.label:
        return False
    if left.step.kind in (StepKind.TOOL, StepKind.RETRIEVER) or left.values or right.values:
        return left.values == right.values
    return left.text == right.text or _jaccard(left.tokens, right.tokens) >= 0.8


def normal(value: object) -> str:
    """A scalar without the accidents of writing: case, blanks, `30` for `30.0`."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).lower().split())


def changed_paths(left: JsonValue, right: JsonValue, path: str) -> Iterator[tuple[str, JsonValue, JsonValue]]:
    """Where two argument values differ, with the value on each side.

    Lists of one length are compared place by place, unless they hold the same members in another order, which is no
    difference; lists of unlike length differ as a whole.
    """
    if isinstance(left, dict) and isinstance(right, dict):
        for key in [*left, *(key for key in right if key not in left)]:
            yield from changed_paths(left.get(key), right.get(key), f"{path}.{key}" if path else key)
    elif isinstance(left, list) and isinstance(right, list):
        if sorted(map(as_text, left)) == sorted(map(as_text, right)):
            return
        if len(left) == len(right):
            for i, (one, other) in enumerate(zip(left, right, strict=True)):
                yield from changed_paths(one, other, f"{path}.{i}")
        else:
            yield path, left, right
    elif not _equal(left, right):
        yield path, left, right


def value_at(value: JsonValue, path: str) -> JsonValue:
    """What stands at a dotted path, as `changed_paths` names it; None where nothing does.

    >>> value_at({"items": [{"id": 7}]}, "items.0.id")
    7
    """
    for part in filter(None, path.split(".")):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _equal(left: JsonValue, right: JsonValue) -> bool:
    if isinstance(left, dict | list) or isinstance(right, dict | list) or left is None or right is None:
        return left == right
    return normal(left) == normal(right)


def _shape(step: Step) -> Shape:
    text = own_text(step)[:_MAX_CHARS]
    label = (step.kind.value, step.tool or (bare_agent(step.agent) if step.kind is not StepKind.LLM else "") or "")
    effect = Effect.READ
    arguments: JsonValue = None
    if step.kind in (StepKind.TOOL, StepKind.RETRIEVER):
        arguments = unpacked(step.inputs)
        effect = effect_of(step.tool or step.name)
    else:
        calls: dict[str, JsonValue] = {}
        for message in step.output_messages:
            for call in message.tool_calls:
                calls[call.name] = unpacked(call.arguments)
        arguments = calls or None
        label = (label[0], label[1] or _speaker(step))
    return Shape(step, label, arguments, frozenset(_pairs(arguments)), _tokens(text), text, effect)


def _speaker(step: Step) -> str:
    return next((bare_agent(m.name) for m in step.output_messages if m.name), "")


def _pairs(value: JsonValue) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key in value:
            yield key, ""
    for path, item in scalars(value):
        yield path, normal(item)


def _tokens(text: str) -> frozenset[str]:
    found: set[str] = set()
    for match in _TOKEN.finditer(text):
        found.add(match.group().lower())
        if len(found) >= _MAX_TOKENS:
            break
    return frozenset(found)


def _jaccard(left: frozenset[object] | frozenset[str], right: frozenset[object] | frozenset[str]) -> float:
    if left == right:
        return 1.0
    shared = len(left & right)
    return shared / (len(left) + len(right) - shared) if shared else 0.0
