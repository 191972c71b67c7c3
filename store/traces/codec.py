"""How a span becomes rows and comes back: contents by reference, the rest in one compressed record.

LLM calls repeat the whole conversation, so each distinct content is one row of `body`. Three kinds: `TEXT` (UTF-8),
`VALUE` (JSON in its own key order) and `ENVELOPE` (a message: role and names, its contents by reference). Texts and
values are indexed for search, envelopes are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from ...model.reading.digest import BodyKind, Refs
from ...model.text.jsontext import as_text
from ...model.traces import Document, Fold, JsonValue, Message, Span, Status, StepError, StepKind, ToolCall, Usage


def span_record(facts: dict[str, Any], refs: Refs, ids: Mapping[bytes, int]) -> dict[str, Any]:
    """The stored record: `span_facts`, and the contents by body id."""
    record = dict(facts)
    if refs.inputs is not None:
        record["i"] = ids[refs.inputs]
    if refs.outputs is not None:
        record["o"] = ids[refs.outputs]
    if refs.input_messages:
        record["im"] = [ids[key] for key in refs.input_messages]
    if refs.output_messages:
        record["om"] = [ids[key] for key in refs.output_messages]
    if refs.documents:
        record["d"] = [[ids[key], d.id, d.score, d.metadata] for key, d in refs.documents]
    if refs.tool_definitions is not None:
        record["td"] = ids[refs.tool_definitions]
    if refs.error is not None:
        record["E"] = ids[refs.error]
    if refs.attributes:
        record["A"] = {key: ids[content] for key, content in refs.attributes.items()}
    return record


def decode_span(
    trace_key: str,
    row: Any,
    record: dict[str, Any],
    content: Callable[[int], JsonValue],
    message: Callable[[int], Message],
) -> Span:
    """The span of a `span` row, its unpacked record, and two look-ups by body id."""
    scalars = record.get("x", {})
    attributes = dict(record.get("a", {}))
    attributes.update({key: content(ref) for key, ref in record.get("A", {}).items()})
    error = record.get("e")
    usage = record.get("u")
    return Span(
        trace_key=trace_key,
        span_id=row["span_id"],
        name=row["name"],
        kind=StepKind(row["kind"]),
        parent_span_id=row["parent_span_id"],
        status=Status(row["status"]),
        error=StepError(error[0], error[1]) if error else None,
        agent=row["agent"],
        tool=row["tool"],
        model=row["model"],
        started_at_ns=row["started_at"],
        ended_at_ns=row["ended_at"],
        sequence=row["sequence"],
        inputs=content(record["i"]) if "i" in record else None,
        outputs=content(record["o"]) if "o" in record else None,
        input_messages=tuple(message(ref) for ref in record.get("im", ())),
        output_messages=tuple(message(ref) for ref in record.get("om", ())),
        documents=tuple(
            Document(as_text(content(ref)), doc_id, score, metadata)
            for ref, doc_id, score, metadata in record.get("d", ())
        ),
        tool_definitions=content(record["td"]) if "td" in record else None,
        usage=Usage(*usage) if usage else None,
        tags=tuple(record.get("g", ())),
        fold=Fold(record["f"]) if "f" in record else None,
        attributes=attributes,
        **scalars,
    )


def decode_message(parts: list[Any], content: Callable[[int], JsonValue]) -> Message:
    """The message of a stored envelope."""
    padded: list[Any] = parts + [None] * (7 - len(parts))
    role, text, calls, tool_call_id, name, reasoning, is_error = padded
    return Message(
        role=role,
        content=as_text(content(text)) if text is not None else "",
        tool_calls=tuple(ToolCall(n, None if a is None else content(a), i) for n, i, a in calls or ()),
        tool_call_id=tool_call_id,
        name=name,
        reasoning=as_text(content(reasoning)) if reasoning is not None else None,
        is_error=bool(is_error),
    )


def envelope_refs(parts: list[Any]) -> Iterable[int]:
    """Body ids that a stored envelope points at."""
    if len(parts) > 1 and parts[1] is not None:
        yield parts[1]
    calls: list[list[Any]] = parts[2] if len(parts) > 2 and parts[2] else []
    yield from (call[2] for call in calls if call[2] is not None)
    if len(parts) > 5 and parts[5] is not None:
        yield parts[5]


def decode_body(kind: int, data: bytes) -> Any:
    """A body's text, value or envelope parts."""
    if kind == BodyKind.TEXT:
        return data.decode("utf-8", "surrogatepass")
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        # Integers beyond 64 bits and lone surrogates, written by the standard library.
        import json

        return json.loads(data)
