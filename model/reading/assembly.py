"""From spans to a trace that people read: fold, order, number, and say what the whole run was.

Pure functions, used by the store for each new revision and by whoever has spans and no store.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import NamedTuple

from ..text.jsontext import as_text, canonical, parse_if_json
from ..traces import Fold, JsonValue, Message, Span, Step, StepKind, Trace, TraceFacts, TraceSummary
from .calls import calls_told
from .digest import digest_of
from .doubles import BY_SHAPE
from .folding import fold_spans
from .merge import absorb
from .run_facts import summarise


class Place(NamedTuple):
    """One entry of the reading order."""

    span_id: str
    parent: int | None
    """Index of the nearest ancestor that is a step."""
    absorbed: tuple[str, ...]
    """Span ids whose content this step shows as its own."""


@dataclass(frozen=True, slots=True)
class ReadingOrder:
    """Which spans are steps, in which order; the list index is the step index."""

    places: tuple[Place, ...]
    folded: Mapping[str, Fold]


def reading_order(spans: Sequence[Span]) -> ReadingOrder:
    """Order the spans of one trace for reading.

    By start time, ties by arrival, and never a child before its parent, so that a skewed clock cannot turn a call
    around. A span without a start takes its parent's. Orphans and members of a parent cycle are roots.

    Args:
        spans: All spans of the trace, any order, span ids unique.

    Cost: O(n log n + n × depth).
    """
    by_id = {span.span_id: span for span in spans}
    folds = fold_spans(spans)
    absorbed: dict[str, list[str]] = {}
    for span_id, folded in folds.items():
        if folded.into is not None and folded.into in by_id and folded.into not in folds:
            absorbed.setdefault(folded.into, []).append(span_id)
    parents = {span.span_id: _step_parent(span, by_id, folds.keys()) for span in spans if span.span_id not in folds}
    ordered = _parents_first(parents, by_id)
    index = {span_id: i for i, span_id in enumerate(ordered)}
    places = tuple(
        Place(span_id, None if parents[span_id] is None else index[parents[span_id] or ""], _sorted(absorbed, span_id))
        for span_id in ordered
    )
    return ReadingOrder(places, {span_id: folded.fold for span_id, folded in folds.items()})


def _sorted(absorbed: Mapping[str, list[str]], span_id: str) -> tuple[str, ...]:
    return tuple(sorted(absorbed.get(span_id, ())))


def _step_parent(span: Span, by_id: Mapping[str, Span], folded: Iterable[str]) -> str | None:
    hidden = folded if isinstance(folded, set) else set(folded)
    seen = {span.span_id}
    above = span.parent_span_id
    while above is not None and above in by_id and above not in seen:
        if above not in hidden:
            return above
        seen.add(above)
        above = by_id[above].parent_span_id
    return None


def _parents_first(parents: dict[str, str | None], by_id: Mapping[str, Span]) -> list[str]:
    children: dict[str, list[str]] = {}
    for span_id, parent in parents.items():
        if parent is not None:
            children.setdefault(parent, []).append(span_id)
    arrival = count()
    ordered: list[str] = []
    waiting: list[tuple[int, int, int, str]] = []
    placed: set[str] = set()

    def push(span_id: str, inherited: int) -> None:
        span = by_id[span_id]
        start = inherited if span.started_at_ns is None else span.started_at_ns
        heapq.heappush(waiting, (start, span.sequence, next(arrival), span_id))

    def drain() -> None:
        while waiting:
            start, _, _, span_id = heapq.heappop(waiting)
            if span_id in placed:
                continue
            placed.add(span_id)
            ordered.append(span_id)
            for child in children.get(span_id, ()):
                push(child, start)

    earliest = min((s.started_at_ns for s in by_id.values() if s.started_at_ns is not None), default=0)
    for span_id, parent in parents.items():
        if parent is None:
            push(span_id, earliest)
    drain()
    for span_id in parents:
        if span_id not in placed:
            # A cycle of parents: its first member becomes a root.
            parents[span_id] = None
            push(span_id, earliest)
            drain()
    return ordered


def build_steps(
    spans: Sequence[Span], order: ReadingOrder, digest: Callable[[Span], bytes] = digest_of
) -> tuple[Step, ...]:
    """The steps of one trace, each with the messages that it is the first to show.

    Args:
        spans: The spans that `order` was made from.
        order: Their reading order.
        digest: Content digest of a span; the store passes the one it has kept.
    """
    by_id = {span.span_id: span for span in spans}
    by_place = {place.span_id for place in order.places}
    shown = _Shown()
    told = calls_told(spans, by_place)
    frames = _sums(order, by_id)
    steps: list[Step] = []
    callers: dict[tuple[int | None, str], str | None] = {}
    for index, place in enumerate(order.places):
        span = by_id[place.span_id]
        digests = [digest(span)]
        for other in place.absorbed:
            digests.append(digest(by_id[other]))
            span = absorb(span, by_id[other])
        span, added = told.complete(span)
        digests.append(added)
        if index in frames:
            span = _as_frame(span)
        agent = span.agent or callers.get((place.parent, span.tool or ""))
        agent = agent or _agent_around(span, by_id, steps[place.parent] if place.parent is not None else None)
        for message in span.output_messages:
            callers.update({(place.parent, call.name): agent for call in message.tool_calls})
        steps.append(_step(span, index, place.parent, agent, b"".join(digests).hex(), shown))
    return tuple(steps)


def _sums(order: ReadingOrder, by_id: Mapping[str, Span]) -> set[int]:
    """Steps that look like model calls by their values and hold several: they sum up what those used."""
    held: dict[int, int] = {}
    for place in order.places:
        if by_id[place.span_id].kind is StepKind.LLM:
            above = place.parent
            while above is not None:
                held[above] = held.get(above, 0) + 1
                above = order.places[above].parent
    spans = {index: by_id[order.places[index].span_id] for index, count in held.items() if count > 1}
    return {index for index, span in spans.items() if span.kind is StepKind.LLM and span.convention == BY_SHAPE}


def _as_frame(span: Span) -> Span:
    asked = next((m.content for m in reversed(span.input_messages) if m.role == "user"), None)
    answer = span.output_messages[-1].content if span.output_messages else None
    return replace(
        span, kind=StepKind.CHAIN, usage=None, inputs=asked, outputs=answer, input_messages=(), output_messages=()
    )


def _agent_around(span: Span, by_id: Mapping[str, Span], parent: Step | None) -> str | None:
    """The agent that a folded wrapper names, else that of the step above.

    Most conventions name the agent on its own span only; what it calls is its doing.
    """
    above, seen = span.parent_span_id, {span.span_id}
    while above is not None and above in by_id and above not in seen:
        if parent is not None and above == parent.span_id:
            break
        wrapper = by_id[above]
        if wrapper.agent is not None:
            return wrapper.agent
        seen.add(above)
        above = wrapper.parent_span_id
    return parent.agent if parent is not None else None


def _step(span: Span, index: int, parent: int | None, agent: str | None, content_hash: str, shown: _Shown) -> Step:
    duration = None
    if span.started_at_ns is not None and span.ended_at_ns is not None:
        duration = max(span.ended_at_ns - span.started_at_ns, 0) / 1e6
    return Step(
        index=index,
        span_id=span.span_id,
        parent=parent,
        kind=span.kind,
        name=span.name,
        agent=agent,
        tool=span.tool,
        model=span.model,
        status=span.status,
        error=span.error,
        started_at_ns=span.started_at_ns,
        duration_ms=duration,
        inputs=span.inputs,
        outputs=span.outputs,
        input_messages=span.input_messages,
        new_messages=shown.first_shown(span),
        output_messages=span.output_messages,
        documents=span.documents,
        usage=span.usage,
        cost_usd=span.cost_usd,
        finish_reason=span.finish_reason,
        tool_call_id=span.tool_call_id,
        content_hash=content_hash,
        attributes=span.attributes,
    )


class _Shown:
    """The messages and results that earlier steps have shown."""

    def __init__(self) -> None:
        self._keys: set[object] = set()
        # The store hands out one object per distinct message, so most look-ups end at its identity.
        self._by_identity: dict[int, tuple[Message, object]] = {}

    def first_shown(self, span: Span) -> tuple[Message, ...]:
        new = []
        for message in span.input_messages:
            key = self._key(message)
            if key not in self._keys:
                self._keys.add(key)
                new.append(message)
        for message in span.output_messages:
            self._keys.add(self._key(message))
        if span.kind in (StepKind.TOOL, StepKind.RETRIEVER) and span.outputs is not None:
            self._keys.add(("tool", _normal(span.outputs)))
        elif span.kind is StepKind.HUMAN and isinstance(span.outputs or span.inputs, str):
            self._keys.add(("user", str(span.outputs or span.inputs).strip(), ()))
        return tuple(new)

    def _key(self, message: Message) -> object:
        known = self._by_identity.get(id(message))
        if known is not None and known[0] is message:
            return known[1]
        key: object
        if message.role == "tool":
            key = ("tool", _normal(message.content))
        else:
            calls = tuple((call.name, canonical(call.arguments)) for call in message.tool_calls)
            key = (message.role, message.content.strip(), calls)
        self._by_identity[id(message)] = (message, key)
        return key


def _normal(value: JsonValue) -> str | bytes:
    if isinstance(value, str):
        value = parse_if_json(value)
    return as_text(value).strip() if isinstance(value, str) else canonical(value)


def assemble(
    spans: Sequence[Span], facts: TraceFacts | None = None, *, trace_id: int = 0, project: str = "default"
) -> Trace:
    """A whole trace from its spans, without a store.

    Args:
        spans: At least one, all of one trace; equal span ids must have been merged.
        facts: What was said of the run beside its spans.
        trace_id: The short number to show.
        project: Used where neither facts nor spans name one.
    """
    order = reading_order(spans)
    steps = build_steps(spans, order)
    key = spans[0].trace_key
    summary = TraceSummary(trace_id, key, project, 1, len(steps))
    summary = replace(summary, **summarise(steps, spans, facts or TraceFacts(key)).as_fields())
    if project_said := (facts.project if facts else None) or next((s.project for s in spans if s.project), None):
        summary = replace(summary, project=project_said)
    return Trace(summary, steps, facts.annotations if facts else ())
