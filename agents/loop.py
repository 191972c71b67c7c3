"""One conversation with a model that may call tools: streamed, capped, kept turn by turn, stopped at any point.

Each turn goes through the SDK's tool runner, without its server-side threads, so that any compatible endpoint will do
and the history here is all there is. What was paid for is in `history` before the next request leaves.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio

from ..model.traces import Usage
from ..store.jobs.agent_runs import Spent
from .events import Ending, Event, Message, TextDelta, ToolAnswered, ToolCalled, result_text
from .model import ModelError, RequestFailedError, count_input_tokens, explained, usage_of
from .spending import BudgetSpent, Hold, Limits, Purse, estimate_tokens

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

_CUT_RETRIES = 2
_LAST_CALL = "This is the last turn. Call {answer} now with what you have."
_NO_ANSWER = "Nothing was reported. Call {answer} now with what you have; plain text is not kept."


@dataclass(frozen=True, slots=True)
class Setup:
    """What stays the same over a conversation."""

    model: str
    system: str
    tools: Sequence[Any]
    canary: str
    answer: str | None = None
    """Name of the tool by which the model answers; None where plain text is the answer."""


class _CutError(Exception):
    """The stream broke off before its end."""


class Conversation:
    """A conversation that can be run, cancelled, and gone on with from its history.

    Args:
        client: The Messages API.
        setup: Model, instructions, tools.
        history: Messages so far; the first is the question.
        purse: The budget of the whole job.
        limits: Of this conversation.
        answered: Whether the answer tool holds an answer that will do.
        on_event: Called while the model speaks; must not block.
        on_turn: Called after each paid turn with what it took, before the next one.
    """

    def __init__(
        self,
        client: AsyncAnthropic,
        setup: Setup,
        history: Sequence[Message],
        purse: Purse,
        limits: Limits,
        *,
        answered: Callable[[], bool] = lambda: False,
        on_event: Callable[[Event], None] = lambda event: None,
        on_turn: Callable[[Spent], None] = lambda spent: None,
    ) -> None:
        self.history = list(history)
        self.spent = Spent()
        self.problem = ""
        self._client = client
        self._setup = setup
        self._purse = purse
        self._limits = limits
        self._answered = answered
        self._on_event = on_event
        self._on_turn = on_turn
        self._known_tokens = 0
        self._known_messages = 0
        self._nudged = False

    @property
    def turns(self) -> int:
        """Replies so far, of former processes too."""
        return sum(message["role"] == "assistant" for message in self.history)

    async def run(self) -> Ending:
        """Go on until there is an answer, or one of the caps is reached.

        Raises:
            ModelError: if the endpoint refuses every request.
        """
        with anyio.move_on_after(self._limits.seconds):
            return await self._run()
        if not self.spent.requests:
            self.problem = f"no answer within {self._limits.seconds:.0f} s"
            return Ending.FAILED
        return Ending.TIME

    async def _run(self) -> Ending:
        self._ask_for_the_answer()
        while True:
            if self.turns >= self._limits.turns or self._next_input() > self._limits.input_tokens:
                return Ending.LIMIT
            try:
                stop_reason = await self._turn()
            except BudgetSpent as err:
                self.problem = str(err)
                return Ending.BUDGET
            except RequestFailedError as err:
                self.problem = str(err)
                return Ending.FAILED if err.later else Ending.REJECTED
            ending = self._ending(stop_reason)
            if ending is not None:
                return ending

    def _ask_for_the_answer(self) -> None:
        """A conversation that goes on after a reply without an answer needs a word to go on with."""
        if self.history[-1]["role"] == "assistant" and self._setup.answer is not None:
            self._nudged = True
            self.history.append({"role": "user", "content": _NO_ANSWER.format(answer=self._setup.answer)})

    def _ending(self, stop_reason: str | None) -> Ending | None:
        said = json.dumps(self.history[-2:], default=str)
        if self._setup.canary in said:
            return Ending.SUSPICIOUS
        if stop_reason == "refusal":
            return Ending.REFUSED
        if self._answered():
            return Ending.ANSWERED
        if stop_reason in ("tool_use", "pause_turn"):
            return None
        if stop_reason == "max_tokens":
            return Ending.TRUNCATED
        if self._setup.answer is None:
            return Ending.ANSWERED
        if self._nudged:
            return Ending.SILENT
        self._ask_for_the_answer()
        return None

    async def _turn(self) -> str | None:
        for attempt in range(_CUT_RETRIES + 1):
            held = await self._hold()
            try:
                return await self._request(held)
            except _CutError as err:
                self.problem = str(err)
                await anyio.sleep(0.1 * 4**attempt)
            finally:
                self._purse.release(held)
        raise RequestFailedError(f"The model's answer broke off {_CUT_RETRIES + 1} times: {self.problem}.")

    async def _hold(self) -> Hold:
        """Room for the next request; where its estimate does not fit, the endpoint's own count may."""
        try:
            return self._purse.hold(self._next_input(), self._limits.output_tokens)
        except BudgetSpent as err:
            tools = [tool.to_dict() for tool in self._setup.tools]
            request = {"system": self._setup.system, "messages": self._messages(), "tools": tools}
            try:
                counted = await count_input_tokens(self._client, self._setup.model, request)
            except (RequestFailedError, ModelError):
                raise err from None
            return self._purse.hold(counted, self._limits.output_tokens)

    async def _request(self, held: Hold) -> str | None:
        # An unknown tool is the model's mistake, and the runner tells the model so.
        warnings.filterwarnings("ignore", message="Tool '.*' not found in tool runner", category=UserWarning)
        # Built apart: the SDK's overloads do not know tools and messages as plain dictionaries.
        request: dict[str, Any] = {
            "model": self._setup.model,
            "max_tokens": self._limits.output_tokens,
            "system": [{"type": "text", "text": self._setup.system, "cache_control": {"type": "ephemeral"}}],
            "messages": self._messages(),
            "tools": list(self._setup.tools),
            "cache_control": {"type": "ephemeral"},
        }
        with explained():
            runner = self._client.beta.messages.tool_runner(**request, max_iterations=1, stream=True, thread=False)
            try:
                async for stream in runner:
                    message = await self._read(stream, held)
                    self._note_calls(message)
                    answers = await runner.generate_tool_call_response() if message.stop_reason == "tool_use" else None
            finally:
                with anyio.CancelScope(shield=True):
                    await runner.close()
        self._keep(message, answers, self._purse.settle(held, usage_of(message.usage)))
        return str(message.stop_reason) if message.stop_reason else None

    async def _read(self, stream: Any, held: Hold) -> Any:
        import anthropic
        import httpx2

        try:
            async for event in stream:
                if event.type == "text":
                    self._on_event(TextDelta(event.text))
            message = await stream.get_final_message()
        except (httpx2.TransportError, anthropic.APIError, AssertionError, ValueError) as err:
            self._pay_for_the_part(stream, held)
            raise _CutError(type(err).__name__) from err
        except anyio.get_cancelled_exc_class():
            self._pay_for_the_part(stream, held)
            raise
        if message.stop_reason is None:
            self._pay_for_the_part(stream, held)
            raise _CutError("the stream ended early")
        return message

    def _pay_for_the_part(self, stream: Any, held: Hold) -> None:
        """A reply that broke off is billed: its prompt, and what had come of it."""
        try:
            part = stream.current_message_snapshot
        except AssertionError:
            return
        usage = usage_of(part.usage)
        said = estimate_tokens(json.dumps(part.to_dict(), default=str))
        self._pay(self._purse.settle(held, Usage(usage.input_tokens, max(usage.output_tokens, said))))

    def _pay(self, took: Spent) -> None:
        self.spent = self.spent.plus(took)
        self._on_turn(took)

    def _note_calls(self, message: Any) -> None:
        for block in message.content:
            if block.type == "tool_use":
                self._on_event(ToolCalled(block.id, block.name, block.input))

    def _keep(self, message: Any, answers: Any, took: Spent) -> None:
        self.history.append({"role": "assistant", "content": [_plain(block) for block in message.content]})
        if answers is not None:
            results = json.loads(json.dumps(answers["content"], default=str))
            self.history.append({"role": "user", "content": results})
            for result in results:
                text = result_text(result)
                self._on_event(ToolAnswered(result["tool_use_id"], text, bool(result.get("is_error"))))
        self._known_messages = len(self.history) - (answers is not None)
        self._known_tokens = took.usage.input_tokens + took.usage.output_tokens
        self._pay(took)

    def _messages(self) -> list[Message]:
        """The history, with a word that this turn is the last one where it is."""
        if self._setup.answer is None or self.turns < self._limits.turns - 1 or len(self.history) < 2:
            return list(self.history)
        last = self.history[-1]
        content = [{"type": "text", "text": last["content"]}] if isinstance(last["content"], str) else last["content"]
        word = {"type": "text", "text": _LAST_CALL.format(answer=self._setup.answer)}
        return [*self.history[:-1], {"role": last["role"], "content": [*content, word]}]

    def _next_input(self) -> int:
        """Tokens of the next request at most: what the endpoint counted so far, and an estimate of what is new."""
        if self._known_tokens:
            return self._known_tokens + estimate_tokens(json.dumps(self.history[self._known_messages :], default=str))
        tools = [tool.to_dict() for tool in self._setup.tools]
        return estimate_tokens(json.dumps([self._setup.system, tools, self.history], default=str))


def _plain(block: Any) -> dict[str, Any]:
    """A block of a reply as it is sent back."""
    sent: dict[str, Any] = block.model_dump(mode="json", exclude_none=True, exclude={"parsed_output"})
    return sent
