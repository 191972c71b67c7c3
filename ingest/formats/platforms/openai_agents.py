"""Trace export of the OpenAI Agents SDK: `trace` and `trace.span` objects, one a line or in `data`."""

from __future__ import annotations

from collections.abc import Iterator

from ....model.errors import BadInputError
from ....model.text.jsontext import as_text
from ....model.traces import Fold, JsonValue, Span, SpanBatch, Status, StepError, StepKind, TraceFacts
from ..chat import json_or_text
from ..fields import mapping, optional_text, required_text, sequence, time_ns
from ..head import Head
from ..messages import usage_of
from ..records import ReadItem, RecordError, Source, json_records

CONVENTION = "openai-agents"
_KINDS = {
    "agent": StepKind.AGENT,
    "generation": StepKind.LLM,
    "response": StepKind.LLM,
    "function": StepKind.TOOL,
    "guardrail": StepKind.GUARDRAIL,
}
_WRAPPERS = {"task", "turn", "mcp_tools"}
_FLUSH_SPANS = 2_000
_NO_ITEM = "No trace and no span: field 'object' is neither 'trace' nor 'trace.span'."


def sniff(head: Head) -> bool:
    """Whether the first record is a trace or span object."""
    return any(_is_item(mapping(record)) for record in (*head.records[:1], *sequence(head.first.get("data"))[:1])) or (
        _is_item(mapping(head.first.get("trace")))
    )


def _is_item(value: dict[str, JsonValue]) -> bool:
    return value.get("object") in ("trace", "trace.span")


def read(source: Source) -> Iterator[ReadItem]:
    """Batches of up to a few thousand spans."""
    batch = SpanBatch()
    for record in json_records(source):
        if isinstance(record, RecordError):
            yield record
            continue
        items = _items(mapping(record.value))
        if not items:
            yield source.error(record.where, _NO_ITEM)
        for item in items:
            try:
                _add(item, batch)
            except BadInputError as err:
                yield source.error(record.where, str(err))
        if len(batch.spans) >= _FLUSH_SPANS:
            yield batch
            batch = SpanBatch()
    if batch.spans or batch.facts:
        yield batch


def _items(value: dict[str, JsonValue]) -> list[dict[str, JsonValue]]:
    """The objects of a record: itself, those in `data`, or a trace with its `spans`."""
    own = [item for item in (value, mapping(value.get("trace"))) if _is_item(item)]
    return [*own, *map(mapping, sequence(value.get("data"))), *map(mapping, sequence(value.get("spans")))]


def _add(item: dict[str, JsonValue], batch: SpanBatch) -> None:
    if item.get("object") == "trace":
        metadata = dict(mapping(item.get("metadata")))
        if item.get("workflow_name"):
            metadata.setdefault("workflow_name", item["workflow_name"])
        session = optional_text(item.get("group_id"))
        batch.facts.append(TraceFacts(required_text(item, "id"), session=session, metadata=metadata or None))
    elif item.get("object") == "trace.span":
        batch.spans.append(_span(item, len(batch.spans)))
    else:
        raise BadInputError(_NO_ITEM)


def _span(item: dict[str, JsonValue], index: int) -> Span:
    data = mapping(item.get("span_data"))
    kind_name = as_text(data.get("type"))
    name = optional_text(data.get("name"))
    span = Span(
        required_text(item, "trace_id"),
        required_text(item, "id"),
        name or kind_name or "span",
        _KINDS.get(kind_name, StepKind.CHAIN),
        parent_span_id=optional_text(item.get("parent_id")),
        started_at_ns=time_ns(item.get("started_at")),
        ended_at_ns=time_ns(item.get("ended_at")),
        sequence=index,
        fold=Fold.WRAPPER if kind_name in _WRAPPERS else None,
        convention=CONVENTION,
        attributes=dict(mapping(item.get("metadata"))),
    )
    error = mapping(item.get("error"))
    if error:
        span.status = Status.ERROR
        detail = as_text(error.get("data"))
        span.error = StepError(": ".join(text for text in (as_text(error.get("message")), detail) if text))
    _fill(span, data, kind_name)
    return span


def _fill(span: Span, data: dict[str, JsonValue], kind_name: str) -> None:
    from ...conventions.messages import read_messages, read_output

    if kind_name == "agent":
        span.agent = span.name
        span.attributes.update({key: data[key] for key in ("handoffs", "tools", "output_type") if data.get(key)})
    elif kind_name in ("generation", "response"):
        span.input_messages = read_messages(data.get("input"))
        response = mapping(data.get("response"))
        span.output_messages = read_output(data.get("output") if data.get("output") else response.get("output"))
        span.model = optional_text(data.get("model") or response.get("model"))
        span.usage = usage_of(data.get("usage") or response.get("usage"))
        span.response_id = optional_text(data.get("response_id") or response.get("id"))
    elif kind_name == "function":
        span.tool = span.name
        span.inputs, span.outputs = json_or_text(data.get("input")), json_or_text(data.get("output"))
    elif kind_name == "handoff":
        span.name = f"handoff to {as_text(data.get('to_agent')) or 'unknown'}"
        span.inputs, span.outputs = data.get("from_agent"), data.get("to_agent")
    elif kind_name == "guardrail":
        span.outputs = {"triggered": data.get("triggered")}
    else:
        span.attributes.update({key: value for key, value in data.items() if key not in ("type", "name")})
