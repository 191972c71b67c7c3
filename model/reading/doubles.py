"""Spans that record one piece of work a second time: two instrumentations, two layers, a call and the log of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from ..traces import Span, Status, StepKind

_CALLS = frozenset({StepKind.LLM, StepKind.EMBEDDING})
_NESTABLE = frozenset({StepKind.TOOL, StepKind.RETRIEVER, StepKind.EMBEDDING, StepKind.RERANKER})
BY_SHAPE = "by_shape"
"""Convention of spans whose kind was told by their values; what sums up calls looks like one."""
_SLACK_NS = 5_000_000
"""Clocks that tell milliseconds round; recordings of one call may stick out by this much."""


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
        loser, winner = sorted(both, key=_weight) if _weight(both[0]) != _weight(both[1]) else reversed(both)
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
        return _same_model(outer, inner) or _same_answer(outer, inner)
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
        ranked = sorted((span for span in group if span.span_id not in doubles), key=_weight, reverse=True)
        if len({_recorder(span) for span in ranked}) < 2:
            continue
        for place, winner in enumerate(ranked):
            if winner.span_id in doubles:
                continue
            twins = [
                span for span in ranked[place + 1 :] if span.span_id not in doubles and _twins(winner, span, layered)
            ]
            recorders = set()
            for twin in sorted(twins, key=lambda span: _distance(winner, span)):
                if _recorder(twin) not in recorders:
                    recorders.add(_recorder(twin))
                    doubles[twin.span_id] = winner.span_id


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
    if one.input_messages[-1].content != two.input_messages[-1].content or not _same_model(one, two):
        return False
    if one.error is not None and two.error is not None:
        return one.error == two.error
    return one.usage is not None and two.usage is not None and _same_usage(one, two) and _same_answer(one, two)


def _same_usage(one: Span, two: Span) -> bool:
    """Equal counts, or unknown on a side."""
    if not one.usage or not two.usage:
        return True
    return (one.usage.input_tokens, one.usage.output_tokens) == (two.usage.input_tokens, two.usage.output_tokens)


def _parent_of_call(span: Span, tree: SpanTree, doubles: Mapping[str, str]) -> str | None:
    """Where a call hangs, from the outermost of its recordings."""
    kept, outermost = last_of(span.span_id, doubles), span
    for above in tree.ancestors(span):
        if last_of(above.span_id, doubles) != kept:
            break
        outermost = above
    return outermost.parent_span_id


def _twins(one: Span, two: Span, layered: Set[str]) -> bool:
    if one.kind is not two.kind or _recorder(one) == _recorder(two):
        return False
    if _ends_stream(one, two) or _ends_stream(two, one):
        return True
    if not _overlap(one, two):
        return _is_stream_told_twice(one, two, layered)
    if one.kind is StepKind.TOOL:
        return one.tool_call_id == two.tool_call_id
    if one.kind is StepKind.AGENT:
        return _same_agent(one, two) and _contained(one, two)
    if one.response_id and two.response_id:
        return one.response_id == two.response_id
    if one.input_messages and two.input_messages and one.input_messages[-1].content != two.input_messages[-1].content:
        return False
    return _same_usage(one, two) and _same_model(one, two) and _contained(one, two)


def _ends_stream(call: Span, told: Span) -> bool:
    """Whether `told` is the record that Logfire makes of a streamed answer once the span of its call has ended."""
    return (
        _is_log(told)
        and not _is_log(call)
        and call.usage is None
        and not call.output_messages
        and call.input_messages == told.input_messages
        and _same_model(call, told)
        and (call.started_at_ns or 0) <= (told.started_at_ns or 0)
    )


def _is_log(span: Span) -> bool:
    return span.attributes.get("logfire.span_type") == "log"


def _recorder(span: Span) -> tuple[str, str]:
    return span.convention, span.name


def _same_model(one: Span, two: Span) -> bool:
    """Equal, unknown on a side, or one the other with a date or a path added."""
    if not one.model or not two.model:
        return True
    short, long = sorted((one.model.rsplit("/", 1)[-1], two.model.rsplit("/", 1)[-1]), key=len)
    return long.startswith(short)


def _same_answer(one: Span, two: Span) -> bool:
    """Equal text and calls; AutoGen names the model by a table of its own."""
    return bool(one.output_messages) and _answer(one) == _answer(two)


def _answer(span: Span) -> list[tuple[str, tuple[str | None, ...]]]:
    return [(said.content, tuple(call.id or call.name for call in said.tool_calls)) for said in span.output_messages]


def _bounds(span: Span) -> tuple[int, int] | None:
    if span.started_at_ns is None or span.ended_at_ns is None:
        return None
    return span.started_at_ns, span.ended_at_ns


def _overlap(one: Span, two: Span) -> bool:
    left, right = _bounds(one), _bounds(two)
    return left is not None and right is not None and left[0] <= right[1] and right[0] <= left[1]


def _contained(one: Span, two: Span) -> bool:
    left, right = _bounds(one), _bounds(two)
    if left is None or right is None:
        return False
    starts, ends = left[0] - right[0], right[1] - left[1]
    return min(starts, ends) >= -_SLACK_NS or max(starts, ends) <= _SLACK_NS


def _distance(one: Span, two: Span) -> int:
    left, right = _bounds(one), _bounds(two)
    if left is None or right is None:
        return 0
    return abs(left[0] - right[0]) + abs(left[1] - right[1])


def _weight(span: Span) -> tuple[bool, int, int, int, int]:
    """How much of the call a recording holds; the heavier keeps the step, and a span comes before log records."""
    said = len(span.output_messages) + len(span.input_messages) + len(span.documents)
    values = (span.inputs is not None) + (span.outputs is not None)
    is_span = not span.convention.endswith("_logs") and not _is_log(span)
    return is_span, said, values, int(span.usage is not None), len(span.attributes)
