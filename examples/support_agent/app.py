"""Ways to run the agent: a whole workload with its traces, or one input as the target of a regression case."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from opentelemetry.sdk.trace.export import SpanExporter

from ...regression import FrozenTools, RunResult
from .agent import Answer, Conversation
from .messages import Model, Turn, from_chat
from .scripted import ScriptedModel
from .shop import ToolError
from .telemetry import Recorder, SimulatedClock, WallClock, tracer_provider
from .versions import VERSIONS, Version
from .workload import Request, Session, sessions

DEFAULT_SEED = 7
_HOUR_NS = 3600 * 10**9


@dataclass(frozen=True, slots=True)
class Handled:
    """One request of a workload with the agent's answer."""

    session: Session
    request: Request
    answer: Answer
    conversation: Conversation


def run_workload(
    version: str,
    *,
    requests: int = 40,
    seed: int = DEFAULT_SEED,
    model: str = "scripted",
    hours: float = 3.0,
    exporter: SpanExporter | None = None,
) -> Iterator[Handled]:
    """Run a seeded set of conversations, one request at a time; all spans are exported when the iterator ends.

    Args:
        version: `v1` or `v2`.
        requests: How many requests; sessions have one or two.
        seed: Chooses the customers and the scripted model's slips. The same seed gives the same conversations.
        model: `scripted`, or `anthropic`.
        hours: With the scripted model, traces are spread over this many hours up to now.
        exporter: Where spans go; see `telemetry.tracer_provider`.

    Raises:
        KeyError: for an unknown version or model.
    """
    provider, brain = tracer_provider(version, exporter), _model(model, seed)
    planned = sessions(requests, seed)
    begin, step = time.time_ns() - int(hours * _HOUR_NS), int(hours * _HOUR_NS) // max(len(planned), 1)
    try:
        for number, session in enumerate(planned):
            clock = SimulatedClock(begin + number * step, session.id) if model == "scripted" else WallClock()
            recorder = Recorder(provider, clock, conversation=f"{session.id}-{version}", user=session.user)
            conversation = Conversation(VERSIONS[version], brain, recorder)
            for request in session.requests:
                yield Handled(session, request, conversation.ask(request.text, request.task), conversation)
                clock.spend(8_000, 40_000)
    finally:
        provider.shutdown()


def run_v1(input: Any, tool_results: FrozenTools | None = None) -> RunResult:  # noqa: A002 -- the protocol's word
    """Target for regression cases: version v1."""
    return _run(VERSIONS["v1"], input, tool_results)


def run_v2(input: Any, tool_results: FrozenTools | None = None) -> RunResult:  # noqa: A002 -- the protocol's word
    """Target for regression cases: version v2."""
    return _run(VERSIONS["v2"], input, tool_results)


def run(input: Any, tool_results: FrozenTools | None = None) -> RunResult:  # noqa: A002 -- the protocol's word
    """Target for regression cases: the version that SUPPORT_AGENT_VERSION names, v1 by default."""
    return _run(VERSIONS[os.environ.get("SUPPORT_AGENT_VERSION", "v1")], input, tool_results)


def _run(version: Version, case_input: Any, tool_results: FrozenTools | None) -> RunResult:
    """Have a conversation: text is one message; a list of messages goes on after the last one of the agent.

    What the customer says after it is asked one message after the other; tool calls and steps of these count, and the
    last answer is the output. SUPPORT_AGENT_SEED and SUPPORT_AGENT_MODEL choose as the options of the command line do.
    """
    earlier, texts = _begun(case_input)
    provider = tracer_provider(version.name)
    seed = int(os.environ.get("SUPPORT_AGENT_SEED", DEFAULT_SEED))
    name = os.environ.get("SUPPORT_AGENT_MODEL", "scripted")
    recorder = Recorder(provider, WallClock(), conversation=f"case-{time.time_ns()}", user=None)
    answerer = None if tool_results is None else _frozen(tool_results)
    conversation = Conversation(version, _model(name, seed), recorder, answerer=answerer, earlier=earlier)
    try:
        answers = [conversation.ask(text) for text in texts]
    finally:
        provider.shutdown()
    calls = [call for answer in answers for call in answer.calls]
    return RunResult(
        output=answers[-1].text,
        tool_calls=[
            {"name": c.name, "arguments": c.arguments, "result": c.result, "is_error": c.is_error} for c in calls
        ],
        steps=len(calls) + sum(answer.model_calls for answer in answers),
    )


def _begun(case_input: Any) -> tuple[list[Turn], list[str]]:
    """The conversation so far, and what the customer says then."""
    if isinstance(case_input, str):
        return [], [case_input]
    if isinstance(case_input, list):
        answered = [place for place, turn in enumerate(case_input) if turn.get("role") in ("assistant", "tool")]
        so_far = answered[-1] + 1 if answered else 0
        texts = [str(turn["content"]) for turn in case_input[so_far:] if turn.get("role") == "user"]
        if texts:
            return from_chat(case_input[:so_far]), texts
    raise ValueError("the input is neither text nor a list of messages that ends with one of role user")


def _frozen(results: FrozenTools) -> Any:
    def answer(name: str, arguments: dict[str, Any]) -> Any:
        found = results.answer(name, dict(arguments))
        if found.is_error:
            raise ToolError("frozen", str(found.result))
        return found.result

    return answer


def _model(name: str, seed: int) -> Model:
    if name == "anthropic":
        from .claude import ClaudeModel

        return ClaudeModel()
    return {"scripted": ScriptedModel}[name](seed)
