"""Frameworks that give kind, input and output names of their own: Genkit, Laminar, LiveKit, AgentOps, Spring AI.

Each is a table of keys and kinds; one reader serves all. Their model calls often speak `gen_ai.*` as well: that is
read first, and filled up from the framework's own keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from ....model.traces import Annotation, Fold, JsonValue, Message, Span, StepKind
from ...otlp.raw import RawSpan
from .. import genai
from ..attributes import Fields, Sorted, Table
from ..base import begin, cost_of, fail, keep_events, speak
from ..documents import read_documents
from ..messages import read_messages, read_output
from ..parts import Turn, add_call
from ..results import read_result
from ..usage import USAGE, read_usage, usage_of
from ..values import first, read_any_json, read_arguments, read_json, text_of, texts_of

_EVENTS = ("events", "exception.stacktrace")
"""Attributes that are made of span events."""
_KindOf = Callable[[RawSpan, Mapping[str, JsonValue]], StepKind]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one framework writes its spans.

    Fields understood by the reader: `kind`, `name`, `input`, `output`, `text`, `calls`, `model`, `provider`, `usage`,
    `tool`, `call_id`, `arguments`, `result`, `is_error`, `error`, `tools`, `state`, `finish`, `said` (by a person).
    """

    name: str
    markers: tuple[str, ...]
    """Beginnings of keys that only this framework writes."""
    kinds: Mapping[str, StepKind]
    fields: Fields
    kind_of: _KindOf | None = None
    """Where no key names the kind."""
    wrappers: frozenset[str] = frozenset()
    """Kinds that only hold others."""
    named_by_model: bool = False
    """Model calls bear the name of their model."""
    table: Table = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "table", Table(self.fields))


def read_with(dialect: Dialect, raw: RawSpan, notes: list[Annotation]) -> Span:
    """The span in normal form."""
    attributes = dialect.table.sort(raw.attributes)
    found = attributes.found
    named = str(found.get("kind") or "").lower()
    kind = dialect.kinds.get(named, StepKind.CHAIN)
    if named not in dialect.kinds and dialect.kind_of is not None:
        kind = dialect.kind_of(raw, found)
    spoken = _as_genai(raw, kind, notes)
    span = begin(raw, attributes, kind=kind, convention=dialect.name)
    span.tool_call_id = text_of(found.get("call_id"))
    if kind is StepKind.LLM:
        _read_call(span, attributes, dialect.named_by_model)
    else:
        attributes.put_back("usage", "finish", "model", "provider", *USAGE)
        _read_work(span, attributes)
    if spoken is not None:
        span = _filled(spoken, span)
    if str(found.get("is_error")).lower() == "true" or str(found.get("state")).lower() in ("error", "failed"):
        fail(span, text_of(span.outputs) or text_of(found.get("error")))
    if named in dialect.wrappers and raw.parent_span_id is not None:
        span.fold = Fold.WRAPPER
    speak(span)
    if spoken is None:
        keep_events(span, raw)
    return span


def _as_genai(raw: RawSpan, kind: StepKind, notes: list[Annotation]) -> Span | None:
    """A model call as its `gen_ai.*` keys and events tell it; None where there are none."""
    if kind is not StepKind.LLM or not (
        any(key.startswith(("gen_ai.", "llm.")) for key in raw.attributes)
        or any(event.name.startswith("gen_ai.") for event in raw.events)
    ):
        return None
    return genai.read(replace(raw, attributes={"gen_ai.operation.name": "chat", **raw.attributes}), notes)


def _filled(spoken: Span, own: Span) -> Span:
    """The call by its `gen_ai.*` keys, with what only the framework's own keys tell."""
    attributes = {key: value for key, value in spoken.attributes.items() if key in own.attributes or key in _EVENTS}
    return replace(
        spoken,
        kind=StepKind.LLM,
        convention=own.convention,
        input_messages=spoken.input_messages or own.input_messages,
        output_messages=spoken.output_messages or own.output_messages,
        usage=spoken.usage or own.usage,
        model=spoken.model or own.model,
        provider=spoken.provider or own.provider,
        finish_reason=spoken.finish_reason or own.finish_reason,
        tool_definitions=spoken.tool_definitions or own.tool_definitions,
        agent=spoken.agent or own.agent,
        session=spoken.session or own.session,
        user=spoken.user or own.user,
        tags=spoken.tags or own.tags,
        attributes=attributes,
    )


def _read_call(span: Span, attributes: Sorted, named_by_model: bool) -> None:
    found = attributes.found
    given, made = read_json(found.get("input")), read_json(found.get("output"))
    span.model, span.provider = text_of(found.get("model")), text_of(found.get("provider"))
    if span.model is None and named_by_model:
        span.model = text_of(found.get("name"))
    span.input_messages = read_messages(given)
    said = _said(found)
    span.output_messages = said or read_output(made)
    held = made if isinstance(made, dict) else {}
    usage = first({**held, **found}, "usage", "usage_metadata", "usageMetadata")
    span.usage = read_usage(usage) or usage_of(found)
    span.cost_usd = cost_of(found.get("cost"))
    finish = first({**held, **found}, "finish", "finishReason", "finish_reason")
    span.finish_reason = next(iter(texts_of(finish)), None)
    span.tool_definitions = read_json(found.get("tools")) or (given.get("tools") if isinstance(given, dict) else None)


def _said(found: Mapping[str, JsonValue]) -> tuple[Message, ...]:
    """An answer told as a text beside a list of calls."""
    turn = Turn("assistant")
    turn.texts.extend(texts_of(found.get("text")))
    calls = read_json(found.get("calls"))
    for call in calls if isinstance(calls, list) else []:
        add_call(turn, read_json(call))
    return tuple(turn.messages()) if turn.texts or turn.calls else ()


def _read_work(span: Span, attributes: Sorted) -> None:
    found = attributes.found
    given = read_any_json(first(found, "arguments", "input", "said"))
    made = read_any_json(first(found, "result", "output", "text"))
    if span.kind in (StepKind.TOOL, StepKind.RETRIEVER):
        span.tool = text_of(found.get("tool")) or text_of(found.get("name")) or span.name
        result = read_result(made)
        span.inputs, span.outputs = read_arguments(given), result.value
        span.tool_call_id = span.tool_call_id or result.call_id
        if result.is_error:
            fail(span, result.text)
        if span.kind is StepKind.RETRIEVER:
            span.documents = read_documents(span.outputs)
        return
    span.inputs, span.outputs = read_arguments(given), made
    if span.kind is StepKind.AGENT:
        span.agent = span.agent or text_of(found.get("name"))
    elif span.kind is StepKind.HUMAN:
        span.inputs, span.outputs = None, text_of(found.get("said"))
    else:
        attributes.put_back("name")
