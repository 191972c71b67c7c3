"""Builds the steps of an OpenHands conversation out of its events, in the older form and in the SDK's."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ....model.text.jsontext import as_text
from ....model.traces import JsonValue, Message, Span, Status, StepError, ToolCall, Usage
from ..chat import content_text, json_or_text
from ..fields import count, mapping, number, optional_text, span_id_of, time_ns
from ..messages import usage_of
from ..session import SessionBuilder, joined

KINDS = (
    "MessageEvent",
    "SystemPromptEvent",
    "ActionEvent",
    "ObservationEvent",
    "AgentErrorEvent",
    "UserRejectObservation",
    "Condensation",
    "CondensationEvent",
    "ConversationErrorEvent",
    "ConversationStateUpdateEvent",
    "PauseEvent",
)
_MACHINERY = ("change_agent_state", "agent_state_changed", "null", "start_hacking", "initialize", "recall")
"""Events of the machinery; a recall repeats what was asked, and what it found comes as an observation."""
_SPEECH = ("message", "finish", "think", "reject")


@dataclass(slots=True)
class Conversation:
    """The steps so far, and the answer whose actions are still coming."""

    builder: SessionBuilder
    left_out: Counter[str] = field(default_factory=Counter)
    open_answer: Span | None = None
    response: str = ""
    """Id of the response that the open answer is."""
    used: Usage = field(default_factory=Usage)
    spent: float = 0
    """Tokens and cost of the run so far, as the last event told."""

    def add(self, event: dict[str, JsonValue], index: int) -> None:
        """The next event."""
        key = f"{index}.{span_id_of(as_text(event.get('id')), as_text(event.get('timestamp')))}"
        moment = time_ns(event.get("timestamp"))
        if event.get("kind") in KINDS:
            self._sdk_event(event, key, moment)
        elif event.get("observation") is not None:
            self._observed(event, key, moment)
        elif event.get("action") is not None:
            self._acted(event, key, moment)
        elif event.get("llm_metrics"):
            self._counted(mapping(event.get("llm_metrics")))
        else:
            self.left_out[as_text(event.get("kind")) or "event of no known kind"] += 1

    # --- the older form: an action and its observation ---

    def _acted(self, event: dict[str, JsonValue], key: str, moment: int | None) -> None:
        action, args = as_text(event.get("action")), mapping(event.get("args"))
        text = as_text(args.get("content")) or as_text(args.get("thought"))
        source = event.get("source")
        if action in _MACHINERY:
            self.left_out[f"action/{action}"] += 1
        elif action == "system":
            self._said(as_text(args.get("content")), "system", key, moment)
        elif action == "condensation":
            self._said(as_text(args.get("summary")), "compaction", key, moment)
        elif action == "message" and source == "user":
            self.open_answer = None
            self.builder.spoken(text or as_text(event.get("message")), key=key, time_ns=moment)
        elif source in ("user", "environment"):
            self._said(text or as_text(args), action, key, moment)
        else:
            self._answer(event, action, args, key, moment)

    def _answer(
        self, event: dict[str, JsonValue], action: str, args: dict[str, JsonValue], key: str, moment: int | None
    ) -> None:
        called = mapping(event.get("tool_call_metadata"))
        response = mapping(called.get("model_response"))
        thought = as_text(args.get("thought") or args.get("final_thought") or args.get("content"))
        calls: tuple[ToolCall, ...] = ()
        if action not in _SPEECH or called:
            name = as_text(called.get("function_name")) or action
            calls = (ToolCall(name, _arguments(args), optional_text(called.get("tool_call_id")) or _id(event)),)
        message = Message("assistant", thought, calls, reasoning=optional_text(args.get("reasoning_content")))
        span = self._answered(message, as_text(response.get("id")), key, moment)
        span.model = optional_text(response.get("model")) or span.model
        if response.get("usage") and span.usage is None:
            span.usage = usage_of(response.get("usage"))
        self._counted(mapping(event.get("llm_metrics")))

    def _observed(self, event: dict[str, JsonValue], key: str, moment: int | None) -> None:
        kind, extras = as_text(event.get("observation")), mapping(event.get("extras"))
        called = mapping(event.get("tool_call_metadata"))
        text = content_text(event.get("content"))
        if kind in ("recall", "condense") and not called:
            self.builder.told(text or as_text(extras), kind)
            return
        if kind in _MACHINERY:
            self.left_out[f"observation/{kind}"] += 1
            return
        code = mapping(extras.get("metadata")).get("exit_code", extras.get("exit_code"))
        failed = kind in ("error", "user_rejected") or code not in (None, 0, -1) or bool(extras.get("error"))
        if kind == "user_rejected":
            text = f"rejected by the user: {text}"
        call = optional_text(called.get("tool_call_id")) or optional_text(event.get("cause"))
        self._returned(Message("tool", text, tool_call_id=call, name=kind, is_error=failed), key, moment)

    # --- the SDK's form: kinds of events ---

    def _sdk_event(self, event: dict[str, JsonValue], key: str, moment: int | None) -> None:
        kind = event["kind"]
        if kind == "SystemPromptEvent":
            self._said(content_text([event.get("system_prompt")]), "system", key, moment)
        elif kind == "MessageEvent":
            self._sdk_message(event, key, moment)
        elif kind == "ActionEvent":
            self._sdk_action(event, key, moment)
        elif kind in ("ObservationEvent", "AgentErrorEvent", "UserRejectObservation"):
            self._sdk_observation(event, key, moment)
        elif kind in ("Condensation", "CondensationEvent"):
            self.open_answer = None
            self.builder.compacted(as_text(event.get("summary")), key=key, time_ns=moment)
        elif kind == "ConversationErrorEvent":
            said = as_text(event.get("detail"))
            span = self.builder.said(Message("system", said, name="error"), key=key, time_ns=moment)
            span.status, span.error = Status.ERROR, StepError(said, optional_text(event.get("code")))
        else:
            self._stats(event)
            self.left_out[as_text(kind)] += 1

    def _sdk_message(self, event: dict[str, JsonValue], key: str, moment: int | None) -> None:
        said = mapping(event.get("llm_message"))
        text = content_text(said.get("content"))
        if event.get("source") == "user" or said.get("role") == "user":
            self.open_answer = None
            self.builder.spoken(text, key=key, time_ns=moment)
            self.builder.told(content_text(event.get("extended_content")), "context")
        else:
            reasoning = optional_text(said.get("reasoning_content"))
            message = Message("assistant", text, reasoning=reasoning)
            self._answered(message, as_text(event.get("llm_response_id")), key, moment)

    def _sdk_action(self, event: dict[str, JsonValue], key: str, moment: int | None) -> None:
        called, action = mapping(event.get("tool_call")), mapping(event.get("action"))
        arguments = json_or_text(called.get("arguments") or mapping(called.get("function")).get("arguments"))
        if arguments is None:
            arguments = {name: item for name, item in action.items() if name != "kind"}
        name = as_text(event.get("tool_name") or called.get("name"))
        call = ToolCall(name, arguments, optional_text(event.get("tool_call_id")) or _id(event))
        text, reasoning = content_text(event.get("thought")), optional_text(event.get("reasoning_content"))
        message = Message("assistant", text, (call,), reasoning=reasoning)
        self._answered(message, as_text(event.get("llm_response_id")), key, moment)

    def _sdk_observation(self, event: dict[str, JsonValue], key: str, moment: int | None) -> None:
        kind, seen = event["kind"], mapping(event.get("observation"))
        text = content_text(seen.get("content")) or as_text(seen.get("output"))
        if kind == "AgentErrorEvent":
            text = as_text(event.get("error"))
        elif kind == "UserRejectObservation":
            text = f"rejected by the user: {as_text(event.get('rejection_reason'))}"
        code = seen.get("exit_code", mapping(seen.get("metadata")).get("exit_code"))
        failed = (
            kind != "ObservationEvent" or bool(seen.get("is_error") or seen.get("error")) or code not in (None, 0, -1)
        )
        call, name = optional_text(event.get("tool_call_id")), optional_text(event.get("tool_name"))
        self._returned(Message("tool", text, tool_call_id=call, name=name, is_error=failed), key, moment)

    def _stats(self, event: dict[str, JsonValue]) -> None:
        """Tokens of the run so far, which a change of its state may tell."""
        if event.get("key") == "stats":
            told = mapping(mapping(event.get("value")).get("usage_to_metrics"))
            used = [mapping(mapping(one).get("accumulated_token_usage")) for one in told.values()]
            cost = sum(number(mapping(one).get("accumulated_cost")) or 0 for one in told.values())
            total = sum((_used(one) for one in used), Usage())
            self._spend(total, cost)

    # --- both ---

    def _said(self, text: str, name: str, key: str, moment: int | None) -> None:
        self.open_answer = None
        self.builder.said(Message("system", text, name=name), key=key, time_ns=moment)

    def _answered(self, message: Message, response: str, key: str, moment: int | None) -> Span:
        """A model step, or one more action of the answer that is still open: of the same response."""
        if self.open_answer is not None and response and response == self.response:
            before = self.open_answer.output_messages[0]
            if message.content == before.content:
                message = Message("assistant", tool_calls=message.tool_calls)
            self.builder.set_answer(self.open_answer, joined(before, message))
            return self.open_answer
        span = self.builder.answered(message, key=key, time_ns=moment)
        span.response_id = response or None
        self.open_answer, self.response = span, response
        return span

    def _returned(self, message: Message, key: str, moment: int | None) -> None:
        if not self.response:
            self.open_answer = None
        self.builder.returned(message, key=key, time_ns=moment)

    def _counted(self, metrics: dict[str, JsonValue]) -> None:
        if metrics:
            total = _used(mapping(metrics.get("accumulated_token_usage")))
            self._spend(total, number(metrics.get("accumulated_cost")) or 0)

    def _spend(self, total: Usage, cost: float) -> None:
        """Gives the last answer what was used since the last count, where its response did not tell."""
        answer = next((span for span in reversed(self.builder.spans) if span.output_messages), None)
        if answer is not None:
            before, more = self.used, total
            if answer.usage is None and more.input_tokens > before.input_tokens:
                answer.usage = Usage(
                    more.input_tokens - before.input_tokens,
                    max(more.output_tokens - before.output_tokens, 0),
                    max(more.cache_read_tokens - before.cache_read_tokens, 0),
                    max(more.cache_write_tokens - before.cache_write_tokens, 0),
                )
            if cost > self.spent:
                answer.cost_usd = (answer.cost_usd or 0) + cost - self.spent
        if total != Usage():
            self.used = total
        self.spent = max(cost, self.spent)


def _used(raw: dict[str, JsonValue]) -> Usage:
    return Usage(
        count(raw.get("prompt_tokens")),
        count(raw.get("completion_tokens")),
        count(raw.get("cache_read_tokens")),
        count(raw.get("cache_write_tokens")),
        count(raw.get("reasoning_tokens")),
    )


def _arguments(args: dict[str, JsonValue]) -> JsonValue:
    left = ("thought", "hidden", "is_input", "blocking", "confirmation_state", "is_static", "reasoning_content")
    return {name: item for name, item in args.items() if name not in left and item is not None}


def _id(event: dict[str, JsonValue]) -> str | None:
    return optional_text(event.get("id"))
