"""The case file of small runs, part by part."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from retrospan.analysis.case_file.build import case_file
from retrospan.analysis.case_file.hypotheses import proofs_of
from retrospan.analysis.case_file.model import CaseFile, Check, Contrast, Origin
from retrospan.analysis.case_file.origins import holds
from retrospan.analysis.evidence.clue import Kind
from retrospan.analysis.evidence.inquiry import inquire
from retrospan.analysis.signals.registry import find_signals
from retrospan.model.findings import Basis
from retrospan.model.traces import Trace

Run = Callable[..., Trace]


def _case(trace: Trace, *siblings: Trace) -> CaseFile:
    return case_file(inquire(trace, find_signals(trace), siblings))


def _asks(tool: str, arguments: Mapping[str, object], name: str) -> dict[str, object]:
    call = {"id": name, "name": tool, "arguments": arguments}
    return {"role": "assistant", "content": "", "tool_calls": [call]}


def _gives(content: str, name: str) -> dict[str, object]:
    return {"role": "tool", "tool_call_id": name, "content": content}


@pytest.fixture
def return_run(build: Run) -> Run:
    """A run that returns one of two items to one of two payment methods; each can be changed."""

    def run(item: str = "5511", method: str = "gift_card_9", *, outcome: str | None = "pass") -> Trace:
        return build(
            [
                {"role": "system", "content": "Returns go to gift_card_9 unless the customer says otherwise."},
                {"role": "user", "content": "Return the lamp 5511 of order W17, please."},
                _asks("get_order", {"order_id": "W17"}, "a"),
                _gives(
                    '{"items": [{"item_id": "5511"}, {"item_id": "6622"}], "methods": {"gift_card_9": 1, "visa_8": 2}}',
                    "a",
                ),
                _asks("return_items", {"item_ids": [item], "method": method, "copies": 1}, "b"),
                _gives("done", "b"),
                {"role": "assistant", "content": "The lamp is on its way back."},
            ],
            outcome=outcome,
        )

    return run


def test_each_value_of_the_change_in_question_is_traced(return_run: Run) -> None:
    (found,) = _case(return_run(item="6622", method="pay_3", outcome="fail"), return_run()).origins
    assert (found.step, found.tool, found.because) == (4, "return_items", "good runs hand over other values")
    assert found.values == (
        Origin("item_ids.0", "6622", result=3, tool="get_order", instead=("5511",)),
        Origin("method", "pay_3"),
        Origin("copies", 1, traced=False),
    )
    assert [value.invented for value in found.values] == [False, True, False]


def test_a_value_may_come_from_person_result_and_instructions(return_run: Run) -> None:
    (found,) = _case(return_run(outcome="fail")).origins
    item, method, _ = found.values
    assert (item.person, item.result, item.instead) == (1, 3, ("6622",))
    assert (method.person, method.result, method.instructions, method.instead) == (None, 3, 0, ("visa_8",))


def test_what_only_a_later_step_shows_is_no_origin(return_run: Run, build: Run) -> None:
    late = build(
        [
            {"role": "user", "content": "Return my lamp."},
            _asks("return_items", {"item": "6622"}, "a"),
            _gives('{"item": "6622"}', "a"),
            {"role": "assistant", "content": "Lamp 6622 is on its way back."},
        ],
        outcome="fail",
    )
    (found,) = _case(late).origins
    assert found.values == (Origin("item", "6622"),)


@pytest.mark.parametrize(
    ("text", "wanted", "found"),
    [("order w18,", "w18", True), ("order w180", "w18", False), ("XW18 then w18", "w18", True), ("aw18", "w18", False)],
)
def test_a_value_is_found_whole(text: str, wanted: str, found: bool) -> None:
    assert holds(text, wanted) is found


def test_the_nearest_good_run_shows_the_argument_and_how_many_have_it(return_run: Run) -> None:
    good = [return_run(), return_run(), return_run(method="visa_8")]
    nearest = _case(return_run(item="6622", outcome="fail"), *good).nearest
    assert nearest is not None
    assert nearest.of == 3
    assert nearest.contrasts[0] == Contrast(
        "arguments", "return_items", 4, 4, "arguments.item_ids.0", "6622", "5511", like=3
    )


def test_the_log_says_what_was_broken_where_and_what_holds(build: Run) -> None:
    case = _case(
        build(
            [
                {"role": "user", "content": "Cancel order W17."},
                {"role": "assistant", "content": "Shall I cancel it?"},
                {"role": "user", "content": "Hm, what would it cost?"},
                _asks("cancel_order", {"order_id": "W71"}, "a"),
                _gives("Error: no such order", "a"),
                _asks("cancel_order", {"order_id": "W17"}, "b"),
                _gives("cancelled", "b"),
                {"role": "assistant", "content": "Order W17 is cancelled."},
            ],
            outcome="fail",
        )
    )
    ours = [check for check in case.broken if check.rule in ("change_accepted", "yes_before_change")]
    assert ours == [
        Check("change_accepted", 3, "Error: no such order"),
        Check("yes_before_change", 5, '{"order_id":"W17"}'),
    ]
    assert "the run ends with an answer" in case.holding
    assert "no call failed" not in case.holding


def test_disagreement_with_runs_that_passed_is_in_the_log(return_run: Run) -> None:
    case = _case(return_run(item="6622", outcome="fail"), return_run(), return_run())
    assert case.broken[0] == Check("changes_as_in_passed_runs", None, "2 of 2 passed runs made other changes")
    assert "changes as in all 2 passed runs" in _case(return_run(outcome=None), return_run(), return_run()).holding


def test_the_first_hypothesis_is_the_argument_with_the_steps_that_decide(return_run: Run) -> None:
    first = _case(return_run(item="6622", outcome="fail"), return_run()).hypotheses[0]
    assert (first.step, first.kind, first.basis, first.quote) == (4, Kind.ARGUMENT, Basis.DIFFERENCE, "6622")
    assert first.claim == "arguments.item_ids.0 is 6622; alike runs that went well have 5511"
    assert first.look == (1, 3, 4, 5)
    assert "before 4 leads to the value of the good runs" in first.true_if


def test_without_anything_seen_it_says_position_only(build: Run) -> None:
    said = [{"role": "assistant", "content": f"Thought {i}."} for i in range(6)]
    case = _case(build([{"role": "user", "content": "Which shop is cheapest?"}, *said], outcome="fail"))
    assert case.report.position_only
    assert len(case.hypotheses) == 3
    assert {item.kind for item in case.hypotheses} == {Kind.PLACE}


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_suspicion_can_be_proved_and_refuted(kind: Kind) -> None:
    true_if, refuted_if = proofs_of(kind, 7)
    assert true_if != refuted_if
    assert "{" not in true_if + refuted_if
