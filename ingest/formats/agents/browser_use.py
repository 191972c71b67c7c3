"""Histories of browser-use (`AgentHistoryList.save_to_file`): of each step what the model gave and what came of it.

The task is not in the file. Screenshots are counted and left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ....model.errors import BadInputError
from ....model.text.jsontext import as_text
from ....model.traces import JsonValue, Message, Outcome, SpanBatch, Status, StepError, ToolCall, TraceFacts, Usage
from ..fields import count, digest_of, mapping, number, optional_text, sequence, time_ns
from ..head import Head
from ..records import ReadItem, Record, Source, each_record
from ..session import SessionBuilder, left_out_of

CONVENTION = "browser-use"
_THOUGHTS = ("thinking", "evaluation_previous_goal", "memory", "next_goal")


def sniff(head: Head) -> bool:
    """Whether the first record holds steps with a model's output and results."""
    step = mapping(next(iter(sequence(head.first.get("history"))), None))
    return {"model_output", "result"} <= step.keys() or {"model_output", "state"} <= step.keys()


def read(source: Source) -> Iterator[ReadItem]:
    """One batch a history."""
    left_out: Counter[str] = Counter()
    yield from each_record(source, lambda record: _batch(record, source, left_out))
    yield from left_out_of(source.file, left_out)


def _batch(record: Record, source: Source, left_out: Counter[str]) -> SpanBatch:
    value = mapping(record.value)
    steps = [mapping(step) for step in sequence(value.get("history"))]
    if not steps:
        raise BadInputError("Field 'history' is missing or empty: no browser-use history.")
    source.limits.check_size(record.size, where=record.where)
    source.limits.check_steps(len(steps), where=record.where)
    told: list[JsonValue] = [{**step, "state": None} for step in steps]
    digest = digest_of(told)
    builder = SessionBuilder(f"{source.name.rpartition('.')[0] or source.name}-{digest}", CONVENTION, "browser-use")
    for index, step in enumerate(steps):
        _add(builder, step, index)
        left_out["screenshots"] += bool(mapping(step.get("state")).get("screenshot"))
    results = [mapping(one) for one in sequence(steps[-1].get("result"))]
    facts = TraceFacts(builder.trace_key, outcome=_outcome(results))
    return SpanBatch(builder.spans, [facts])


def _outcome(results: list[dict[str, JsonValue]]) -> Outcome | None:
    """What the judge of browser-use found; what the agent says of itself is none."""
    verdict = next((mapping(one.get("judgement")).get("verdict") for one in results if one.get("judgement")), None)
    return (Outcome.PASS if verdict else Outcome.FAIL) if isinstance(verdict, bool) else None


def _add(builder: SessionBuilder, step: dict[str, JsonValue], index: int) -> None:
    output, meta, state = mapping(step.get("model_output")), mapping(step.get("metadata")), mapping(step.get("state"))
    started, ended = time_ns(meta.get("step_start_time")), time_ns(meta.get("step_end_time"))
    page = " ".join(filter(None, (as_text(state.get("url")), as_text(state.get("title")))))
    builder.told(page, "page")
    results = [mapping(one) for one in sequence(step.get("result"))]
    calls = [_call(mapping(one), f"{index}.{place}") for place, one in enumerate(sequence(output.get("action")))]
    message = Message("assistant", _thoughts(output), tuple(calls))
    span = builder.answered(message, key=f"m{index}", time_ns=ended)
    span.started_at_ns = started
    if meta.get("input_tokens") is not None:
        span.usage = Usage(count(meta.get("input_tokens")))
    if not output:
        error = "; ".join(as_text(one["error"]) for one in results if one.get("error"))
        span.status, span.error = Status.ERROR, StepError(error or "The model gave no output.")
        return
    for place, call in enumerate(calls):
        result = results[place] if place < len(results) else {}
        _returned(builder, call, result, ended, is_run=place < len(results))


def _thoughts(output: dict[str, JsonValue]) -> str:
    brain = mapping(output.get("current_state")) or output
    return "\n".join(f"{name}: {as_text(brain[name])}" for name in _THOUGHTS if brain.get(name))


def _call(action: dict[str, JsonValue], key: str) -> ToolCall:
    name, arguments = next(((name, item) for name, item in action.items() if item is not None), ("unknown", None))
    return ToolCall(name, arguments, key)


def _returned(
    builder: SessionBuilder, call: ToolCall, result: dict[str, JsonValue], ended: int | None, *, is_run: bool
) -> None:
    if not is_run:
        return  # a step breaks off when the page changes under it
    error = optional_text(result.get("error"))
    text = error or as_text(result.get("extracted_content")) or as_text(result.get("long_term_memory"))
    message = Message("tool", text, tool_call_id=call.id, is_error=error is not None)
    span = builder.returned(message, key=f"t{call.id}", time_ns=ended)
    if (success := result.get("success")) is not None:
        span.attributes["success"] = success
    if (score := number(mapping(result.get("metadata")).get("duration"))) is not None:
        span.attributes["duration"] = score
