"""Structure-only mode: what ran, in which order, how long and at what cost, and nothing of what was said.

Every content becomes a marker with its length and a keyed hash, so that equal contents stay equal: repeated calls,
changed prompts and unlike runs are still seen.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

from ..model.text.jsontext import as_text
from ..model.traces import Annotation, JsonValue, Message, Span, SpanBatch, StepError, ToolCall, TraceFacts

_KEPT_ATTRIBUTES = ("gen_ai.", "llm.", "http.", "otel.", "error.")
"""Numbers and truth values under these names are settings and measures; every other attribute may be content."""
_NODE_NAMES = ("langgraph_node", "langgraph_step")
"""Kept of metadata: by them the nodes of a graph are told from its steps."""
_KEPT_NAMES = ("traceloop.entity.name", "logfire.span_type")
"""Kept too: by them a node is known by its name, and a log of a streamed answer from the call."""
_HASH_DIGITS = 12


def strip_contents(batch: SpanBatch, key: bytes) -> None:
    """Replace every content of a batch, in place, by a marker like `⟨13 characters 5f2a9c1e0b7d⟩`.

    Kept are the tree, kinds, names of spans, agents, tools and models, ids, times, token counts, costs, statuses, error
    types, document ids and scores, labels and scores of annotations, and what runs are found by: session, user,
    version, environment, project, task, tags. Gone are texts, arguments, results, tool schemas, error messages,
    explanations, metadata, and attributes other than numbers under known names and the names of graph nodes.

    Args:
        batch: Changed in place; a message that several spans share stays shared.
        key: For the hashes. Whoever has it can test a guess at a short content.
    """
    stripper = _Stripper(key)
    for span in batch.spans:
        stripper.span(span)
    batch.facts = [stripper.facts(facts) for facts in batch.facts]


class _Stripper:
    def __init__(self, key: bytes) -> None:
        self._key = key
        self._messages: dict[int, tuple[Message, Message]] = {}

    def span(self, span: Span) -> None:
        span.inputs, span.outputs = self.value(span.inputs), self.value(span.outputs)
        span.input_messages = tuple(self._message(message) for message in span.input_messages)
        span.output_messages = tuple(self._message(message) for message in span.output_messages)
        span.documents = tuple(
            replace(document, content=self.text(document.content), metadata=None) for document in span.documents
        )
        span.tool_definitions = self.value(span.tool_definitions)
        if span.error is not None:
            span.error = StepError(self.text(span.error.message), span.error.type)
        span.attributes = _structural(span.attributes)

    def facts(self, facts: TraceFacts) -> TraceFacts:
        return replace(
            facts, metadata=None, annotations=tuple(self._annotation(annotation) for annotation in facts.annotations)
        )

    def text(self, text: str) -> str:
        """The marker of a text; an empty one stays."""
        if not text:
            return text
        digest = hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
        return f"⟨{len(text)} characters {digest[:_HASH_DIGITS]}⟩"

    def value(self, value: JsonValue) -> JsonValue:
        """The marker of a text or value; nothing stays nothing."""
        return None if value is None else self.text(as_text(value))

    def _message(self, message: Message) -> Message:
        known = self._messages.get(id(message))
        if known is None:
            new = replace(
                message,
                content=self.text(message.content),
                reasoning=None if message.reasoning is None else self.text(message.reasoning),
                tool_calls=tuple(
                    ToolCall(call.name, self.value(call.arguments), call.id) for call in message.tool_calls
                ),
            )
            known = self._messages[id(message)] = (message, new)
        return known[1]

    def _annotation(self, annotation: Annotation) -> Annotation:
        explanation = annotation.explanation
        return replace(annotation, explanation=None if explanation is None else self.text(explanation))


def _structural(attributes: dict[str, JsonValue]) -> dict[str, JsonValue]:
    kept: dict[str, JsonValue] = {
        name: value
        for name, value in attributes.items()
        if (isinstance(value, bool | int | float) and name.startswith(_KEPT_ATTRIBUTES))
        or name.endswith(tuple(f"{holder}.{node}" for holder in ("metadata", "properties") for node in _NODE_NAMES))
        or name in _KEPT_NAMES
    }
    metadata = attributes.get("metadata")
    if isinstance(metadata, dict) and (nodes := {key: metadata[key] for key in _NODE_NAMES if key in metadata}):
        kept["metadata"] = nodes
    return kept
