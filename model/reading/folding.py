"""Which spans of a trace take no step index: wrappers that only hold others, and second recordings of one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..traces import Fold, Span, Status, StepKind
from .doubles import SpanTree, find_doubles, has_content, last_of

_NODE_KEYS = ("langsmith.metadata.langgraph_node", "traceloop.association.properties.langgraph_node")
_FREE_FORM = frozenset({"unknown", "logfire"})
"""Conventions whose plain spans are a person's own marks, worth a step also where they hold no content."""


@dataclass(frozen=True, slots=True)
class Folded:
    """Why a span takes no index, and which span's step shows what it held."""

    fold: Fold
    into: str | None = None
    """Span id to `absorb` this one into; None where there is nothing to take over."""


def fold_spans(spans: Sequence[Span]) -> Mapping[str, Folded]:
    """The spans of one trace that take no step index, by span id.

    A double's `into` never itself folds as a double, so one pass of `merge.absorb` in any order keeps the messages of
    one recording and the usage of the other.

    Args:
        spans: All spans known of the trace, any order; parents may be missing.

    Cost: O(n × depth), and O(k²) for the k model calls of one parent that two recorders tell of without response ids.
    """
    tree = SpanTree.of(spans)
    doubles = find_doubles(tree)
    folded = {loser: Folded(Fold.DOUBLE, last_of(loser, doubles)) for loser in doubles}
    for span in spans:
        if span.span_id not in folded and (reason := _wrapper(span, tree)):
            folded[span.span_id] = reason
    return folded


def _wrapper(span: Span, tree: SpanTree) -> Folded | None:
    above, below = tree.parent(span), tree.children.get(span.span_id, [])
    if span.fold is not None and above is not None and span.tool_call_id == above.tool_call_id is not None:
        return Folded(span.fold, above.span_id)
    if span.kind is StepKind.AGENT and span.fold is None:
        return _around_agent(span, below)
    if span.status is Status.ERROR and below and not tree.failed_below(span):
        return None  # smolagents' `Step 2` alone tells that the code it ran raised
    if span.fold is not None:
        alone = (
            span.status is Status.ERROR
            and not below
            and not any(s.status is Status.ERROR for s in tree.ancestors(span))
        )
        return None if alone else Folded(span.fold)  # a run that broke off before its first step has its error only
    if span.kind is not StepKind.CHAIN:
        return None
    node = _graph_node(span)
    if node and above is not None and (bool(below) if node in _names(span) else not below):
        return Folded(Fold.WRAPPER)  # a node holds its work; what runs beside the work without any is a router
    if not below:
        return None
    if _is_empty(span) and (above is not None or _leads_to_one(span, tree)):
        return Folded(Fold.WRAPPER)
    return None


def _is_empty(span: Span) -> bool:
    return span.kind is StepKind.CHAIN and span.convention not in _FREE_FORM and not has_content(span)


def _leads_to_one(root: Span, tree: SpanTree) -> bool:
    """Whether a root holds one step, below nothing or one empty chain after the other: without it the run stays one."""
    span, seen = root, {root.span_id}
    while _is_empty(span):
        below = tree.children.get(span.span_id, [])
        if len(below) != 1 or below[0].span_id in seen:
            return False
        (span,) = below
        seen.add(span.span_id)
    return True


def _around_agent(span: Span, below: Sequence[Span]) -> Folded | None:
    """An agent told twice: AutoGen's own span around the instrumented one, LangGraph's node around its agent."""
    if len(below) != 1 or below[0].kind is not StepKind.AGENT:
        return None
    (inner,) = below
    if has_content(span) and span.inputs != inner.inputs:
        return None
    if span.agent is not None and span.agent == inner.agent:
        return Folded(Fold.WRAPPER, inner.span_id)
    alone = span.status is Status.ERROR and inner.status is not Status.ERROR
    return Folded(Fold.WRAPPER) if _graph_node(span) and not alone else None


def _graph_node(span: Span) -> object:
    """The LangGraph node in which a span ran."""
    metadata = span.attributes.get("metadata")
    if isinstance(metadata, dict) and "langgraph_node" in metadata:
        return metadata["langgraph_node"]
    return next((span.attributes[key] for key in _NODE_KEYS if key in span.attributes), None)


def _names(span: Span) -> tuple[object, ...]:
    return span.name, span.attributes.get("traceloop.entity.name")
