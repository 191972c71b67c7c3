"""When is there enough evidence to accuse anyone?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest
from retrospan.analysis.evidence.enough import Known, strength, witnesses
from retrospan.analysis.evidence.inquiry import inquire
from retrospan.analysis.signals.registry import find_signals
from retrospan.analysis.suspects import find_suspects
from retrospan.model.traces import Trace

Run = Callable[..., Trace]


def calls(tool: str, arguments: Mapping[str, object], name: str) -> dict[str, object]:
    call = {"id": name, "name": tool, "arguments": arguments}
    return {"role": "assistant", "content": "", "tool_calls": [call]}


def answers(content: str, name: str) -> dict[str, object]:
    return {"role": "tool", "tool_call_id": name, "content": content}


def _enough(trace: Trace, *siblings: Trace) -> bool:
    return find_suspects(trace, find_signals(trace), siblings).enough_evidence


def _strength(trace: Trace, siblings: Sequence[Trace]) -> float:
    return strength(inquire(trace, find_signals(trace), siblings))


@pytest.fixture
def idle_run(build: Run) -> Run:
    """A run that looks the order up and changes nothing."""

    def run(order: str = "W17", *, outcome: str | None = None) -> Trace:
        return build(
            [
                {"role": "user", "content": f"Please refund order {order}, the lamp arrived broken."},
                calls("get_order", {"order_id": order}, "a"),
                answers('{"total_amount": 30}', "a"),
                {"role": "assistant", "content": "It is past the last day for that."},
            ],
            outcome=outcome,
        )

    return run


@pytest.fixture
def reply_run(build: Run) -> Run:
    """A run whose one change hands over a text that no two runs write alike."""

    def run(text: str, outcome: str | None = None) -> Trace:
        return build(
            [
                {"role": "user", "content": "Send ada@x.example a note that order W17 is late."},
                calls("send_email", {"to": "ada@x.example", "body": text}, "a"),
                answers("sent", "a"),
                {"role": "assistant", "content": "The note is on its way."},
            ],
            outcome=outcome,
        )

    return run


@pytest.mark.parametrize(("differing", "of", "accused"), [(1, 1, True), (1, 2, False), (2, 3, True), (1, 3, False)])
def test_more_than_half_of_the_runs_that_passed_must_have_done_otherwise(
    refund_run: Run, differing: int, of: int, accused: bool
) -> None:
    trace = refund_run(order="W18")
    passed = [refund_run(order="W17" if i < differing else "W18", outcome="pass") for i in range(of)]
    assert _enough(trace, *passed) is accused


def test_a_run_that_passed_is_never_accused(refund_run: Run) -> None:
    good = [refund_run(outcome="pass")] * 3
    assert _enough(refund_run(order="W18"), *good)
    assert not _enough(refund_run(order="W18", outcome="pass"), *good)


def test_doing_nothing_where_those_that_passed_acted_is_accused(refund_run: Run, idle_run: Run) -> None:
    assert _enough(idle_run(), refund_run(outcome="pass"))
    assert not _enough(idle_run(), refund_run(), refund_run(), refund_run())


def test_that_no_alike_run_passed_is_said_and_accuses_nobody(refund_run: Run) -> None:
    failing = [refund_run(order="W18", outcome="fail")] * 3
    found = witnesses(inquire(refund_run(), (), failing))
    assert (found.known, found.against, found.of) == (Known.NONE_PASSED, 3, 3)
    assert not _enough(refund_run(), *failing)


def test_strength_orders_runs_that_differ_before_those_of_lost_tasks_before_those_that_agree(refund_run: Run) -> None:
    good, bad = [refund_run(outcome="pass")], [refund_run(order="W19", outcome="fail")]
    found = [_strength(refund_run(order="W18"), good), _strength(refund_run(), bad), _strength(refund_run(), good)]
    assert found == [0.75, 0.5, 0.25]


def test_of_unknown_outcome_a_majority_must_agree_on_other_changes(refund_run: Run) -> None:
    assert not _enough(refund_run(order="W18"), refund_run())
    assert _enough(refund_run(order="W18"), refund_run(), refund_run())
    assert not _enough(refund_run(order="W18"), refund_run(), refund_run(order="W19"))
    assert not _enough(refund_run(order="W18"), refund_run(), refund_run(), refund_run(order="W18"))


def test_agreement_acquits_the_more_the_more_agree(refund_run: Run) -> None:
    for outcome in (None, "pass"):
        found = [_strength(refund_run(), [refund_run(outcome=outcome)] * n) for n in range(4)]
        assert found == [0.5, 0.25, 0.5 / 3, 0.125]


def test_runs_that_did_nothing_are_no_witnesses_against_one_that_acted(refund_run: Run, idle_run: Run) -> None:
    assert _strength(refund_run(), [idle_run(), idle_run(), idle_run()]) == 0.5


def test_runs_of_another_request_are_no_witnesses(refund_run: Run, idle_run: Run) -> None:
    assert _strength(idle_run("R-2104"), [refund_run(outcome="pass"), refund_run(outcome="pass")]) == 0.5


def test_another_wording_of_the_same_message_is_no_other_change(reply_run: Run) -> None:
    one, other = "Your order W17 will be a few days late, we are sorry.", "Sorry! W17 is going to be late this week."
    assert not _enough(reply_run(one), reply_run(other, "pass"), reply_run(other, "pass"))


def test_one_run_that_passed_says_nothing_about_changes_that_hold_code(build: Run) -> None:
    def run(path: str, outcome: str | None = None) -> Trace:
        code = "def late(order):\n    return order.days > 3\n"
        return build(
            [
                {"role": "user", "content": "Flag late orders, see src/orders.py"},
                calls("write_file", {"path": path, "content": code}, "a"),
                answers("ok", "a"),
                {"role": "assistant", "content": "Done."},
            ],
            outcome=outcome,
        )

    assert not _enough(run("src/flags.py"), run("src/orders.py", "pass"))
    assert not _enough(run("src/flags.py"), run("src/orders.py", "pass"), run("src/late.py", "pass"))
    assert _enough(run("src/flags.py"), run("src/orders.py", "pass"), run("src/orders.py", "pass"))


def test_position_alone_accuses_nobody_even_where_the_run_is_known_to_have_failed(idle_run: Run) -> None:
    report = find_suspects(idle_run(outcome="fail"), ())
    assert report.suspects
    assert report.position_only
    assert not report.enough_evidence
    assert (report.note or "").startswith("Position only")


def test_a_run_known_to_have_failed_is_accused_of_what_was_seen_in_it(refund_run: Run) -> None:
    assert not _enough(refund_run(order="W99"))
    assert _enough(refund_run(order="W99", outcome="fail"))
