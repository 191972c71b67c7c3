"""Spans of the OpenTelemetry GenAI semantic conventions, content included.

The scripted model answers at once; so that its traces look like those of a service, spans then follow a clock that
advances by plausible latencies.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from .messages import Block, Reply, Turn, blocks

AGENT = "ridgeline_support"


class Clock(Protocol):
    """What time it is, in Unix nanoseconds, and how it passes."""

    def now_ns(self) -> int: ...
    def spend(self, least_ms: int, most_ms: int) -> None: ...


class WallClock:
    """Real time."""

    def now_ns(self) -> int:
        return time.time_ns()

    def spend(self, least_ms: int, most_ms: int) -> None:
        """Work itself takes the time."""


class SimulatedClock:
    """Time that passes by seeded latencies."""

    def __init__(self, start_ns: int, seed: object) -> None:
        self._now_ns = start_ns
        self._rng = random.Random(str(seed))

    def now_ns(self) -> int:
        return self._now_ns

    def spend(self, least_ms: int, most_ms: int) -> None:
        self._now_ns += self._rng.randint(least_ms * 1000, most_ms * 1000) * 1000


def tracer_provider(version: str, exporter: SpanExporter | None = None) -> TracerProvider:
    """A provider for one version of the agent.

    Spans go to `exporter`; without one, by OTLP/HTTP to the endpoint in OTEL_EXPORTER_OTLP_ENDPOINT (or
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) where that is set, else nowhere.
    """
    resource = Resource({"service.name": "support-agent", "service.version": version})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    if exporter is None and _endpoint_is_set():
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        exporter = OTLPSpanExporter()
    if exporter is not None:
        provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def _endpoint_is_set() -> bool:
    names = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    return any(os.environ.get(name) for name in names)


class Recorder:
    """Opens and closes the spans of one conversation."""

    def __init__(self, provider: TracerProvider, clock: Clock, *, conversation: str, user: str | None) -> None:
        self._tracer = provider.get_tracer("support_agent")
        self.clock = clock
        self._shared = {"gen_ai.conversation.id": conversation} | ({"user.id": user} if user else {})

    @contextmanager
    def agent(self, asked: str, task: str | None) -> Iterator[Span]:
        """The root: one request of a customer."""
        attributes = self._shared | {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": AGENT,
            "gen_ai.input.messages": _json([_message("user", [{"type": "text", "text": asked}])]),
        }
        if task:
            attributes["retrospan.task"] = task
        with self._span(f"invoke_agent {AGENT}", SpanKind.INTERNAL, attributes) as span:
            yield span

    @contextmanager
    def chat(self, provider: str, model: str, system: str, messages: list[Turn], tools: list[Any]) -> Iterator[Span]:
        """One call of the model."""
        attributes = self._shared | {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": provider,
            "gen_ai.request.model": model,
            "gen_ai.system_instructions": _json([{"type": "text", "content": system}]),
            "gen_ai.input.messages": _json([part for turn in messages for part in _turn(turn)]),
            "gen_ai.tool.definitions": _json(tools),
        }
        with self._span(f"chat {model}", SpanKind.CLIENT, attributes) as span:
            yield span

    @contextmanager
    def tool(self, call: Block) -> Iterator[Span]:
        """One tool call."""
        attributes = self._shared | {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": call["name"],
            "gen_ai.tool.type": "function",
            "gen_ai.tool.call.id": call["id"],
            "gen_ai.tool.call.arguments": _json(call["input"]),
        }
        with self._span(f"execute_tool {call['name']}", SpanKind.INTERNAL, attributes) as span:
            yield span

    @contextmanager
    def retrieval(self, query: str, top_k: int) -> Iterator[Span]:
        """One search of the policy base."""
        attributes = self._shared | {
            "gen_ai.operation.name": "retrieval",
            "gen_ai.data_source.id": "policies",
            "gen_ai.retrieval.query.text": query,
            "gen_ai.retrieval.top_k": top_k,
        }
        with self._span("retrieval policies", SpanKind.CLIENT, attributes) as span:
            yield span

    @contextmanager
    def _span(self, name: str, kind: SpanKind, attributes: dict[str, Any]) -> Iterator[Span]:
        span = self._tracer.start_span(name, kind=kind, attributes=attributes, start_time=self.clock.now_ns())
        with trace.use_span(span, end_on_exit=False):
            try:
                yield span
            finally:
                span.end(end_time=self.clock.now_ns())


def record_answer(span: Span, text: str) -> None:
    """The final answer, on the root."""
    span.set_attribute("gen_ai.output.messages", _json([_message("assistant", [{"type": "text", "text": text}])]))


def record_reply(span: Span, reply: Reply) -> None:
    """A model's reply, on its call."""
    output = _message("assistant", reply.content) | {"finish_reason": reply.stop_reason}
    span.set_attributes(
        {
            "gen_ai.response.id": reply.id,
            "gen_ai.response.model": reply.model,
            "gen_ai.response.finish_reasons": [reply.stop_reason],
            "gen_ai.output.messages": _json([output]),
            "gen_ai.usage.input_tokens": reply.input_tokens,
            "gen_ai.usage.output_tokens": reply.output_tokens,
        }
    )


def record_result(span: Span, result: str, error_type: str | None) -> None:
    """A tool's result, on its call; a failed call is an error of that span, not of the run."""
    span.set_attribute("gen_ai.tool.call.result", result)
    if error_type is not None:
        span.set_attribute("error.type", error_type)
        span.set_status(Status(StatusCode.ERROR, result))


def record_documents(span: Span, documents: list[dict[str, Any]]) -> None:
    """What a search found."""
    span.set_attribute("gen_ai.retrieval.documents", _json(documents))


def _turn(turn: Turn) -> list[dict[str, Any]]:
    parts = blocks(turn["content"])
    results = [part for part in parts if part["type"] == "tool_result"]
    if results:
        return [_message("tool", [part]) for part in results]
    return [_message(turn["role"], parts)]


def _message(role: str, parts: list[Block]) -> dict[str, Any]:
    return {"role": role, "parts": [_part(part) for part in parts]}


def _part(part: Block) -> dict[str, Any]:
    if part["type"] == "tool_use":
        return {"type": "tool_call", "id": part["id"], "name": part["name"], "arguments": part["input"]}
    if part["type"] == "tool_result":
        return {"type": "tool_call_response", "id": part["tool_use_id"], "response": part["content"]}
    return {"type": "text", "content": part["text"]}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
