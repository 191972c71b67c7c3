"""A run that broke off before its first step still says why: its error is a step and a finding."""

from __future__ import annotations

from typing import Any

import pytest
from raw_spans import raw_span
from retrospan.ingest.conventions.registry import to_batch
from retrospan.services.understanding.analysing import signals_of
from retrospan.store.contract import Store
from retrospan.store.traces.commit import commit_batch


@pytest.mark.parametrize(
    ("attributes", "signal"),
    [
        ({"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "desk"}, "unfinished"),
        ({"gen_ai.operation.name": "agent_step"}, "unfinished"),
        ({"openinference.span.kind": "CHAIN"}, "unfinished"),
        ({"traceloop.span.kind": "workflow"}, "unfinished"),
        ({"langfuse.observation.type": "span"}, "unfinished"),
        ({"genkit:metadata:subtype": "flow", "genkit:name": "menu"}, "unfinished"),
        ({}, "unfinished"),
        ({"gen_ai.operation.name": "chat"}, "llm_error"),
        ({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "pay"}, "tool_error"),
    ],
)
def test_an_error_on_the_root_alone_is_found(store: Store, attributes: dict[str, Any], signal: str) -> None:
    raw = raw_span(attributes, status=2, message="no key for the ledger")
    (trace_id,) = commit_batch(store, to_batch([raw])).trace_ids

    (found,) = [one for one in signals_of(store, [trace_id])[trace_id] if one.failure]

    assert (found.signal, found.step) == (signal, 0)
    assert "no key for the ledger" in found.reason
