"""When is there enough evidence to accuse anyone?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from retrospan.analysis.evidence.case import open_case
from retrospan.analysis.evidence.enough import THRESHOLD, disagreement
from retrospan.analysis.signals.registry import find_signals
from retrospan.analysis.suspects import find_suspects
from retrospan.model.traces import Trace

Run = Callable[..., Trace]


def _enough(trace: Trace, *siblings: Trace) -> bool:
    return find_suspects(trace, find_signals(trace), siblings).enough_evidence


def _disagreement(trace: Trace, siblings: Sequence[Trace]) -> float:
    return disagreement(open_case(trace, find_signals(trace), siblings))


@pytest.fixture
def idle_run(build: Run) -> Run:
    """A run that looks the order up and changes nothing."""

    def run(order: str = "W17") -> Trace:
        call = {"id": "a", "name": "get_order", "arguments": {"order_id": order}}
        return build(
            [
                {"role": "user", "content": f"Please refund order {order}, the lamp arrived broken."},
                {"role": "assistant", "content": "", "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "a", "content": '{"total_amount": 30}'},
                {"role": "assistant", "content": "It is past the last day for that."},
            ]
        )

    return run


def test_it_takes_two_alike_runs_of_unknown_outcome_to_accuse(refund_run: Run) -> None:
    assert not _enough(refund_run(order="W18"), refund_run())
    assert _enough(refund_run(order="W18"), refund_run(), refund_run())


def test_one_run_known_to_have_passed_counts_for_two(refund_run: Run) -> None:
    assert _enough(refund_run(order="W18"), refund_run(outcome="pass"))


@pytest.mark.parametrize("outcome", [None, "pass"])
def test_agreement_acquits_the_more_the_more_agree(refund_run: Run, outcome: str | None) -> None:
    found = [_disagreement(refund_run(), [refund_run(outcome=outcome)] * n) for n in range(4)]
    assert found[0] == 0.5
    assert found == sorted(found, reverse=True)
    assert len(set(found)) == 4


def test_runs_that_did_nothing_are_no_witnesses_against_one_that_acted(refund_run: Run, idle_run: Run) -> None:
    assert _disagreement(refund_run(), [idle_run(), idle_run(), idle_run()]) == 0.5


def test_a_run_that_did_nothing_where_the_others_acted_is_accused(refund_run: Run, idle_run: Run) -> None:
    assert _disagreement(idle_run(), [refund_run(), refund_run()]) == THRESHOLD


def test_the_odd_one_among_failing_runs_is_not_accused_for_it(refund_run: Run) -> None:
    failing = [refund_run(order="W18", outcome="fail") for _ in range(3)]
    assert _disagreement(refund_run(), failing) == 0.5


def test_a_run_that_did_what_a_failing_one_did_is_accused(refund_run: Run) -> None:
    assert _disagreement(refund_run(order="W18"), [refund_run(order="W18", outcome="fail")]) == THRESHOLD


def test_runs_of_another_request_are_no_witnesses(refund_run: Run, idle_run: Run) -> None:
    assert _disagreement(idle_run("R-2104"), [refund_run(), refund_run()]) == 0.5


def test_a_sweeping_claim_and_a_plain_change_accuse_only_a_run_known_to_have_failed(refund_run: Run) -> None:
    said = "I have refunded $30 for order W17. All your requests have been completed."
    assert not _enough(refund_run(said=said))
    assert _enough(refund_run(said=said, outcome="fail"))
