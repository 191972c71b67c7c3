"""Traces for analysis tests: conversations in the messages format, on the product's own road."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from retrospan.ingest.formats.messages import conversation_spans
from retrospan.model.reading.assembly import assemble
from retrospan.model.traces import Annotation, AnnotatorKind, Outcome, Span, Status, StepError, Trace, TraceFacts

Messages = Sequence[Mapping[str, Any]]
Build = Callable[..., Trace]


def build_trace(
    messages: Messages,
    *,
    outcome: str | None = None,
    errors: Mapping[int, str] | None = None,
    annotations: Sequence[Mapping[str, Any]] = (),
) -> Trace:
    """A trace of these messages; `errors` gives steps error status with a message."""
    spans = conversation_spans("run", [dict(message) for message in messages])
    failing = {int(index): text for index, text in (errors or {}).items()}
    spans = [_with_error(span, failing[i]) if i in failing else span for i, span in enumerate(spans)]
    facts = TraceFacts(
        "run",
        outcome=Outcome(outcome) if outcome else None,
        annotations=tuple(map(_annotation, annotations)),
    )
    return assemble(spans, facts)


def _annotation(told: Mapping[str, Any]) -> Annotation:
    kind = {"annotator_kind": AnnotatorKind(told["annotator_kind"])} if "annotator_kind" in told else {}
    return Annotation(**{**told, **kind})


def _with_error(span: Span, message: str) -> Span:
    return replace(span, status=Status.ERROR, error=StepError(message))


@pytest.fixture
def build() -> Build:
    return build_trace


def calls(tool: str, arguments: Mapping[str, Any], call_id: str = "c1") -> dict[str, Any]:
    return {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"id": call_id, "name": tool, "arguments": dict(arguments)}],
    }


def answers(content: str, call_id: str = "c1") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


@pytest.fixture
def refund_run() -> Callable[..., Trace]:
    """A support run that looks an order up, refunds it and says so; every part can be changed."""

    def run(
        order: str = "W17",
        amount: float = 30,
        said: str = "I have refunded $30 for order W17.",
        *,
        outcome: str | None = None,
    ) -> Trace:
        return build_trace(
            [
                {"role": "system", "content": "You help customers with their orders."},
                {"role": "user", "content": "Please refund order W17, the lamp arrived broken."},
                calls("get_order", {"order_id": "W17"}, "a"),
                answers('{"order_id": "W17", "total_amount": 30, "also": "W18 W19"}', "a"),
                {"role": "assistant", "content": "Order W17 is $30. Shall I refund it?"},
                {"role": "user", "content": "Yes, please."},
                calls("issue_refund", {"order_id": order, "amount": amount}, "b"),
                answers('{"status": "done"}', "b"),
                {"role": "assistant", "content": said},
            ],
            outcome=outcome,
        )

    return run
