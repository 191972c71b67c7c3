"""LangSmith runs, one a line, in one array or page, or nested as `child_runs`, with feedback records among them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ....model.errors import BadInputError
from ....model.text.jsontext import as_text
from ....model.traces import (
    Annotation,
    Document,
    JsonValue,
    Message,
    Span,
    SpanBatch,
    Status,
    StepError,
    StepKind,
    TraceFacts,
    Usage,
)
from ..fields import count, mapping, number, optional_text, required_text, sequence, tags_of, time_ns, unpacked
from ..head import Head
from ..judgements import annotator_kind, first_of, judgement, present
from ..records import ReadItem, Record, Source, each_record, paged_records

CONVENTION = "langsmith"
_KINDS = {
    "llm": StepKind.LLM,
    "tool": StepKind.TOOL,
    "retriever": StepKind.RETRIEVER,
    "embedding": StepKind.EMBEDDING,
}
_PAGES = ("data", "runs")
_SESSION_KEYS = ("session_id", "thread_id", "conversation_id")


def sniff(head: Head) -> bool:
    """Whether the first record is a run, a page of them, or feedback on one."""
    page = sequence(head.first.get("runs"))
    first = mapping(page[0]) if page else head.first
    is_feedback = "run_id" in first and "key" in first and ("score" in first or "feedback_source" in first)
    return ("run_type" in first and "id" in first) or is_feedback


def read(source: Source) -> Iterator[ReadItem]:
    """One batch per record: a run with those nested in it."""
    return each_record(source, lambda record: _batch(record, source), partial(paged_records, names=_PAGES))


def _batch(record: Record, source: Source) -> SpanBatch:
    value = unpacked(mapping(record.value))
    if "run_type" in value:
        return _tree(value, source, record.where)
    if "run_id" in value and "key" in value:
        trace_key = as_text(first_of(value, "trace_id", "run_id"))
        return SpanBatch([], [TraceFacts(trace_key, annotations=_feedback(value))])
    raise BadInputError("No run (id, run_type) and no feedback (run_id, key).")


def _tree(root: dict[str, JsonValue], source: Source, where: str) -> SpanBatch:
    """A run and what is below it in `child_runs`, parents first."""
    batch = SpanBatch()
    known: set[str] = set()
    waiting = [root]
    while waiting:
        value = waiting.pop()
        span = _span(value)
        if span.span_id in known:
            continue
        known.add(span.span_id)
        span.sequence = len(batch.spans)
        batch.spans.append(span)
        source.limits.check_steps(len(batch.spans), where=where)
        if not span.parent_span_id:
            batch.facts.append(_root_facts(value, span))
        if notes := _stats(value, span.span_id):
            batch.facts.append(TraceFacts(span.trace_key, annotations=notes))
        above = {"parent_run_id": span.span_id, "trace_id": span.trace_key, "session_name": span.project}
        children = [unpacked(mapping(child)) for child in sequence(value.get("child_runs"))]
        waiting.extend({**above, **_said(child)} for child in reversed(children))
    return batch


def _said(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {name: item for name, item in value.items() if item is not None}


def _span(value: dict[str, JsonValue]) -> Span:
    run_id = required_text(value, "id")
    kind = _KINDS.get(as_text(value.get("run_type")), StepKind.CHAIN)
    extra = mapping(value.get("extra"))
    metadata = mapping(extra.get("metadata"))
    span = Span(
        as_text(value.get("trace_id")) or run_id,
        run_id,
        as_text(value.get("name")) or "run",
        kind,
        parent_span_id=optional_text(value.get("parent_run_id")),
        started_at_ns=time_ns(value.get("start_time")),
        ended_at_ns=time_ns(value.get("end_time")),
        session=optional_text(first_of(metadata, *_SESSION_KEYS)),
        user=optional_text(metadata.get("user_id")),
        version=optional_text(first_of(metadata, "revision_id", "version")),
        project=optional_text(value.get("session_name")),
        task=optional_text(value.get("reference_example_id")),
        tags=tags_of(sequence(value.get("tags"))),
        agent=optional_text(first_of(metadata, "lc_agent_name", "agent_name")),
        convention=CONVENTION,
        attributes={name: metadata[name] for name in metadata if name not in _SESSION_KEYS},
    )
    if value.get("error"):
        span.status, span.error = Status.ERROR, _error(as_text(value["error"]))
    elif value.get("status") == "success":
        span.status = Status.OK
    if kind is StepKind.LLM:
        _model_call(span, value, metadata, mapping(extra.get("invocation_params")))
    else:
        _other_call(span, value)
    return span


def _error(text: str) -> StepError:
    """The line that names the exception, where the text is a traceback."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    named = next((line for line in reversed(lines) if ": " in line and not line.startswith((" ", "\t"))), "")
    is_traceback = "Traceback" in text and named
    kind = named.partition(": ")[0] if is_traceback else text.partition("(")[0]
    return StepError(named.partition(": ")[2] if is_traceback else text, kind if kind.isidentifier() else None)


def _model_call(
    span: Span, value: dict[str, JsonValue], metadata: dict[str, JsonValue], parameters: dict[str, JsonValue]
) -> None:
    span.model = optional_text(first_of(metadata, "ls_model_name") or first_of(parameters, "model", "model_name"))
    span.provider = optional_text(metadata.get("ls_provider"))
    span.input_messages = _messages(value.get("inputs"), "user")
    span.output_messages = _messages(value.get("outputs"), "assistant")
    span.tool_definitions = parameters.get("tools")
    span.cost_usd = number(value.get("total_cost"))
    details = mapping(value.get("prompt_token_details"))
    if value.get("prompt_tokens") is not None or value.get("completion_tokens") is not None:
        span.usage = Usage(
            count(value.get("prompt_tokens")),
            count(value.get("completion_tokens")),
            count(details.get("cache_read")),
            count(details.get("cache_creation")),
            count(mapping(value.get("completion_token_details")).get("reasoning")),
        )


def _messages(value: JsonValue, role: str) -> tuple[Message, ...]:
    from ...conventions.messages import read_messages, read_output

    if role == "user":
        return read_messages(value)
    return read_output(value)


def _other_call(span: Span, value: dict[str, JsonValue]) -> None:
    span.inputs, span.outputs = _unwrapped(value.get("inputs")), _unwrapped(value.get("outputs"))
    if span.kind is StepKind.TOOL:
        span.tool = span.name
    elif span.kind is StepKind.RETRIEVER:
        span.tool = span.name
        found = mapping(value.get("outputs")).get("documents")
        span.documents = tuple(_document(mapping(item)) for item in sequence(found))


def _unwrapped(value: JsonValue) -> JsonValue:
    """The value inside `{"input": …}` or `{"output": …}`, which LangSmith puts around what is no object."""
    from ...conventions.values import read_arguments

    if isinstance(value, dict) and len(value) == 1:
        name, inner = next(iter(value.items()))
        if name in ("input", "output"):
            return read_arguments(inner)
    return value


def _document(value: dict[str, JsonValue]) -> Document:
    inner = mapping(value.get("kwargs")) or value
    metadata = inner.get("metadata")
    return Document(
        as_text(first_of(inner, "page_content", "content")),
        id=optional_text(inner.get("id")),
        score=number(mapping(metadata).get("score")),
        metadata=metadata,
    )


def _root_facts(value: dict[str, JsonValue], span: Span) -> TraceFacts:
    return TraceFacts(
        span.trace_key,
        project=span.project,
        task=span.task,
        version=span.version,
        session=span.session,
        user=span.user,
        tags=span.tags,
        metadata=span.attributes or None,
    )


def _stats(value: dict[str, JsonValue], span_id: str) -> tuple[Annotation, ...]:
    """Feedback that LangSmith has averaged per key."""
    on_span = span_id if value.get("parent_run_id") else None
    return present(
        *(
            judgement(key, mapping(stats).get("avg"), span_id=on_span, source=CONVENTION)
            for key, stats in mapping(value.get("feedback_stats")).items()
        )
    )


def _feedback(value: dict[str, JsonValue]) -> tuple[Annotation, ...]:
    on_span = value.get("run_id") if value.get("run_id") != value.get("trace_id") else None
    config = mapping(value.get("feedback_config"))
    return present(
        judgement(
            value.get("key"),
            value.get("score"),
            label=None if isinstance(value.get("value"), dict) else value.get("value"),
            ends=(config.get("min"), config.get("max")),
            explanation=value.get("comment"),
            is_expectation=value.get("correction") is not None and value.get("score") is None,
            kind=annotator_kind(mapping(value.get("feedback_source")).get("type")),
            span_id=on_span,
            source=CONVENTION,
        )
    )
