"""Runs of a refund agent that promise more than the policy holds, and a model that finds it out."""

from __future__ import annotations

from typing import Any

from conversations import Builder, answers, calls, says
from scripted_model import Reply, asks, claim, reports, text, tool_use, trace_of, turn_of


def refund_run(traces: Builder, *, days: int = 45, result: str = "Refunds within 30 days.", **fields: Any) -> int:
    """A run of four steps: a question, a look at the policy, its result, and a promise of `days` days."""
    return traces.add(
        says("user", "Can I still return order 204?"),
        calls("get_policy", topic="refund"),
        answers(result),
        says("assistant", f"You have {days} days to return it."),
        **fields,
    )


def investigates(body: dict[str, Any]) -> Reply:
    """A model that reads the steps and reports what they show."""
    if turn_of(body) == 0:
        return asks(text("I look at the steps."), tool_use("get_trace", trace=trace_of(body), steps="0-3"))
    return reports(
        claim("The reply promises 45 days.", 3, "You have 45 days"),
        claim("The policy allows 30.", 2, "within 30 days"),
        cause="reasoning",
        cause_step="3",
        question="Did the reply promise a window that the policy does not hold?",
    )
