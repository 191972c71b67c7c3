"""Spans that record one piece of work a second time: two instrumentations, two layers, a call and the log of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from ..traces import Span, Status, StepKind
from .likeness import (
    answer,
    contained,
    distance,
    is_log,
    overlap,
    recorder,
    same_answer,
    same_model,
    same_usage,
    weight,
)

_CALLS = frozenset({StepKind.LLM, StepKind.EMBEDDING})
_NESTABLE = frozenset({StepKind.TOOL, StepKind.RETRIEVER, StepKind.EMBEDDING, StepKind.RERANKER})
BY_SHAPE = "by_shape"
"""Convention of spans whose kind was told by their values; what sums up calls looks like one."""


@dataclass(slots=True)
class SpanTree:
    """The spans of one trace by id, and what lies below each."""

    spans: dict[str, Span]
    children: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, spans: Sequence[Span]) -> SpanTree:
        """The tree of these spans; parents may be missing."""
        tree = cls({span.span_id: span for span in spans})
        for span in spans:
            if span.parent_span_id:
                tree.children[span.parent_span_id].append(span)
        return tree

    def parent(self, span: Span) -> Span | None:
        return self.spans.get(span.parent_span_id) if span.parent_span_id else None

    def ancestors(self, span: Span) -> Iterator[Span]:
        seen = {span.span_id}
        above = self.parent(span)
        while above is not None and above.span_id not in seen:
            seen.add(above.span_id)
            yield above
            above = self.parent(above)

    def failed_below(self, span: Span) -> bool:
        waiting, seen = list(self.children.get(span.span_id, ())), {span.span_id}
        while waiting:
            child = waiting.pop()
            if child.status is Status.ERROR:
                return True
            if child.span_id not in seen:
                seen.add(child.span_id)
                waiting.extend(self.children.get(child.span_id, ()))
        return False


def find_doubles(tree: SpanTree) -> dict[str, str]:
    """The second recordings, each with the span that stands for it; follow them with `last_of`."""
    doubles: dict[str, str] = {}
    _find_nested_doubles(tree, doubles)
    _find_twins(tree, doubles)
    _find_apart(tree, doubles)
    return doubles


def last_of(span_id: str, doubles: Mapping[str, str]) -> str:
    """The span that a double, or the double of a double, is told by."""
    while span_id in doubles:
        span_id = doubles[span_id]
    return span_id


def has_content(span: Span) -> bool:
    """Does a span say anything of what went in or came out?"""
    return bool(span.inputs or span.outputs or span.input_messages or span.output_messages or span.documents)


def _find_nested_doubles(tree: SpanTree, doubles: dict[str, str]) -> None:
    """A call inside a call of the same kind, with nothing but chains between, is the same call seen by two layers."""
    inner: dict[str, list[Span]] = defaultdict(list)
    for span in tree.spans.values():
        if span.kind not in _CALLS | _NESTABLE or span.fold is not None:
            continue
        for above in tree.ancestors(span):
            if above.kind is span.kind and above.fold is None:
                if _same_work(above, span):
                    inner[above.span_id].append(span)
                break
            if above.kind is not StepKind.CHAIN:
                break
    for outer_id, found in inner.items():
        if len(found) > 1:
            if tree.spans[outer_id].convention == BY_SHAPE:
                continue  # a frame that sums what its calls used; see `assembly`
            found.sort(key=lambda span: (span.ended_at_ns or 0, span.sequence))
            _mark(doubles, outer_id, found[-1].span_id)
            continue
        # Three layers of one call make two pairs: the best of the pair before stands for its layer.
        both = [tree.spans[last_of(span_id, doubles)] for span_id in (outer_id, found[0].span_id)]
        loser, winner = sorted(both, key=weight) if weight(both[0]) != weight(both[1]) else reversed(both)
        _mark(doubles, loser.span_id, winner.span_id)


def _same_agent(one: Span, two: Span) -> bool:
    """Whether two recordings tell of one run of an agent: only one of them knows what was said."""
    return one.agent is not None and one.agent == two.agent and has_content(one) != has_content(two)


def _mark(doubles: dict[str, str], loser: str, winner: str) -> None:
    """Note a double, unless parents run in a circle and each would hide the other."""
    if loser not in doubles and last_of(winner, doubles) != loser:
        doubles[loser] = winner


def _same_work(outer: Span, inner: Span) -> bool:
    if outer.kind in _CALLS:
        return same_model(outer, inner) or same_answer(outer, inner)
    if outer.kind is not StepKind.TOOL and outer.name.replace("_", "") == inner.name.replace("_", ""):
        return True  # LlamaIndex records both `retrieve` and `_retrieve`
    if outer.tool_call_id and inner.tool_call_id:
        return outer.tool_call_id == inner.tool_call_id
    if outer.kind is StepKind.TOOL:
        return outer.tool == inner.tool and (inner.inputs is None or outer.inputs == inner.inputs)
    same_found = not inner.documents or not outer.documents or inner.documents == outer.documents
    return same_found and (inner.inputs is None or outer.inputs is None or outer.inputs == inner.inputs)


def _find_twins(tree: SpanTree, doubles: dict[str, str]) -> None:
    """Siblings that record one call: two instrumentations, an SDK's own tracer beside one, log events beside spans."""
    layered = frozenset(doubles.values())
    groups: dict[str | None, list[Span]] = defaultdict(list)
    by_response: dict[str, list[Span]] = defaultdict(list)
    for span in tree.spans.values():
        if span.fold is not None or span.span_id in doubles:
            continue
        if span.kind is StepKind.TOOL and span.tool_call_id:
            by_response[span.tool_call_id].append(span)
        elif span.kind is StepKind.AGENT and span.agent:
            by_response[f"{span.parent_span_id} {span.agent}"].append(span)
        elif span.kind in _CALLS:
            groups[_parent_of_call(span, tree, doubles)].append(span)
            if span.response_id:
                by_response[span.response_id].append(span)
    for group in (*by_response.values(), *groups.values()):
        ranked = sorted((span for span in group if span.span_id not in doubles), key=weight, reverse=True)
        if len({recorder(span) for span in ranked}) < 2:
            continue
        for place, winner in enumerate(ranked):
            if winner.span_id in doubles:
                continue
            twins = [
                span for span in ranked[place + 1 :] if span.span_id not in doubles and _twins(winner, span, layered)
            ]
            recorders = set()
            for twin in sorted(twins, key=lambda span: distance(winner, span)):
                if recorder(twin) not in recorders:
                    recorders.add(recorder(twin))
                    doubles[twin.span_id] = winner.span_id


def _find_apart(tree: SpanTree, doubles: dict[str, str]) -> None:
    """One model call told at two heights of the tree.

    A framework's callbacks do not make their span the current one, so what the client's instrumentation records hangs
    on whatever was current: an outer frame, or nothing.
    """
    groups: dict[object, list[Span]] = defaultdict(list)
    for span in tree.spans.values():
        if span.kind is StepKind.LLM and span.fold is None and span.span_id not in doubles and (key := _mark_of(span)):
            groups[key].append(span)
    taken: set[tuple[str, tuple[str, str]]] = set()
    for group in groups.values():
        pairs = [
            (distance(one, two), one, two)
            for place, one in enumerate(group)
            for two in group[place + 1 :]
            if _is_told_apart(one, two, tree)
        ]
        for _, one, two in sorted(pairs, key=lambda pair: pair[0]):
            loser, winner = sorted((one, two), key=lambda span: _worth(span, tree))
            if {one.span_id, two.span_id} & doubles.keys() or (winner.span_id, recorder(loser)) in taken:
                continue
            taken.add((winner.span_id, recorder(loser)))
            _mark(doubles, loser.span_id, winner.span_id)


def _worth(span: Span, tree: SpanTree) -> tuple[bool, bool, int, tuple[bool, int, int, int, int]]:
    """Of two that tell both sides of a call the one that hangs lower keeps it: it knows for whom it was made."""
    return bool(span.output_messages), bool(span.input_messages), sum(1 for _ in tree.ancestors(span)), weight(span)


def _mark_of(span: Span) -> object:
    """What both recordings of a call have in common: the tokens it used, else its error or its answer."""
    if span.usage is not None and span.usage.output_tokens:
        return span.usage.input_tokens, span.usage.output_tokens
    if span.error is not None:
        return span.error.message
    said = answer(span)
    return tuple(said) if any(text or calls for text, calls in said) else None


def _is_told_apart(one: Span, two: Span, tree: SpanTree) -> bool:
    if recorder(one) == recorder(two) or one.parent_span_id == two.parent_span_id:
        return False
    if not (contained(one, two) and overlap(one, two) and same_model(one, two) and same_usage(one, two)):
        return False
    if one.output_messages and two.output_messages and not _same_words(one, two):
        return False
    above_one, above_two = ({span.span_id for span in tree.ancestors(each)} for each in (one, two))
    return _above(one, tree, above_two) or _above(two, tree, above_one)


def _above(span: Span, tree: SpanTree, line: Set[str]) -> bool:
    """Whether a span hangs on one of these, or on nothing of its trace."""
    return tree.parent(span) is None or span.parent_span_id in line


def _same_words(one: Span, two: Span) -> bool:
    """Equal text, and the same tools asked for; recorders give calls ids of their own."""
    told = [
        (
            "".join(m.content for m in span.output_messages).strip(),
            [c.name for m in span.output_messages for c in m.tool_calls],
        )
        for span in (one, two)
    ]
    return told[0] == told[1]


def _is_stream_told_twice(one: Span, two: Span, layered: Set[str]) -> bool:
    """Whether two calls that do not overlap are one: a stream that is asked for in one span and read in another.

    Two tries of one recorder may get the same answer, so the two must be plainly two recorders: by convention, by the
    ids of the calls they ask for, or since one of them is known to tell calls in layers.
    """
    if one.kind is not StepKind.LLM or not one.input_messages or not two.input_messages:
        return False
    same_ids = any(call.id for said in one.output_messages for call in said.tool_calls)
    if one.convention == two.convention and not same_ids and layered.isdisjoint((one.span_id, two.span_id)):
        return False
    if one.input_messages[-1].content != two.input_messages[-1].content or not same_model(one, two):
        return False
    if one.error is not None and two.error is not None:
        return one.error == two.error
    return one.usage is not None and two.usage is not None and same_usage(one, two) and same_answer(one, two)


def _parent_of_call(span: Span, tree: SpanTree, doubles: Mapping[str, str]) -> str | None:
    """Where a call hangs, from the outermost of its recordings."""
    kept, outermost = last_of(span.span_id, doubles), span
    for above in tree.ancestors(span):
        if last_of(above.span_id, doubles) != kept:
            break
        outermost = above
    return outermost.parent_span_id


def _twins(one: Span, two: Span, layered: Set[str]) -> bool:
    if one.kind is not two.kind or recorder(one) == recorder(two):
        return False
    if _ends_stream(one, two) or _ends_stream(two, one):
        return True
    if not overlap(one, two):
        return _is_stream_told_twice(one, two, layered)
    if one.kind is StepKind.TOOL:
        return one.tool_call_id == two.tool_call_id
    if one.kind is StepKind.AGENT:
        return _same_agent(one, two) and contained(one, two)
    if one.response_id and two.response_id:
        return one.response_id == two.response_id
    if one.input_messages and two.input_messages and one.input_messages[-1].content != two.input_messages[-1].content:
        return False
    return same_usage(one, two) and same_model(one, two) and contained(one, two)


def _ends_stream(call: Span, told: Span) -> bool:
    """Whether `told` is the record that Logfire makes of a streamed answer once the span of its call has ended."""
    return (
        is_log(told)
        and not is_log(call)
        and call.usage is None
        and not call.output_messages
        and call.input_messages == told.input_messages
        and same_model(call, told)
        and (call.started_at_ns or 0) <= (told.started_at_ns or 0)
    )
