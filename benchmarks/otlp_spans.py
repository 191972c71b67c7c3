"""Generated agent traces as OTLP export requests: the load of the ingest benchmark.

About 18 spans a trace and 3.3 kB a span, agent, llm, tool and retriever spans, half of the traces in OTel GenAI
attributes, half in OpenInference. Text is made of 24,000 sentences over 8,000 words with Zipf frequencies, and of order
numbers that are unique. A planted phrase is in one trace of 250, and the very last span holds a word of its own.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Literal

import orjson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans, Span, Status

SEED = 7
BATCH = 512
LAST_WORD = "lastspanmarker"
PLANTED = "the crimson heron refuses the ninth lantern"

_WORDS = 8_000
_SENTENCES = 24_000
_SYLLABLES = [consonant + vowel for consonant in "bcdfghlmnpr" for vowel in "aeio"]
_START_NS = 1_790_000_000_000_000_000
_MESSAGE_CHARS = 1_500
_SYSTEM_CHARS = 2_400
_TURN_CHARS = 260
_APPLICATIONS = 5
"""With repetition, each has one system prompt for all its runs."""


Shape = Literal["plain", "repeat", "trail"]


def requests(shape: Shape, spans: int) -> Iterator[bytes]:
    """Generated spans, without or with repeated conversations; or the real TRAIL traces, whatever `spans` says."""
    if shape == "trail":
        from trail_spans import trail_requests

        yield from trail_requests()
        spans = 1
    yield from SpanSource(repeat=shape == "repeat").batches(spans)


class SpanSource:
    """Reproducible batches of spans.

    Args:
        repeat: Whether each model call repeats the whole conversation, as real agents do.
    """

    def __init__(self, *, repeat: bool, seed: int = SEED) -> None:
        self._repeat = repeat
        self._random = random.Random(seed)
        self.sentences = self._make_sentences()
        self._number = 0
        self._prompts = [self.text(_SYSTEM_CHARS) for _ in range(_APPLICATIONS)]

    def batches(self, spans: int) -> Iterator[bytes]:
        """Export requests of 512 spans, `spans` in all."""
        request, scope = _new_request()
        for made, span in enumerate(self._spans(), 1):
            scope.spans.append(self._last(span) if made == spans else span)
            if len(scope.spans) == BATCH or made == spans:
                yield request.SerializeToString()
                request, scope = _new_request()
            if made == spans:
                return

    def _last(self, span: Span) -> Span:
        made = _span(span.trace_id, span.span_id, span.parent_span_id, "last", span.start_time_unix_nano)
        _GenAI().tool(made, {"order": "none"}, f"{LAST_WORD} {self.text(200)}")
        return made

    def _make_sentences(self) -> list[str]:
        rng = self._random
        words = list({"".join(rng.choices(_SYLLABLES, k=rng.randint(1, 4))) for _ in range(_WORDS * 2)})[:_WORDS]
        words.sort(key=lambda word: (len(word), word))
        weights = [1 / (rank + 2) for rank in range(len(words))]
        return [" ".join(rng.choices(words, weights, k=rng.randint(8, 16))) + "." for _ in range(_SENTENCES)]

    def text(self, chars: int) -> str:
        self._number += 1
        parts = [f"Order R{self._number:08d}."]
        size = 16
        while size < chars:
            sentence = self.sentences[int(self._random.random() * _SENTENCES)]
            parts.append(sentence)
            size += len(sentence) + 1
        return " ".join(parts)

    def _spans(self) -> Iterator[Span]:
        trace = 0
        while True:
            trace += 1
            yield from self._trace(trace)

    def _trace(self, number: int) -> Iterator[Span]:
        rng = self._random
        trace_id = rng.randbytes(16)
        root_id = rng.randbytes(8)
        clock = _START_NS + number * 10**9
        writer = _GenAI() if number % 2 else _OpenInference()
        question = self.text(400) + (f" {PLANTED}" if number % 250 == 1 else "")
        conversation = [("system", self._prompts[number % _APPLICATIONS]), ("user", question)]
        answer = ""
        for turn in range(rng.randint(4, 9)):
            clock += 10**6
            answer = self.text(_TURN_CHARS if self._repeat else _MESSAGE_CHARS)
            said = conversation if self._repeat else [("user", self.text(_MESSAGE_CHARS))]
            llm = _span(trace_id, rng.randbytes(8), root_id, f"chat model-{turn % 3}", clock)
            writer.llm(llm, said, answer)
            yield llm
            tool = _span(trace_id, rng.randbytes(8), root_id, f"tool_{turn % 5}", clock + 10**5)
            result = self.text(_TURN_CHARS * 2 if self._repeat else _MESSAGE_CHARS * 2)
            writer.tool(tool, {"order": f"R{self._number}", "note": self.text(60)}, result)
            if rng.random() < 0.06:
                tool.status.code = Status.STATUS_CODE_ERROR
                tool.status.message = "timed out after 30 s"
            yield tool
            conversation = [*conversation, ("assistant", answer), ("tool", result)]
            if turn % 2:
                found = _span(trace_id, rng.randbytes(8), root_id, "search policies", clock + 2 * 10**5)
                writer.retriever(found, question, [self.text(250 if self._repeat else 500) for _ in range(4)])
                yield found
        root = _span(trace_id, root_id, b"", "run", clock)
        writer.agent(root, question, answer)
        yield root


class _GenAI:
    """OTel GenAI attributes."""

    def llm(self, span: Span, said: list[tuple[str, str]], answer: str) -> None:
        _put(span, "gen_ai.operation.name", "chat")
        _put(span, "gen_ai.provider.name", "openai")
        _put(span, "gen_ai.request.model", "gpt-5-mini")
        span.attributes.add(key="gen_ai.usage.input_tokens").value.int_value = 900
        span.attributes.add(key="gen_ai.usage.output_tokens").value.int_value = 120
        _put(span, "gen_ai.input.messages", _json([_parts(role, text) for role, text in said]))
        _put(span, "gen_ai.output.messages", _json([{**_parts("assistant", answer), "finish_reason": "stop"}]))

    def tool(self, span: Span, arguments: dict[str, str], result: str) -> None:
        _put(span, "gen_ai.operation.name", "execute_tool")
        _put(span, "gen_ai.tool.name", span.name)
        _put(span, "gen_ai.tool.call.arguments", _json(arguments))
        _put(span, "gen_ai.tool.call.result", _json({"status": "done", "text": result}))

    def retriever(self, span: Span, query: str, found: list[str]) -> None:
        _put(span, "gen_ai.operation.name", "retrieval")
        _put(span, "gen_ai.retrieval.query.text", query)
        documents = [{"id": f"d{i}", "score": 0.9 - i / 10, "content": text} for i, text in enumerate(found)]
        _put(span, "gen_ai.retrieval.documents", _json(documents))

    def agent(self, span: Span, question: str, answer: str) -> None:
        _put(span, "gen_ai.operation.name", "invoke_agent")
        _put(span, "gen_ai.agent.name", "support")
        _put(span, "gen_ai.conversation.id", f"s-{span.trace_id.hex()[:6]}")
        _put(span, "gen_ai.input.messages", _json([_parts("user", question)]))
        _put(span, "gen_ai.output.messages", _json([_parts("assistant", answer)]))


class _OpenInference:
    """OpenInference attributes, messages flattened into one attribute a field."""

    def llm(self, span: Span, said: list[tuple[str, str]], answer: str) -> None:
        _put(span, "openinference.span.kind", "LLM")
        _put(span, "llm.model_name", "claude-sonnet")
        span.attributes.add(key="llm.token_count.prompt").value.int_value = 900
        span.attributes.add(key="llm.token_count.completion").value.int_value = 120
        for i, (role, text) in enumerate(said):
            _put(span, f"llm.input_messages.{i}.message.role", role)
            _put(span, f"llm.input_messages.{i}.message.content", text)
        _put(span, "llm.output_messages.0.message.role", "assistant")
        _put(span, "llm.output_messages.0.message.content", answer)

    def tool(self, span: Span, arguments: dict[str, str], result: str) -> None:
        _put(span, "openinference.span.kind", "TOOL")
        _put(span, "tool.name", span.name)
        _put(span, "input.value", _json(arguments))
        _put(span, "input.mime_type", "application/json")
        _put(span, "output.value", result)

    def retriever(self, span: Span, query: str, found: list[str]) -> None:
        _put(span, "openinference.span.kind", "RETRIEVER")
        _put(span, "input.value", query)
        for i, text in enumerate(found):
            _put(span, f"retrieval.documents.{i}.document.id", f"d{i}")
            _put(span, f"retrieval.documents.{i}.document.content", text)
            span.attributes.add(key=f"retrieval.documents.{i}.document.score").value.double_value = 0.9 - i / 10

    def agent(self, span: Span, question: str, answer: str) -> None:
        _put(span, "openinference.span.kind", "AGENT")
        _put(span, "session.id", f"s-{span.trace_id.hex()[:6]}")
        _put(span, "input.value", question)
        _put(span, "output.value", answer)


def _parts(role: str, text: str) -> dict[str, object]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _put(span: Span, key: str, text: str) -> None:
    span.attributes.add(key=key).value.string_value = text


def _span(trace_id: bytes, span_id: bytes, parent: bytes, name: str, start_ns: int) -> Span:
    span = Span(trace_id=trace_id, span_id=span_id, parent_span_id=parent, name=name)
    span.start_time_unix_nano = start_ns
    span.end_time_unix_nano = start_ns + 5 * 10**8
    return span


def _new_request() -> tuple[ExportTraceServiceRequest, ScopeSpans]:
    request = ExportTraceServiceRequest()
    by_resource = request.resource_spans.add()
    by_resource.resource.attributes.add(key="service.name").value.string_value = "bench"
    scope = by_resource.scope_spans.add()
    scope.scope.name = "bench"
    return request, scope
