"""A span as hashes: its contents and messages by what they hold, and sixteen bytes over the whole.

Equal content has equal hashes on every store, so the same hashes address stored contents, tell whether a span that
arrives again says something new, and stand under signatures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum
from hashlib import blake2b
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from ..text.jsontext import as_text, canonical
from ..traces import Document, JsonValue, Message, Span, StepKind, Usage

R = TypeVar("R")

_LONG_ATTRIBUTE = 200
"""Characters; a longer attribute text is stored and indexed as a content of its own."""

_SCALARS = (
    "provider",
    "cost_usd",
    "finish_reason",
    "tool_call_id",
    "response_id",
    "session",
    "user",
    "version",
    "environment",
    "task",
    "convention",
)

_scalars_of = attrgetter(*_SCALARS)


class BodyKind(IntEnum):
    """What a body's data is."""

    TEXT = 0
    VALUE = 1
    ENVELOPE = 2


class Content(NamedTuple):
    """A text or value met while encoding."""

    kind: BodyKind
    data: bytes
    produced: bool
    """True where the span brought it forth, False where it only read it."""


class Envelope(NamedTuple):
    """A message with its contents by hash."""

    role: str
    content: bytes | None
    calls: tuple[tuple[str, str | None, bytes | None], ...]
    tool_call_id: str | None
    name: str | None
    reasoning: bytes | None
    is_error: bool

    def parts(self, ref: Callable[[bytes], R]) -> list[Any]:
        """The stored form, with `ref` standing for each content."""
        calls = [[name, call_id, None if args is None else ref(args)] for name, call_id, args in self.calls]
        content = None if self.content is None else ref(self.content)
        reasoning = None if self.reasoning is None else ref(self.reasoning)
        parts = [self.role, content, calls, self.tool_call_id, self.name, reasoning, int(self.is_error)]
        while parts and not parts[-1]:
            parts.pop()
        return parts


class Refs(NamedTuple):
    """Where a span's contents are: hashes of contents and envelopes."""

    inputs: bytes | None
    outputs: bytes | None
    input_messages: list[bytes]
    output_messages: list[bytes]
    documents: list[tuple[bytes, Document]]
    tool_definitions: bytes | None
    attributes: dict[str, bytes]
    error: bytes | None = None
    """The text of the span's error, kept as a content so that it is found by its words."""


class Bag:
    """The distinct contents and messages of a batch, by hash."""

    def __init__(self) -> None:
        self.contents: dict[bytes, Content] = {}
        self.envelopes: dict[bytes, Envelope] = {}
        self._plain: dict[tuple[str | bool | None, ...], bytes] = {}
        """Messages without calls that were met, since most of a conversation is repeated by every model call."""
        self._calling: dict[tuple[int, bool], tuple[Message, bytes]] = {}
        """Messages with calls, whose arguments are no keys, by identity; each is held so that its id stays its own."""

    def content(self, value: JsonValue, *, produced: bool) -> bytes:
        """Note a text or JSON value; returns its hash."""
        if isinstance(value, str):
            kind, data = BodyKind.TEXT, value.encode("utf-8", "surrogatepass")
        else:
            kind, data = BodyKind.VALUE, as_text(value).encode("utf-8", "surrogatepass") or b"null"
        key = content_hash(kind, data)
        known = self.contents.get(key)
        if known is None or (produced and not known.produced):
            self.contents[key] = Content(kind, data, produced)
        return key

    def message(self, message: Message, *, produced: bool) -> bytes:
        """Note a message and its contents; returns the envelope's hash."""
        if message.tool_calls:
            known = self._calling.get((id(message), produced))
            if known is None:
                known = self._calling[id(message), produced] = (message, self._message(message, produced))
            return known[1]
        m = message
        met = (m.role, m.content, m.tool_call_id, m.name, m.reasoning, m.is_error, produced)
        key = self._plain.get(met)
        if key is None:
            key = self._plain[met] = self._message(message, produced)
        return key

    def _message(self, message: Message, produced: bool) -> bytes:
        envelope = Envelope(
            message.role,
            self.content(message.content, produced=produced) if message.content else None,
            tuple(
                (c.name, c.id, None if c.arguments is None else self.content(c.arguments, produced=produced))
                for c in message.tool_calls
            ),
            message.tool_call_id,
            message.name,
            self.content(message.reasoning, produced=produced) if message.reasoning else None,
            message.is_error,
        )
        key = _parts_hash(envelope.parts(bytes.hex))
        self.envelopes[key] = envelope
        return key

    def refs(self, span: Span) -> Refs:
        """Note everything a span holds."""
        produced = span.kind not in (StepKind.AGENT, StepKind.CHAIN)
        return Refs(
            None if span.inputs is None else self.content(span.inputs, produced=False),
            None if span.outputs is None else self.content(span.outputs, produced=produced),
            [self.message(m, produced=False) for m in span.input_messages],
            [self.message(m, produced=produced) for m in span.output_messages],
            [(self.content(d.content, produced=produced), d) for d in span.documents],
            None if span.tool_definitions is None else self.content(span.tool_definitions, produced=False),
            {
                key: self.content(value, produced=False)
                for key, value in span.attributes.items()
                if isinstance(value, str) and len(value) > _LONG_ATTRIBUTE
            },
            None if span.error is None else self.content(error_text(span), produced=True),
        )


def error_text(span: Span) -> str:
    """What can be found of a span's error: its type, its message, and the exception's where that says more."""
    if span.error is None:
        return ""
    raised = span.attributes.get("exception.message")
    told = [span.error.type or "", span.error.message, raised if isinstance(raised, str) else ""]
    return "\n".join(text for text in dict.fromkeys(told) if text)


def span_facts(span: Span, refs: Refs) -> dict[str, Any]:
    """All of a span that neither its columns nor its contents hold; empty parts are left out."""
    facts: dict[str, Any] = {}
    scalars = {name: value for name, value in zip(_SCALARS, _scalars_of(span), strict=True) if value is not None}
    if span.error:
        facts["e"] = [span.error.message, span.error.type]
    if span.usage:
        facts["u"] = _usage_tuple(span.usage)
    if scalars:
        facts["x"] = scalars
    if span.tags:
        facts["g"] = span.tags
    if span.fold:
        facts["f"] = span.fold.value
    short = span.attributes
    if refs.attributes:
        short = {key: value for key, value in short.items() if key not in refs.attributes}
    if short:
        facts["a"] = short
    return facts


def span_digest(span: Span, refs: Refs, facts: dict[str, Any]) -> bytes:
    """16 bytes over everything the span holds, equal on every store."""
    columns = [
        span.span_id,
        span.parent_span_id,
        span.kind.value,
        span.name,
        span.status.value,
        span.agent,
        span.tool,
        span.model,
        span.started_at_ns,
        span.ended_at_ns,
    ]
    # Counts and names say which hash is what; the hashes follow in that order.
    shape = [
        refs.inputs is not None,
        refs.outputs is not None,
        refs.tool_definitions is not None,
        len(refs.input_messages),
        len(refs.output_messages),
        [[d.id, d.score, d.metadata] for _, d in refs.documents],
        list(refs.attributes),
    ]
    hashes = (
        canonical([columns, facts, shape]),
        refs.inputs or b"",
        refs.outputs or b"",
        refs.tool_definitions or b"",
        *refs.input_messages,
        *refs.output_messages,
        *(key for key, _ in refs.documents),
        *refs.attributes.values(),
    )
    return blake2b(b"".join(hashes), digest_size=16).digest()


def content_hash(kind: BodyKind, data: bytes) -> bytes:
    """Under which a text or value is stored."""
    return blake2b(data, digest_size=16, person=b"text" if kind is BodyKind.TEXT else b"value").digest()


def envelope_hash(parts: Sequence[Any], hash_of: Callable[[int], bytes]) -> bytes:
    """Under which a message is stored.

    Args:
        parts: As stored, with contents by id.
        hash_of: The hash of a content, by its id.
    """
    named = list(parts)
    for place in (1, 5):
        if len(named) > place and named[place] is not None:
            named[place] = hash_of(named[place]).hex()
    if len(named) > 2 and named[2]:
        named[2] = [[name, call_id, args if args is None else hash_of(args).hex()] for name, call_id, args in named[2]]
    return _parts_hash(named)


def _parts_hash(parts: Sequence[Any]) -> bytes:
    return blake2b(canonical(parts), digest_size=16, person=b"message").digest()


def digest_of(span: Span) -> bytes:
    """`span_digest` of a span outside any batch."""
    refs = Bag().refs(span)
    return span_digest(span, refs, span_facts(span, refs))


def _usage_tuple(usage: Usage) -> tuple[int, ...]:
    return (
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_read_tokens,
        usage.cache_write_tokens,
        usage.reasoning_tokens,
    )
