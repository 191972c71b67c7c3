"""Claude Code's log events (scope `com.anthropic.claude_code.events`), with or without its trace spans."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ....model.traces import JsonValue, Message, Span, StepKind
from ...otlp.raw import RawLog
from ..base import cost_of, fail, identity_of
from ..logs import event_name
from ..values import count_of, read_json, text_of
from .agent_logs import derived_id, is_false, step_of, time_of
from .claude_code import AGENT, usage_apart

PREFIX = "claude_code."
_CONVENTION = "claude_code_logs"


def is_event(record: RawLog) -> bool:
    """Whether a record is one of Claude Code's events."""
    return "claude_code" in record.scope or (isinstance(record.body, str) and record.body.startswith(PREFIX))


def read(records: Iterable[RawLog]) -> list[Span]:
    """Steps of the sessions that the records tell of; a prompt and what follows it is one run."""
    made: list[Span] = []
    runs: dict[str, Span] = {}
    for record in records:
        name = event_name(record).removeprefix(PREFIX)
        reader = _READERS.get(name)
        session = text_of(record.attributes.get("session.id"))
        if reader is None or (session is None and not record.trace_id):
            continue
        run = _Run(record, session or "")
        if not record.trace_id and run.root_id not in runs:
            runs[run.root_id] = run.root(record)
            made.append(runs[run.root_id])
        if span := reader(record, run):
            span.convention, span.agent = _CONVENTION, AGENT
            made.append(span)
    return made


class _Run:
    """The run that a record belongs to: that of its trace, or else that of its prompt."""

    def __init__(self, record: RawLog, session: str) -> None:
        prompt = text_of(record.attributes.get("prompt.id"))
        self.session = session
        self.trace_key = record.trace_id or "/".join(filter(None, ("claude-code", session, prompt)))
        self.root_id = record.span_id if record.trace_id else derived_id(self.trace_key)

    def root(self, record: RawLog) -> Span:
        """The run itself; open-ended, since no event tells when it is over."""
        span = Span(self.trace_key, self.root_id, "claude_code.interaction", StepKind.AGENT, agent=AGENT)
        identity_of(span, record.attributes, record.resource)
        span.started_at_ns, span.sequence, span.convention = time_of(record), record.sequence, _CONVENTION
        return span


def _prompt(record: RawLog, run: _Run) -> Span | None:
    prompt = text_of(record.attributes.get("prompt"))
    if prompt is None or not run.root_id:
        return None
    span = run.root(record)
    span.inputs = prompt
    return span


def _request(record: RawLog, run: _Run) -> Span:
    values = record.attributes
    span = step_of(record, run.trace_key, _call_id(run, values, 0), StepKind.LLM, "claude_code.api_request")
    span.parent_span_id = run.root_id or None
    span.model, span.provider = text_of(values.get("model")), "anthropic"
    span.usage = usage_apart(
        {
            "input_tokens": values.get("input_tokens"),
            "output_tokens": values.get("output_tokens"),
            "cache_read": values.get("cache_read_tokens"),
            "cache_write": values.get("cache_creation_tokens"),
        }
    )
    span.cost_usd = cost_of(values.get("cost_usd"))
    span.attributes = _rest(values, "effort", "speed", "query_source", "request_id")
    return span


def _failure(record: RawLog, run: _Run) -> Span:
    values = record.attributes
    span = step_of(record, run.trace_key, _call_id(run, values, 0), StepKind.LLM, "claude_code.api_request")
    span.parent_span_id, span.model = run.root_id or None, text_of(values.get("model"))
    fail(span, text_of(values.get("error")), text_of(values.get("status_code")))
    span.attributes = _rest(values, "status_code", "attempt", "request_id")
    return span


def _answer(record: RawLog, run: _Run) -> Span | None:
    values = record.attributes
    text = text_of(values.get("response"))
    if text is None:
        return None
    # The answer is logged next after the request that made it.
    span = step_of(record, run.trace_key, _call_id(run, values, 1), StepKind.LLM, "claude_code.api_request")
    span.ended_at_ns = None
    span.parent_span_id, span.model = run.root_id or None, text_of(values.get("model"))
    span.output_messages = (Message("assistant", text),)
    return span


def _call_id(run: _Run, values: dict[str, JsonValue], back: int) -> str:
    request = text_of(values.get("request_id"))
    return derived_id(run.session, "call", request or count_of(values.get("event.sequence")) - back)


def _tool_result(record: RawLog, run: _Run) -> Span:
    values = record.attributes
    call = text_of(values.get("tool_use_id"))
    identity = call or count_of(values.get("event.sequence"))
    span = step_of(record, run.trace_key, derived_id(run.session, "tool", identity), StepKind.TOOL, "claude_code.tool")
    span.name = "claude_code.tool_result"
    span.parent_span_id, span.tool_call_id = run.root_id or None, call
    span.tool = text_of(values.get("tool_name"))
    span.inputs = read_json(values.get("tool_input") or values.get("tool_parameters"))
    span.outputs = read_json(values.get("tool_output") or values.get("output"))
    if is_false(values.get("success")):
        fail(span, text_of(values.get("error")), text_of(values.get("error_type")))
    span.attributes = _rest(values, "tool_result_size_bytes", "decision_source", "decision_type")
    return span


def _tool_decision(record: RawLog, run: _Run) -> Span | None:
    if record.attributes.get("decision") != "reject":
        return None
    if record.trace_id:
        run.root_id = ""  # with spans on, a decision points at the wait and not at the interaction
    span = _tool_result(record, run)
    span.ended_at_ns = None
    fail(span, "The user rejected this tool call.", "rejected")
    return span


def _rest(values: dict[str, JsonValue], *keys: str) -> dict[str, JsonValue]:
    return {key: values[key] for key in keys if key in values}


_READERS: dict[str, Callable[[RawLog, _Run], Span | None]] = {
    "user_prompt": _prompt,
    "api_request": _request,
    "api_error": _failure,
    "assistant_response": _answer,
    "tool_result": _tool_result,
    "tool_decision": _tool_decision,
}
