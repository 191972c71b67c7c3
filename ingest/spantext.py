"""All text of a span: collected for scanning, rewritten in place where something must go.

Messages are shared between the steps of a conversation, so both ways visit each message object once a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

from ..model.text.secrets import is_number, name_of
from ..model.traces import Annotation, Document, JsonValue, Message, Span, StepError, ToolCall, TraceFacts

NAMED_FIELDS = (
    "session", "user", "version", "environment", "project", "model", "provider",
    "finish_reason", "tool_call_id", "response_id",
)  # fmt: skip
"""Fields of a span that are names and ids, by which people filter and calls find their results."""
Rewrite: TypeAlias = Callable[[str, str | None], str]
"""Called with a text and the key it stands under in an object, None where it stands under none."""


class TextCollector:
    """Gathers the texts of spans in order, each shared message once."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self.texts: list[str] = []
        self.keyed: list[tuple[str, str]] = []
        """Texts directly under an object key, with that key."""

    def take(self) -> tuple[list[str], list[tuple[str, str]]]:
        """What was gathered since the last call."""
        texts, keyed = self.texts, self.keyed
        self.texts, self.keyed = [], []
        return texts, keyed

    def span(self, span: Span) -> None:
        """Gathers every text of a span."""
        add = self.texts.append
        for text in identity_texts(span):
            if text:
                add(text)
        if span.error is not None:
            add(span.error.message)
            add(span.error.type or "")
        for messages in (span.input_messages, span.output_messages):
            for message in messages:
                if id(message) not in self._seen:
                    self._seen.add(id(message))
                    self._message(message)
        for document in span.documents:
            add(document.content)
            add(document.id or "")
            self.value(document.metadata)
        for value in (span.inputs, span.outputs, span.tool_definitions, span.attributes):
            if value:
                self.value(value)

    def facts(self, facts: TraceFacts) -> None:
        """Gathers every text of the facts of a run."""
        named = (facts.session, facts.user, facts.version, facts.environment, facts.project)
        self.texts.extend(text for text in (facts.task, *named, *facts.tags) if text)
        self.value(dict(facts.metadata or {}))
        for note in facts.annotations:
            said = (note.name, note.label, note.explanation, note.span_id, note.source)
            self.texts.extend(text for text in said if text)

    def _message(self, message: Message) -> None:
        self.texts += (message.content, message.role)
        if message.reasoning:
            self.texts.append(message.reasoning)
        if message.name:
            self.texts.append(message.name)
        if message.tool_call_id:
            self.texts.append(message.tool_call_id)
        for call in message.tool_calls:
            self.texts.append(call.name)
            self.texts.append(call.id or "")
            self.value(call.arguments)

    def value(self, value: JsonValue) -> None:
        """Gathers every text of a JSON value, keys too. Cost: one visit per container, no recursion."""
        texts, keyed = self.texts, self.keyed
        stack: list[tuple[JsonValue, str | None]] = [(value, None)]
        while stack:
            item, above = stack.pop()
            if isinstance(item, dict):
                texts.extend(item)
                stack += [(child, name_of(item, key, above)) for key, child in item.items()]
            elif isinstance(item, list):
                stack += [(child, above) for child in item]
            elif isinstance(item, str) or is_number(item):
                text = str(item)
                texts.append(text)
                if above is not None:
                    keyed.append((above, text))


def identity_texts(span: Span) -> tuple[str | None, ...]:
    """The names and other short fields of a span; keys and span ids are no texts."""
    return (
        span.name,
        span.agent,
        span.tool,
        span.task,
        *(getattr(span, name) for name in NAMED_FIELDS),
        *span.tags,
    )


class TextRewriter:
    """Applies a function to every text of spans, each shared message once."""

    def __init__(self, rewrite: Rewrite, identity: Callable[[str], str]) -> None:
        """Args:
        rewrite: For contents.
        identity: For session, user and version, which people filter by.
        """
        self._rewrite = rewrite
        self._identity = identity
        self._done: dict[int, tuple[Message, Message]] = {}

    def span(self, span: Span) -> None:
        """Rewrites every text of a span, in place."""
        span.name = self._rewrite(span.name, None)
        span.agent, span.tool, span.task = map(self._optional, (span.agent, span.tool, span.task))
        for name in NAMED_FIELDS:
            setattr(span, name, self._named(getattr(span, name)))
        span.tags = tuple(self._rewrite(tag, None) for tag in span.tags)
        if span.error is not None:
            span.error = StepError(self._rewrite(span.error.message, None), self._named(span.error.type))
        span.input_messages = tuple(self._message(message) for message in span.input_messages)
        span.output_messages = tuple(self._message(message) for message in span.output_messages)
        span.documents = tuple(self._document(document) for document in span.documents)
        span.inputs, span.outputs = self.value(span.inputs), self.value(span.outputs)
        span.tool_definitions = self.value(span.tool_definitions)
        attributes = self.value(span.attributes)
        span.attributes = attributes if isinstance(attributes, dict) else {}

    def facts(self, facts: TraceFacts) -> TraceFacts:
        """The facts with every text rewritten."""
        metadata = self.value(dict(facts.metadata)) if facts.metadata is not None else None
        return replace(
            facts,
            task=self._optional(facts.task),
            session=self._named(facts.session),
            user=self._named(facts.user),
            version=self._named(facts.version),
            environment=self._named(facts.environment),
            project=self._named(facts.project),
            tags=tuple(self._rewrite(tag, None) for tag in facts.tags),
            metadata=metadata if isinstance(metadata, dict) else None,
            annotations=tuple(self._annotation(note) for note in facts.annotations),
        )

    def value(self, value: JsonValue, key: str | None = None, depth: int = 0) -> JsonValue:
        """A JSON value with every text in it rewritten; keys are texts too.

        Recursion is bounded: what lies deeper than any limit allows is taken as it is.
        """
        if isinstance(value, str):
            return self._rewrite(value, key)
        if depth > 200:
            return value
        if isinstance(value, dict):
            return {
                self._rewrite(name, None): self.value(child, name_of(value, name, key), depth + 1)
                for name, child in value.items()
            }
        if isinstance(value, list):
            return [self.value(child, key, depth + 1) for child in value]
        if is_number(value) and (text := str(value)) != (changed := self._rewrite(text, key)):
            return changed
        return value

    def _optional(self, text: str | None) -> str | None:
        return text if text is None else self._rewrite(text, None)

    def _named(self, text: str | None) -> str | None:
        return text if text is None else self._identity(text)

    def _message(self, message: Message) -> Message:
        known = self._done.get(id(message))
        if known is None:
            known = (message, self._new_message(message))
            self._done[id(message)] = known
        return known[1]

    def _new_message(self, message: Message) -> Message:
        return replace(
            message,
            role=self._rewrite(message.role, None),
            content=self._rewrite(message.content, None),
            reasoning=self._optional(message.reasoning),
            name=self._optional(message.name),
            tool_call_id=self._named(message.tool_call_id),
            tool_calls=tuple(
                ToolCall(self._rewrite(call.name, None), self.value(call.arguments), self._named(call.id))
                for call in message.tool_calls
            ),
        )

    def _document(self, document: Document) -> Document:
        return replace(
            document,
            content=self._rewrite(document.content, None),
            id=self._named(document.id),
            metadata=self.value(document.metadata),
        )

    def _annotation(self, note: Annotation) -> Annotation:
        return replace(
            note,
            name=self._rewrite(note.name, None),
            label=self._optional(note.label),
            explanation=self._optional(note.explanation),
            span_id=self._named(note.span_id),
            source=self._named(note.source),
        )


def nested_values(span: Span, seen: set[int]) -> Iterator[JsonValue]:
    """The values of a span that may nest. Messages whose id is in `seen` are left out; those shown are added."""
    for value in (span.inputs, span.outputs, span.tool_definitions, span.attributes):
        if value and not isinstance(value, str):
            yield value
    for message in (*span.input_messages, *span.output_messages):
        if id(message) not in seen:
            seen.add(id(message))
            yield from (call.arguments for call in message.tool_calls)
    yield from (document.metadata for document in span.documents)
