"""Builds the steps of one Codex session out of the records of its rollout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ....model.text.jsontext import as_text
from ....model.traces import Fold, JsonValue, Message, Span, SpanBatch, Status, StepError, TraceFacts, Usage
from ..chat import content_text
from ..fields import count, digest_of, mapping, optional_text, time_ns
from ..records import Record
from ..session import SessionBuilder, joined, kept
from .codex_items import CALLS, OUTPUTS, SELF_CONTAINED, call_of, result_of, server_result

_AGENT = "codex"
ITEM_TYPES = ("message", "reasoning", *CALLS, *OUTPUTS, *SELF_CONTAINED)
_INSTRUCTIONS = ("<environment_context>", "<user_instructions>", "# AGENTS.md", "<permissions", "<INSTRUCTIONS>")
_REPEATED = (
    "agent_message",
    "agent_reasoning",
    "agent_reasoning_raw_content",
    "user_message",
    "task_started",
    "task_complete",
    "turn_started",
    "turn_complete",
)
"""Events that say again what items hold."""


@dataclass(slots=True)
class Rollout:
    """One session: its steps so far, and the answer that is still being given."""

    builder: SessionBuilder
    parent: str | None = None
    """The session that this one was forked from or started by."""
    session: str = ""
    open_answer: Span | None = None
    waiting: Usage | None = None
    """Tokens that were counted before the items of their answer came."""
    model: str | None = None
    provider: str | None = None
    total: Usage | None = None
    """Tokens of the whole session, as the last count told."""
    marks: list[tuple[int, int]] = field(default_factory=list)
    """For each turn of a person: how many steps and how many messages there were before."""
    keys: Counter[str] = field(default_factory=Counter)
    metadata: dict[str, JsonValue] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, records: Sequence[Record], stem: str, convention: str) -> Rollout:
        """An empty one, named by the first record that names it; else by the file and its first turn."""
        values = [mapping(record.value) for record in records]
        meta = next((mapping(one.get("payload")) for one in values if one.get("type") == "session_meta"), {})
        first = next((one for one in values if one.get("type") == "response_item"), {})
        key = as_text(meta.get("id")) or f"{stem}-{digest_of(first)}"
        spawn = mapping(mapping(mapping(meta.get("source")).get("subagent")).get("thread_spawn"))
        parent = meta.get("forked_from_id") or meta.get("parent_thread_id") or spawn.get("parent_thread_id")
        rollout = cls(SessionBuilder(key, convention, _AGENT), optional_text(parent))
        is_sub_agent = meta.get("thread_source") == "subagent" or "subagent" in mapping(meta.get("source"))
        rollout.session = as_text(meta.get("session_id") or parent) if is_sub_agent else key
        rollout.provider = optional_text(meta.get("model_provider"))
        rollout.metadata = kept(meta, "cwd", "cli_version", "originator", "git", "source", "forked_from_id")
        return rollout

    def add(self, record: Record, *, is_inherited: bool = False) -> None:
        """The next record; of a copy of the parent's turns only what the model was told is kept."""
        value = mapping(record.value)
        payload, kind = mapping(value.get("payload")), as_text(value.get("type"))
        moment = time_ns(value.get("timestamp"))
        if is_inherited:
            self._inherit(payload, kind)
        elif kind == "turn_context":
            self.model = optional_text(payload.get("model")) or self.model
        elif kind == "response_item":
            self._item(payload, self._key(value), moment)
        elif kind == "event_msg":
            self._event(payload, self._key(value), moment)
        elif kind == "compacted":
            self.open_answer = None
            self.builder.compacted(as_text(payload.get("message")), key=self._key(value), time_ns=moment)
        elif kind not in ("session_meta", "world_state"):
            self.left_out[kind or "record without a type"] += 1

    def _key(self, value: dict[str, JsonValue]) -> str:
        """What makes a step's id: the record itself, since lines of two files of one session may differ."""
        digest = digest_of([value.get("payload"), value.get("timestamp")])
        self.keys[digest] += 1
        return f"{digest}.{self.keys[digest]}"

    def _inherit(self, payload: dict[str, JsonValue], kind: str) -> None:
        if kind != "response_item":
            if payload.get("type") == "token_count":
                self.total = _tokens(mapping(payload.get("info")).get("total_token_usage"))
            return
        self.left_out["turns taken over from another session"] += 1
        turns, item = self.builder.turns, payload.get("type")
        if item == "message":
            role = "assistant" if payload.get("role") == "assistant" else "user"
            turns.append(Message(role, content_text(payload.get("content"))))
        elif item in CALLS:
            turns.append(Message("assistant", tool_calls=(call_of(payload),)))
        elif item in OUTPUTS:
            turns.append(result_of(payload))

    def _item(self, item: dict[str, JsonValue], key: str, moment: int | None) -> None:
        kind = item.get("type")
        if kind in OUTPUTS:
            self.open_answer = None
            self.builder.returned(result_of(item), key=key, time_ns=moment)
        elif kind in CALLS:
            self._answered(Message("assistant", tool_calls=(call_of(item),)), key, moment)
        elif kind in SELF_CONTAINED:
            call = call_of(item, key)
            self._answered(Message("assistant", tool_calls=(call,)), key, moment)
            self.builder.returned(server_result(item, call), key=f"{key}.result", time_ns=moment)
        elif kind == "reasoning":
            text = content_text(item.get("summary")) or content_text(item.get("content"))
            self._answered(Message("assistant", reasoning=text or None), key, moment)
        elif kind == "message" and item.get("role") == "assistant":
            self._answered(Message("assistant", content_text(item.get("content"))), key, moment)
        elif kind == "message":
            self._heard(item, key, moment)
        else:
            self.left_out[f"response_item/{as_text(kind)}"] += 1

    def _heard(self, item: dict[str, JsonValue], key: str, moment: int | None) -> None:
        self.open_answer = None
        text = content_text(item.get("content"))
        if item.get("role") != "user" or text.startswith(_INSTRUCTIONS):
            self.builder.said(Message("system", text), key=key, time_ns=moment)
            return
        before = len(self.builder.spans), len(self.builder.turns)
        if self.builder.spoken(text, key=key, time_ns=moment) is not None:
            self.marks.append(before)

    def _answered(self, message: Message, key: str, moment: int | None) -> None:
        span = self.open_answer
        if span is None:
            span = self.builder.answered(message, key=key, time_ns=moment)
            span.model, span.provider = self.model, self.provider
            span.usage, self.waiting = self.waiting, None
            self.open_answer = span
        else:
            span.ended_at_ns = moment or span.ended_at_ns
            self.builder.set_answer(span, joined(span.output_messages[0], message))

    def _event(self, event: dict[str, JsonValue], key: str, moment: int | None) -> None:
        kind = as_text(event.get("type"))
        if kind == "token_count":
            self._count(mapping(event.get("info")))
        elif kind == "error":
            self.open_answer = None
            text = as_text(event.get("message"))
            span = self.builder.answered(Message("assistant"), key=key, time_ns=moment)
            self.builder.turns.pop()
            span.model, span.provider = self.model, self.provider
            span.status, span.error = Status.ERROR, StepError(text)
        elif kind == "thread_rolled_back":
            self._undo(count(event.get("num_turns")))
        elif kind == "turn_aborted":
            self.open_answer = None
            reason = as_text(event.get("reason")) or "aborted"
            self.builder.said(Message("system", f"turn {reason}", name="interruption"), key=key, time_ns=moment)
        elif kind not in _REPEATED:
            self.left_out[f"event_msg/{kind}"] += 1

    def _count(self, info: dict[str, JsonValue]) -> None:
        """Adds what was used since the last count; a count that tells the same total again adds nothing."""
        total, last = _tokens(info.get("total_token_usage")), _tokens(info.get("last_token_usage"))
        if total is None and last is None:
            return
        before, self.total = self.total, total or self.total
        if total is not None and before is not None and _all(total) >= _all(before):
            added = _less(total, before)
        else:
            added = last or total or Usage()
        if self.open_answer is not None and added != Usage():
            self.open_answer.usage = (self.open_answer.usage or Usage()) + added
        elif added != Usage():
            self.waiting = (self.waiting or Usage()) + added

    def _undo(self, turns: int) -> None:
        """The last turns of the person, with what came of them, are taken back."""
        if not turns or not self.marks:
            return
        first, messages = self.marks[-turns] if turns <= len(self.marks) else self.marks[0]
        del self.marks[-turns:]
        for span in self.builder.spans[first:]:
            span.fold = Fold.ABANDONED
            self.left_out["steps of turns that were taken back (folded)"] += 1
        del self.builder.turns[messages:]
        self.open_answer = None

    def batch(self) -> SpanBatch:
        """The session as far as it was read."""
        key = self.builder.trace_key
        return SpanBatch(
            self.builder.spans, [TraceFacts(key, session=self.session or key, metadata=self.metadata or None)]
        )


def _tokens(value: JsonValue) -> Usage | None:
    raw = mapping(value)
    if not raw:
        return None
    return Usage(
        count(raw.get("input_tokens")),
        count(raw.get("output_tokens")),
        count(raw.get("cached_input_tokens")),
        reasoning_tokens=count(raw.get("reasoning_output_tokens")),
    )


def _all(usage: Usage) -> int:
    return usage.input_tokens + usage.output_tokens


def _less(total: Usage, before: Usage) -> Usage:
    return Usage(
        max(total.input_tokens - before.input_tokens, 0),
        max(total.output_tokens - before.output_tokens, 0),
        max(total.cache_read_tokens - before.cache_read_tokens, 0),
        reasoning_tokens=max(total.reasoning_tokens - before.reasoning_tokens, 0),
    )
