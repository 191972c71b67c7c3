"""ATIF trajectories (Agent Trajectory Interchange Format, v1.0 to v1.7), which Harbor and others write.

A step of the agent is a model step with its calls, and a tool step for each result of its observation. Steps that are
marked as copied context were another trajectory's and are context here. Beside a trial's trajectory Harbor leaves the
task and the reward in `result.json`; they become the task and the outcome.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ....model.errors import BadInputError
from ....model.text.jsontext import as_text, parse
from ....model.traces import JsonValue, Message, Outcome, Span, SpanBatch, ToolCall, TraceFacts, Usage
from ..chat import content_text, json_or_text
from ..dialogue.headlines import exit_code
from ..fields import count, digest_of, mapping, number, optional_text, sequence, shortened, time_ns
from ..head import Head
from ..records import ReadItem, Record, Source, each_record
from ..session import SessionBuilder, kept, left_out_of

CONVENTION = "atif"
_RESULT_FILE = "result.json"
_RESULT_BYTES = 4 << 20


def sniff(head: Head) -> bool:
    """Whether the first record says that it is of this format, or has its steps and its agent."""
    first = head.first
    if as_text(first.get("schema_version")).startswith("ATIF"):
        return True
    step = next(iter(sequence(first.get("steps"))), None)
    return "agent" in first and {"step_id", "source"} <= mapping(step).keys()


def read(source: Source) -> Iterator[ReadItem]:
    """One batch a trajectory."""
    left_out: Counter[str] = Counter()
    yield from each_record(source, lambda record: _batch(record, source, left_out))
    yield from left_out_of(source.file, left_out)


def _batch(record: Record, source: Source, left_out: Counter[str]) -> SpanBatch:
    value = mapping(record.value)
    steps = sequence(value.get("steps"))
    if not steps:
        raise BadInputError("Field 'steps' is missing or empty: no ATIF trajectory.")
    source.limits.check_size(record.size, where=record.where)
    source.limits.check_steps(len(steps), where=record.where)
    agent = mapping(value.get("agent"))
    given = value.get("trajectory_id") or value.get("session_id")
    # The session of the agent that it was made of may be imported too, under this id.
    key = f"atif/{as_text(given)}" if given else f"{source.name.rpartition('.')[0] or source.name}-{digest_of(steps)}"
    run = _Trajectory(SessionBuilder(key, CONVENTION, optional_text(agent.get("name"))), agent)
    run.take(value)
    left_out.update(run.left_out)
    metadata = kept(value, "schema_version", "notes", "final_metrics", "continued_trajectory_ref")
    trial = _trial(source)
    reward = number(mapping(mapping(trial.get("verifier_result")).get("rewards")).get("reward"))
    facts = TraceFacts(
        key,
        session=optional_text(value.get("session_id")),
        task=optional_text(trial.get("task_name")),
        outcome={1.0: Outcome.PASS, 0.0: Outcome.FAIL}.get(reward) if reward is not None else None,
        version=optional_text(agent.get("version")),
        metadata=metadata or None,
    )
    return SpanBatch(run.builder.spans, [facts])


def _trial(source: Source) -> dict[str, JsonValue]:
    """What Harbor's `result.json` in the trial's folder says; empty where there is none."""
    for folder in source.path.parents[:2] if source.path else ():
        file = Path(folder, _RESULT_FILE)
        try:
            if file.is_file() and file.stat().st_size <= _RESULT_BYTES:
                found = mapping(parse(file.read_bytes()))
                return found if "task_name" in found else {}
        except (OSError, ValueError):
            continue
    return {}


class _Trajectory:
    """The steps of one trajectory, and of those embedded in it."""

    def __init__(self, builder: SessionBuilder, agent: dict[str, JsonValue]) -> None:
        self.builder = builder
        self.left_out: Counter[str] = Counter()
        self._model = optional_text(agent.get("model_name"))
        self._tools = agent.get("tool_definitions")
        self._embedded: dict[str, dict[str, JsonValue]] = {}

    def take(self, value: dict[str, JsonValue]) -> None:
        """All steps of a trajectory."""
        for inner in map(mapping, sequence(value.get("subagent_trajectories"))):
            self._embedded[as_text(inner.get("trajectory_id") or inner.get("session_id"))] = inner
        for raw in sequence(value.get("steps")):
            step = mapping(raw)
            if not step:
                raise BadInputError(f"A step is an object, not {shortened(as_text(raw), 40)!r}.")
            self._step(step, f"{as_text(step.get('step_id'))}.{digest_of(step)}")

    def _step(self, step: dict[str, JsonValue], key: str) -> None:
        source, text = step.get("source"), content_text(step.get("message"))
        moment = time_ns(step.get("timestamp"))
        if step.get("is_copied_context"):
            self.left_out["steps copied from another trajectory"] += 1
            role = {"agent": "assistant", "user": "user"}.get(as_text(source), "system")
            self.builder.turns.append(Message(role, text, tuple(map(_call, sequence(step.get("tool_calls"))))))
        elif source == "agent":
            self._answer(step, text, key, moment)
        elif source == "user":
            self.builder.spoken(text, key=key, time_ns=moment)
            self._results(step, key, moment)
        else:
            self.builder.said(Message("system", text), key=key, time_ns=moment)
            self._results(step, key, moment)

    def _answer(self, step: dict[str, JsonValue], text: str, key: str, moment: int | None) -> None:
        calls = tuple(map(_call, sequence(step.get("tool_calls"))))
        reasoning = optional_text(step.get("reasoning_content"))
        metrics = mapping(step.get("metrics"))
        is_model = step.get("llm_call_count") != 0
        message = Message("assistant", text, calls, reasoning=reasoning)
        if is_model:
            span = self.builder.answered(message, key=key, time_ns=moment, usage=_usage(metrics))
            span.model = optional_text(step.get("model_name")) or self._model
            span.cost_usd, span.tool_definitions = number(metrics.get("cost_usd")), self._tools
        else:
            self.builder.said(Message("system", text, name="agent"), key=key, time_ns=moment)
        self._results(step, key, moment)

    def _results(self, step: dict[str, JsonValue], key: str, moment: int | None) -> None:
        results = [mapping(one) for one in sequence(mapping(step.get("observation")).get("results"))]
        calls = [_call(call) for call in sequence(step.get("tool_calls"))]
        for index, result in enumerate(results):
            text, extra = content_text(result.get("content")), mapping(result.get("extra"))
            call = optional_text(result.get("source_call_id"))
            if call is None and len(calls) == len(results):
                call = calls[index].id
            code = extra.get("exit_code", extra.get("returncode", exit_code(text)))
            failed = bool(result.get("is_error") or extra.get("is_error")) or code not in (None, 0)
            name = None if call else "environment"
            message = Message("tool", text, tool_call_id=call, name=name, is_error=failed)
            span = self.builder.returned(message, key=f"{key}.{index}", time_ns=moment)
            for reference in map(mapping, sequence(result.get("subagent_trajectory_ref"))):
                self._delegate(reference, span)

    def _delegate(self, reference: dict[str, JsonValue], below: Span) -> None:
        """A sub-agent's trajectory that is embedded; one in a file of its own is read as its own trace."""
        inner = self._embedded.pop(as_text(reference.get("trajectory_id") or reference.get("session_id")), None)
        if inner is None:
            return
        agent = mapping(inner.get("agent"))
        outer, name = self.builder, optional_text(agent.get("name"))
        builder = SessionBuilder(outer.trace_key, CONVENTION, name, below.span_id, order=outer.order)
        run = _Trajectory(builder, agent)
        run.take(inner)
        outer.spans += builder.spans
        self.left_out.update(run.left_out)


def _call(raw: JsonValue) -> ToolCall:
    call = mapping(raw)
    name = as_text(call.get("function_name") or call.get("name"))
    return ToolCall(name, json_or_text(call.get("arguments")), optional_text(call.get("tool_call_id")))


def _usage(metrics: dict[str, JsonValue]) -> Usage | None:
    if not {"prompt_tokens", "completion_tokens"} & metrics.keys():
        return None
    extra = mapping(metrics.get("extra"))
    return Usage(
        count(metrics.get("prompt_tokens")),
        count(metrics.get("completion_tokens")),
        count(metrics.get("cached_tokens")),
        count(extra.get("cache_creation_input_tokens")),
        count(extra.get("reasoning_tokens")),
    )
