"""Weave calls (Weights & Biases): a call a line, as its service streams them and as the web page exports them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from ....model.text.jsontext import as_text
from ....model.traces import Annotation, AnnotatorKind, JsonValue, Span, SpanBatch, StepKind, TraceFacts
from ..fields import mapping, optional_text, required_text, sequence, time_ns, unpacked
from ..head import Head
from ..judgements import first_of, judgement, present
from ..records import ReadItem, Record, Source, each_record, paged_records
from .platform_span import KINDS, PlatformSpan, error_of, platform_span

CONVENTION = "weave"
_OP = re.compile(r"(?:.*/op/)?(?P<name>[^:/]+(?:\.[^:/]+)*)(?::.*)?")
_MODEL_OPS = re.compile(
    r"(?:chat\.completions|completions|messages|responses|generate_content|chat)\.?(?:create|stream|parse)?"
)
_PAGES = ("calls", "data")


def sniff(head: Head) -> bool:
    """Whether the first record is a call: `op_name` with a trace and inputs."""
    page = next((rows for name in _PAGES if (rows := sequence(head.first.get(name)))), [])
    first = mapping(page[0]) if page else head.first
    return {"op_name", "trace_id"} <= first.keys() and bool({"inputs", "started_at", "summary"} & first.keys())


def read(source: Source) -> Iterator[ReadItem]:
    """One batch per call."""
    return each_record(source, _call, partial(paged_records, names=_PAGES))


def _call(record: Record) -> SpanBatch:
    value = unpacked(mapping(record.value))
    span = _span(value)
    notes = tuple(_feedback(value, span))
    if span.parent_span_id is not None and not notes:
        return SpanBatch([span])
    about = mapping(mapping(value.get("attributes")).get("weave"))
    project = as_text(value.get("project_id")).rpartition("/")[2] or None
    metadata = {name: item for name, item in mapping(value.get("attributes")).items() if name != "weave"}
    facts = TraceFacts(
        span.trace_key,
        project=project,
        user=optional_text(value.get("wb_user_id")) if about else None,
        session=optional_text(value.get("thread_id")),
        metadata=metadata or None,
        annotations=present(*notes),
    )
    return SpanBatch([span], [facts])


def _span(value: dict[str, JsonValue]) -> Span:
    attributes, summary = mapping(value.get("attributes")), mapping(value.get("summary"))
    match = _OP.fullmatch(as_text(value.get("op_name")))
    op = match["name"] if match else as_text(value.get("op_name"))
    usage = mapping(summary.get("usage"))
    given, made = mapping(value.get("inputs")), value.get("output")
    error, error_type = error_of(value.get("exception"))
    model = first_of(given, "model") or first_of(mapping(made), "model") or next(iter(usage), None)
    kind = _kind(op, attributes, given, bool(usage))
    inputs: JsonValue = {name: item for name, item in given.items() if name not in ("self", "client")}
    return platform_span(
        PlatformSpan(
            required_text(value, "trace_id"),
            required_text(value, "id"),
            optional_text(value.get("display_name")) or op,
            kind,
            parent=optional_text(value.get("parent_id")),
            started_at_ns=time_ns(value.get("started_at")),
            ended_at_ns=time_ns(value.get("ended_at")),
            input=inputs,
            output=made,
            model=optional_text(model) if isinstance(model, str) else None,
            usage=next(iter(usage.values()), None),
            error=error,
            error_type=error_type,
            session=optional_text(value.get("thread_id")),
            attributes={name: item for name, item in attributes.items() if name != "weave"},
        ),
        CONVENTION,
    )


def _kind(op: str, attributes: dict[str, JsonValue], given: dict[str, JsonValue], has_usage: bool) -> StepKind:
    declared = as_text(mapping(attributes.get("weave")).get("kind") or attributes.get("kind")).lower()
    if declared in KINDS:
        return KINDS[declared]
    is_call = bool(_MODEL_OPS.search(op)) and bool({"messages", "contents", "input", "prompt"} & given.keys())
    if is_call and (has_usage or "." in op):
        return StepKind.LLM
    return StepKind.EVALUATOR if op.endswith((".score", "_scorer")) else StepKind.CHAIN


def _feedback(value: dict[str, JsonValue], span: Span) -> Iterator[Annotation]:
    """Reactions, notes and scores that people and scorers left on a call."""
    on_span = span.span_id if span.parent_span_id is not None else None
    about = mapping(mapping(value.get("summary")).get("weave"))
    for item in map(mapping, sequence(about.get("feedback") or value.get("feedback"))):
        payload, kind = mapping(item.get("payload")), as_text(item.get("feedback_type"))
        by_people = kind.startswith(("wandb.reaction", "wandb.note", "wandb.annotation"))
        by = AnnotatorKind.HUMAN if by_people else AnnotatorKind.CODE
        name = kind.rpartition(".")[2] if "." in kind else kind
        said = first_of(payload, "alias", "emoji", "value", "output")
        if kind.startswith("wandb.reaction"):
            name, said = "feedback", first_of(payload, "emoji", "alias")
        values = mapping(said) or {"": said}
        for key, one in values.items():
            note = judgement(
                f"{name}.{key}" if key else name,
                one if isinstance(one, str | int | float | bool) else None,
                explanation=payload.get("note"),
                kind=by,
                span_id=on_span,
                source=CONVENTION,
            )
            if note is not None:
                yield note
