"""The support agent: what each version gets wrong, while every run ends well by its own account.

`expected_behaviour` knows the shop's rules and judges a run from outside; the product never sees it.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

import pytest
from retrospan.examples.support_agent.agent import Answer
from retrospan.examples.support_agent.app import Handled, run_workload
from retrospan.examples.support_agent.shop import ORDERS, Order
from retrospan.examples.support_agent.workload import sessions

CURRENT_WINDOW = "30"
BY_ID = {order.id: order for order in ORDERS}


def called(answer: Answer, tool: str) -> list[dict[str, object]]:
    return [call.arguments for call in answer.calls if call.name == tool and not call.is_error]


def meant_order(done: Handled) -> Order | None:
    """The order that a customer means, by number or by item."""
    text = done.request.text
    number = re.search(r"R-\d{4}", text)
    if number:
        return BY_ID.get(number.group())
    own = [order for order in ORDERS if order.customer.lower().replace(" ", ".") == done.session.user]
    named = [order for order in own if any(word in text for word in order.item.lower().split()[1:] if len(word) > 2)]
    earlier = re.search(r"R-\d{4}", done.session.requests[0].text)
    return (named or [BY_ID[earlier.group()] if earlier else own[0]])[0]


def expected_behaviour(done: Handled) -> str | None:
    """The failure mode of a run, None where it did what the shop wants."""
    task, answer, order = done.request.task, done.answer, meant_order(done)
    if task == "return-window":
        return None if CURRENT_WINDOW in re.findall(r"\d+", answer.text) else "stale policy"
    if task == "special-terms":
        return "invented window" if re.search(r"\d", answer.text) else None
    if task.startswith("refund"):
        assert order is not None
        return refund_fault(answer, order)
    if task == "confirmation":
        return None if called(answer, "send_email") else "claimed e-mail"
    return None


def refund_fault(answer: Answer, order: Order) -> str | None:
    booked = called(answer, "issue_refund")
    claims = re.search(r"I've refunded|Your refund of", answer.text) is not None
    if any(refund["order_id"] != order.id for refund in booked):
        return "wrong order"
    if order.final_sale or (order.delivered_days_ago or 0) > int(CURRENT_WINDOW):
        return "refunded against the policy" if booked else None
    if claims and not booked:
        return "swallowed error"
    if re.search(r"sent", answer.text) and not called(answer, "send_email"):
        return "claimed e-mail"
    return None if booked or not claims else "no refund"


@cache
def runs(version: str, seed: int = 7) -> tuple[Handled, ...]:
    return tuple(run_workload(version, seed=seed))


def faults(version: str, seed: int = 7) -> Counter[str]:
    return Counter(fault for done in runs(version, seed) if (fault := expected_behaviour(done)))


V1_FAULTS = {"stale policy", "swallowed error", "invented window", "wrong order", "claimed e-mail"}


def test_v1_has_every_failure_mode_and_mostly_does_well() -> None:
    found = faults("v1")
    assert set(found) == V1_FAULTS
    assert 10 <= sum(found.values()) <= 16


def test_v2_mends_them_and_breaks_another() -> None:
    assert set(faults("v2")) == {"refunded against the policy"}
    assert sum(faults("v2").values()) == 4


@pytest.mark.parametrize("seed", range(20))
def test_any_seed_shows_most_modes_and_a_majority_that_passes(seed: int) -> None:
    found = faults("v1", seed)
    assert len(V1_FAULTS & set(found)) >= 4
    assert sum(found.values()) < 20
    assert set(faults("v2", seed)) == {"refunded against the policy"}
