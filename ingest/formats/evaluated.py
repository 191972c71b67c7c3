"""One evaluated answer as a run: what was asked, what came back, which tools were called, and how it was judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...model.text.jsontext import as_text
from ...model.traces import Annotation, JsonValue, SpanBatch, TraceFacts
from .judgements import judgement
from .messages import conversation_spans
from .records import Source


@dataclass(slots=True)
class Evaluated:
    """What a result of an evaluation says of one run."""

    trace_key: str
    turns: list[JsonValue]
    """Chat messages, of any shape that `single_turns` and `to_messages` read."""
    task: str | None = None
    project: str | None = None
    version: str | None = None
    expected: JsonValue = None
    notes: Sequence[Annotation | None] = ()
    metadata: dict[str, JsonValue] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


def evaluated_batch(run: Evaluated, convention: str, source: Source, where: str) -> SpanBatch:
    """The run's spans and facts; what was expected is kept as an expectation.

    Raises:
        BadInputError: if a turn cannot be read.
        TooLargeError: if it passes a limit.
    """
    source.limits.check_steps(len(run.turns), where=where)
    spans = conversation_spans(run.trace_key, run.turns, convention)
    expected = (
        judgement("expected", None, label=as_text(run.expected), source=convention, is_expectation=True)
        if run.expected not in (None, "", [], {})
        else None
    )
    facts = TraceFacts(
        run.trace_key,
        project=run.project,
        task=run.task,
        version=run.version,
        tags=run.tags,
        metadata=run.metadata or None,
        annotations=tuple(note for note in (*run.notes, expected) if note is not None),
    )
    return SpanBatch(spans, [facts])


def called(tools: Sequence[dict[str, JsonValue]]) -> list[JsonValue]:
    """Turns for tools that are known to have been called, each with its result where there is one."""
    calls: list[JsonValue] = []
    results: list[JsonValue] = []
    for index, tool in enumerate(tools):
        identity = f"call-{index}"
        given = next((tool[key] for key in ("inputParameters", "input_parameters", "arguments") if key in tool), None)
        calls.append({"id": identity, "name": tool.get("name"), "arguments": given})
        if tool.get("output") is not None:
            results.append({"role": "tool", "tool_call_id": identity, "content": as_text(tool["output"])})
    return [{"role": "assistant", "content": "", "tool_calls": calls}, *results] if calls else []
