"""A store with a few runs, and the tools called as a client would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from conversations import Builder, answers, calls, says
from retrospan.mcp_server.registry import Caller, load_tools, run_tool
from retrospan.store.contract import Store

Call = Callable[..., str]


@pytest.fixture
def runs(traces: Builder) -> Builder:
    """Three refund runs: T1 pays the wrong amount, T2 the right one, T3 meets an error that it hides."""
    for amount, outcome in (("94.00", "fail"), ("49.00", "pass")):
        traces.add(
            says("user", "Refund order R-1, it cost 49.00."),
            calls("get_order", "c1", order="R-1"),
            answers('{"order": "R-1", "paid": "49.00"}', "c1"),
            calls("issue_refund", "c2", order="R-1", amount=amount),
            answers('{"refunded": "' + amount + '"}', "c2"),
            says("assistant", f"I have refunded {amount} to your card."),
            task="refund",
            outcome=outcome,
            version="v1",
        )
    traces.add(
        says("user", "Cancel order R-9 please."),
        calls("cancel_order", "c1", order="R-9"),
        answers('{"error": "order R-9 was shipped"}', "c1"),
        says("assistant", "Your order R-9 is cancelled."),
        outcome="fail",
    )
    return traces


@pytest.fixture
def call(store: Store, runs: Builder) -> Call:
    """Calls a tool on the store of `runs`."""
    tools = load_tools()

    def called(tool: str, **arguments: Any) -> str:
        return run_tool(Caller(store), tools, tool, arguments)

    return called
