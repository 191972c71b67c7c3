"""What `claude -p` prints: `--output-format stream-json`, one record a line, or `json`, the result or all records.

The records are those of a session file under other names, so that a run that is imported both ways is one trace. The
`result` record tells what the whole run used and cost: what the records before it do not account for goes to the last
answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ....model.text.jsontext import as_text
from ....model.traces import JsonValue, Message, Span, SpanBatch, Status, StepError, StepKind, Usage
from ..fields import digest_of, mapping, number, optional_text, sequence
from ..head import Head
from ..messages import usage_of
from ..records import ReadItem, Record, RecordError, Source, json_records
from ..session import kept, left_out_of
from .claude_code_parts import event_name
from .claude_code_session import Session

CONVENTION = "claude-code"
_KINDS = ("system", "assistant", "user", "result", "stream_event")
_REPEATED = ("stream_event", "tool_progress", "keep_alive")
"""Records that tell again, piece by piece, what others tell whole."""


def sniff(head: Head) -> bool:
    """Whether the first records are of a stream: they have a `session_id`, and a kind of Claude Code's."""
    return any(_is_record(mapping(record)) for record in head.records[:3])


def _is_record(value: dict[str, JsonValue]) -> bool:
    if value.get("type") not in _KINDS or not isinstance(value.get("session_id"), str):
        return False
    if value["type"] in ("assistant", "user"):
        return isinstance(value.get("message"), dict) and "parent_tool_use_id" in value
    return "subtype" in value or isinstance(value.get("event"), dict)


def read(source: Source) -> Iterator[ReadItem]:
    """A batch a session."""
    runs: dict[str, _Run] = {}
    for record in json_records(source):
        value = mapping(record.value) if isinstance(record, Record) else {}
        if isinstance(record, RecordError):
            yield record
        elif not value:
            yield source.error(record.where, "A record of a stream is an object.")
        else:
            key = as_text(value.get("session_id")) or next(reversed(runs), "")
            run = runs.setdefault(key, _Run(Session(key or _nameless(source, value), CONVENTION)))
            run.add(record, value)
    for run in runs.values():
        yield from (source.error(where, what) for where, what in run.session.errors)
        is_empty = True
        for batch in run.batches():
            is_empty = False
            yield batch
        if is_empty:
            yield source.error("file", "The run has no turns.")
        else:
            yield from left_out_of(source.file, run.session.left_out)


def _nameless(source: Source, value: dict[str, JsonValue]) -> str:
    return f"{source.name.rpartition('.')[0] or source.name}-{digest_of(value)}"


@dataclass(slots=True)
class _Run:
    """One session of a stream."""

    session: Session
    streaming: dict[str, str] = field(default_factory=dict)
    """Agent → id of the answer that is being streamed."""
    streamed: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Message id → usage and stop reason as the stream told them last."""
    accounted: int = 0
    """Model steps that an earlier result has accounted for."""

    def add(self, record: Record, value: dict[str, JsonValue]) -> None:
        """The next record."""
        kind = value.get("type")
        if kind in ("assistant", "user"):
            self._turn(record, value)
        elif kind == "result":
            self._result(value)
        elif kind == "stream_event":
            self._event(value)
        elif kind == "system" and value.get("subtype") == "init":
            self.session.metadata.update(kept(value, "cwd", "model", "permissionMode", "claude_code_version"))
        elif kind not in _REPEATED:
            self.session.left_out[event_name(value)] += 1

    def _turn(self, record: Record, value: dict[str, JsonValue]) -> None:
        started = optional_text(value.get("parent_tool_use_id"))
        turn = {name: item for name, item in value.items() if name not in ("session_id", "parent_tool_use_id")}
        turn["toolUseResult"] = value.get("tool_use_result") or value.get("toolUseResult")
        if value.get("isSynthetic"):
            turn["isMeta"] = True
        if started:
            turn.update({"isSidechain": True, "agentId": started})
            self.session.starters[started] = started
        self.session.take([Record(record.where, turn)])

    def _event(self, value: dict[str, JsonValue]) -> None:
        """Of the pieces of an answer only its final usage and stop reason: whole answers come as records."""
        event, agent = mapping(value.get("event")), as_text(value.get("parent_tool_use_id"))
        if event.get("type") == "message_start":
            self.streaming[agent] = as_text(mapping(event.get("message")).get("id"))
        elif event.get("type") == "message_delta" and agent in self.streaming:
            told = self.streamed.setdefault(self.streaming[agent], {})
            told["usage"] = usage_of(event.get("usage"))
            told["stop_reason"] = optional_text(mapping(event.get("delta")).get("stop_reason"))

    def _result(self, value: dict[str, JsonValue]) -> None:
        """The end of a run: what it used in all, and whether it failed."""
        self.session.metadata.update(kept(value, "num_turns", "permission_denials", "subtype"))
        main = self.session.main
        answers = [span for span in main.spans if span.kind is StepKind.LLM]
        text = as_text(value.get("result"))
        if not answers and not value.get("is_error"):
            answers = [main.answered(Message("assistant", text), key=_result_key(value), time_ns=None)]
            answers[0].provider, answers[0].model = "anthropic", next(iter(mapping(value.get("modelUsage"))), None)
        self._finish_streamed(answers)
        own = answers[self.accounted :]
        if own:
            _account(own, usage_of(value.get("usage")), number(value.get("total_cost_usd")))
            own[-1].finish_reason = own[-1].finish_reason or optional_text(value.get("stop_reason"))
        self.accounted = len(answers)
        if value.get("is_error"):
            what = text or "; ".join(map(as_text, sequence(value.get("errors")))) or as_text(value.get("subtype"))
            span = main.said(Message("system", what, name="result"), key=f"{_result_key(value)}.e", time_ns=None)
            span.status, span.error = Status.ERROR, StepError(what, optional_text(value.get("subtype")))

    def _finish_streamed(self, answers: list[Span]) -> None:
        for span in answers:
            told = self.streamed.get(span.response_id or "", {})
            if (usage := told.get("usage")) is not None:
                known = span.usage or Usage()
                span.usage = replace(known, output_tokens=max(known.output_tokens, usage.output_tokens))
            span.finish_reason = span.finish_reason or told.get("stop_reason")

    def batches(self) -> Iterator[SpanBatch]:
        """The session and its sub-agents."""
        for builder in self.session.builders.values():
            self._finish_streamed([span for span in builder.spans if span.kind is StepKind.LLM])
        return self.session.batches()


def _result_key(value: dict[str, JsonValue]) -> str:
    return as_text(value.get("uuid")) or digest_of(value)


def _account(answers: list[Span], whole: Usage | None, cost: float | None) -> None:
    """Gives the last answer what the run used beyond its records, whose output counts break off early."""
    last = answers[-1]
    if whole is not None:
        told = sum((span.usage for span in answers if span.usage), Usage())
        known = last.usage or Usage()
        last.usage = replace(
            known,
            output_tokens=known.output_tokens + max(whole.output_tokens - told.output_tokens, 0),
            input_tokens=known.input_tokens + max(whole.input_tokens - told.input_tokens, 0),
        )
    if cost is not None:
        last.cost_usd = max(cost - sum(span.cost_usd or 0 for span in answers[:-1]), 0)
