"""The agent: a loop of model calls and tool calls until the model answers in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import policies, telemetry
from .messages import Block, Model, Turn
from .shop import Shop, ToolError
from .tools import SCHEMAS, Toolbox
from .versions import Version

MAX_MODEL_CALLS = 10
_TOP_K = 2
_GAVE_UP = "I'm sorry, this takes me longer than it should. A colleague will get back to you."

Answerer = Callable[[str, dict[str, Any]], Any]
"""Answers a tool call instead of the tools: raises LookupError where it has no answer, ToolError for a failure."""


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call of a run."""

    name: str
    arguments: dict[str, Any]
    result: Any
    is_error: bool


@dataclass(slots=True)
class Answer:
    """What came of one request."""

    text: str
    calls: list[Call] = field(default_factory=list)
    model_calls: int = 0


class Conversation:
    """One customer's conversation with one version of the agent, over a fresh copy of the shop."""

    def __init__(
        self,
        version: Version,
        model: Model,
        recorder: telemetry.Recorder,
        *,
        answerer: Answerer | None = None,
        earlier: Sequence[Turn] = (),
    ) -> None:
        self.shop = Shop()
        self.turns: list[Turn] = list(earlier)
        self._version, self._model, self._recorder, self._answerer = version, model, recorder, answerer
        self._toolbox = Toolbox(self.shop, self._retrieve)

    def ask(self, text: str, task: str | None = None) -> Answer:
        """Answer one message of the customer; one trace.

        Args:
            text: The customer's message.
            task: What kind of request it is, for the trace.
        """
        self.turns.append({"role": "user", "content": text})
        answer = Answer(_GAVE_UP)
        with self._recorder.agent(text, task) as span:
            while answer.model_calls < MAX_MODEL_CALLS:
                reply = self._think()
                answer.model_calls += 1
                if not reply.tool_uses:
                    answer.text = reply.text
                    break
                results = [self._use(call, answer.calls) for call in reply.tool_uses]
                self.turns.append({"role": "user", "content": results})
            telemetry.record_answer(span, answer.text)
        return answer

    def _think(self) -> Any:
        system = self._version.instructions
        model = self._model
        with self._recorder.chat(model.provider, model.name, system, self.turns, SCHEMAS) as span:
            reply = model.create(system=system, messages=self.turns, tools=SCHEMAS)
            self._recorder.clock.spend(500, 1900)
            telemetry.record_reply(span, reply)
        self.turns.append({"role": "assistant", "content": reply.content})
        return reply

    def _use(self, call: Block, calls: list[Call]) -> Block:
        with self._recorder.tool(call) as span:
            error_type = None
            try:
                value = self._result(call["name"], call["input"])
            except ToolError as err:
                value, error_type = str(err), err.kind
            self._recorder.clock.spend(15, 140)
            text = value if isinstance(value, str) else json.dumps(value)
            telemetry.record_result(span, text, error_type)
        calls.append(Call(call["name"], call["input"], value, error_type is not None))
        result: Block = {"type": "tool_result", "tool_use_id": call["id"], "content": text}
        return result | ({"is_error": True} if error_type else {})

    def _result(self, name: str, arguments: dict[str, Any]) -> Any:
        if self._answerer is not None:
            try:
                return self._answerer(name, arguments)
            except LookupError:
                pass
        return self._toolbox.call(name, arguments)

    def _retrieve(self, query: str) -> list[policies.Passage]:
        with self._recorder.retrieval(query, _TOP_K) as span:
            found = policies.search(query, include_superseded=self._version.searches_superseded, top_k=_TOP_K)
            self._recorder.clock.spend(20, 90)
            documents = [{"id": p.policy.id, "score": p.score, "content": p.policy.text} for p in found]
            telemetry.record_documents(span, documents)
        return found
