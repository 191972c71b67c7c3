"""One report per source of evidence, whole: the step, its cause, what it rests on, its score, reasons and quotes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from retrospan.analysis.evidence.clue import Clue, Kind, clue
from retrospan.analysis.evidence.inquiry import Inquiry, inquire
from retrospan.analysis.signals.registry import find_signals
from retrospan.analysis.suspects import SOURCES, Source, find_suspects, report_on
from retrospan.model.findings import Basis, CauseClass, Evidence, Signal, Suspect
from retrospan.model.traces import Trace

Run = Callable[..., Trace]


def calls(tool: str, arguments: Mapping[str, object], name: str) -> dict[str, object]:
    call = {"id": name, "name": tool, "arguments": arguments}
    return {"role": "assistant", "content": "", "tool_calls": [call]}


def answers(content: str, name: str) -> dict[str, object]:
    return {"role": "tool", "tool_call_id": name, "content": content}


def _first(trace: Trace, *siblings: Trace) -> Suspect:
    return find_suspects(trace, find_signals(trace), siblings).suspects[0]


def test_siblings_name_the_argument_that_good_runs_have_otherwise(refund_run: Run) -> None:
    assert _first(refund_run(order="W18", outcome="fail"), *[refund_run(outcome="pass")] * 2) == Suspect(
        6,
        None,
        CauseClass.ARGUMENTS,
        2.614,
        (
            "arguments.order_id is W18; alike runs that went well have W17",
            "issue_refund changed something that the outcome rests on (position only)",
            "an early decision (position only)",
        ),
        (Evidence(6, "W18", "arguments.order_id"), Evidence(6, '{"order_id":"W18","amount":30}', "arguments")),
        Basis.DIFFERENCE,
    )


def test_siblings_name_a_change_that_no_good_run_makes(build: Run) -> None:
    def run(*, outcome: str, cancels: bool) -> Trace:
        acts = [calls("cancel_order", {"order_id": "W17"}, "b"), answers("done", "b")] if cancels else []
        return build(
            [
                {"role": "user", "content": "Where is order W17?"},
                calls("get_order", {"order_id": "W17"}, "a"),
                answers('{"status": "shipped"}', "a"),
                *acts,
                {"role": "assistant", "content": "It was shipped."},
            ],
            outcome=outcome,
        )

    first = _first(run(outcome="fail", cancels=True), run(outcome="pass", cancels=False))
    assert (first.step, first.cause, first.basis) == (3, CauseClass.WORKFLOW, Basis.DIFFERENCE)
    assert first.reasons[0] == "no alike run that went well calls cancel_order"


def test_siblings_charge_a_change_that_is_missing_to_the_answer(build: Run, refund_run: Run) -> None:
    idle = build(
        [
            {"role": "user", "content": "Please refund order W17, the lamp arrived broken."},
            calls("get_order", {"order_id": "W17"}, "a"),
            answers('{"order_id": "W17"}', "a"),
            {"role": "assistant", "content": "I am afraid that is not possible."},
        ],
        outcome="fail",
    )
    first = _first(idle, refund_run(outcome="pass"), refund_run(outcome="pass"))
    assert (first.step, first.basis, first.score) == (3, Basis.DIFFERENCE, 1.7)
    assert "make a change by issue_refund that this run ends without" in first.reasons[0]


@pytest.mark.parametrize(("bad", "good", "speaks"), [(4, 5, True), (2, 5, False), (5, 2, False)])
def test_spectrum_needs_several_runs_of_both_outcomes(build: Run, bad: int, good: int, speaks: bool) -> None:
    def run(tool: str, outcome: str) -> Trace:
        return build(
            [
                {"role": "user", "content": "What is the policy on lamps?"},
                calls(tool, {"about": "lamps"}, "a"),
                answers("30 days", "a"),
                {"role": "assistant", "content": "It is 30 days."},
            ],
            outcome=outcome,
        )

    others = [run("read_archive", "fail") for _ in range(bad - 1)] + [run("read_policy", "pass") for _ in range(good)]
    report = report_on(inquire(run("read_archive", "fail"), (), others))
    step = next(item for item in report.suspects if item.step == 1)
    told = f"call read_archive: in {bad} of {bad} bad and 0 of {good} good alike runs"
    assert (told in step.reasons) is speaks
    assert (step.basis is Basis.DIFFERENCE) is speaks


def test_signals_are_charged_to_the_decision_behind_them(build: Run) -> None:
    trace = build(
        [
            {"role": "user", "content": "What does order W17 cost?"},
            calls("get_order", {"order_id": "W17"}, "a"),
            answers("Error: no such order", "a"),
            {"role": "assistant", "content": "I cannot tell."},
        ],
        outcome="fail",
    )
    signal = Signal("tool_error", 2, True, "get_order failed", (Evidence(2, "Error: no such order", "outputs"),))
    report = find_suspects(trace, [signal])
    assert report.suspects[0] == Suspect(
        1,
        None,
        CauseClass.ARGUMENTS,
        0.55,
        ("get_order failed", "an early decision (position only)"),
        (Evidence(2, "Error: no such order", "outputs"),),
        Basis.OBSERVED,
    )
    assert report.enough_evidence
    assert (report.note or "").startswith("Rests on what the run itself shows.")


def test_a_look_up_that_a_later_one_made_good_weighs_less(build: Run) -> None:
    def run(*more: object) -> Trace:
        return build(
            [
                {"role": "user", "content": "What does order W17 cost?"},
                calls("get_order", {"order_id": "w-17"}, "a"),
                answers("Error: no such order", "a"),
                *more,
                {"role": "assistant", "content": "It costs $30."},
            ]
        )

    signal = Signal("tool_error", 2, True, "get_order failed", ())
    mended = run(calls("get_order", {"order_id": "W17"}, "b"), answers('{"total": "$30"}', "b"))
    scores = [find_suspects(trace, [signal], sources=_only("signals")).suspects[0].score for trace in (run(), mended)]
    assert scores == [0.45, 0.1575]


def test_grounding_charges_the_first_use_of_an_invented_value(build: Run) -> None:
    trace = build(
        [
            {"role": "user", "content": "Is order W17 late?"},
            calls("get_order", {"order_id": "W17"}, "a"),
            answers('{"status": "shipped"}', "a"),
            {"role": "assistant", "content": "It will arrive with parcel ZX-99817 soon."},
            {"role": "user", "content": "Which parcel?"},
            {"role": "assistant", "content": "Parcel ZX-99817."},
        ],
        outcome="fail",
    )
    report = find_suspects(trace, (), sources=_only("grounding"))
    (only,) = report.suspects
    assert (only.step, only.cause, only.basis, only.score) == (3, CauseClass.REASONING, Basis.OBSERVED, 0.225)
    assert only.reasons == ("ZX-99817 stands in no earlier message, result or document",)


def test_writes_weigh_a_refused_call_the_same_when_a_later_one_made_it_good(build: Run) -> None:
    trace = build(
        [
            {"role": "user", "content": "Cancel order W17."},
            calls("cancel_order", {"order_id": "W71"}, "a"),
            answers("Error: no such order", "a"),
            calls("cancel_order", {"order_id": "W17"}, "b"),
            answers("cancelled", "b"),
            {"role": "assistant", "content": "Order W17 is cancelled."},
        ],
        outcome="fail",
    )
    report = find_suspects(trace, (), sources=_only("writes"))
    assert [(item.step, item.score, item.basis) for item in report.suspects] == [
        (1, 0.8, Basis.OBSERVED),
        (3, 0.4675, Basis.POSITION),
    ]


def test_writes_without_a_yes_just_before_weigh_more(build: Run) -> None:
    def run(said: str) -> Trace:
        return build(
            [
                {"role": "user", "content": "What about order W17?"},
                {"role": "assistant", "content": "Shall I cancel it?"},
                {"role": "user", "content": said},
                calls("cancel_order", {"order_id": "W17"}, "a"),
                answers("cancelled", "a"),
                {"role": "assistant", "content": "Cancelled."},
            ]
        )

    found = [find_suspects(run(said), (), sources=_only("writes")).suspects[0] for said in ("Yes, please.", "Hm?")]
    assert [(item.score, item.basis) for item in found] == [(0.55, Basis.POSITION), (0.8, Basis.OBSERVED)]


def test_a_service_that_is_down_is_nobodys_decision(build: Run) -> None:
    trace = build(
        [
            {"role": "user", "content": "Cancel order W17."},
            calls("cancel_order", {"order_id": "W17"}, "a"),
            answers("Error: service unavailable, timed out", "a"),
            {"role": "assistant", "content": "It does not work at the moment."},
        ]
    )
    (only,) = find_suspects(trace, (), sources=_only("writes")).suspects
    assert (only.step, only.score, only.cause) == (1, 0.2, CauseClass.TOOL)


def test_ending_charges_the_turn_that_got_no_answer(build: Run) -> None:
    trace = build(
        [
            {"role": "user", "content": "Exchange my shirt for a blue one."},
            {"role": "assistant", "content": "I can do that. Is size M right?"},
            {"role": "user", "content": "Size L. Go ahead and finalise the exchange."},
        ]
    )
    assert _first(trace) == Suspect(
        2,
        None,
        CauseClass.WORKFLOW,
        0.9,
        ("the run ends here and the user gets no answer",),
        (Evidence(2, "Size L. Go ahead and finalise the exchange.", "inputs"),),
        Basis.OBSERVED,
    )


def test_position_reads_the_work_of_a_led_team_in_order(build: Run) -> None:
    turns = [("Lead", "Plan."), ("Web", "Found it."), ("Lead", "Go on."), ("Web", "Page two."), ("Lead", "Answer.")]
    messages = [{"role": "assistant", "name": name, "content": said} for name, said in turns]
    trace = build([{"role": "user", "content": "Which shop is cheapest?"}, *messages])
    report = find_suspects(trace, (), sources=_only("position"))
    assert [(item.step, item.score) for item in report.suspects[:2]] == [(2, 0.9), (4, 0.6512)]
    assert {item.basis for item in report.suspects} == {Basis.POSITION}


def _only(name: str) -> dict[str, tuple[Source, float]]:
    return {name: SOURCES[name]}


def _says(*clues: Clue) -> Source:
    return lambda _: clues


def _inquiry(build: Run) -> Inquiry:
    return inquire(build([{"role": "assistant", "content": f"turn {i}"} for i in range(14)]), (), ())


def test_clues_of_one_step_add_up_and_the_one_that_names_a_cause_speaks_first(build: Run) -> None:
    position = clue(3, 0.9, "early", CauseClass.UNDETERMINED, kind=Kind.PLACE)
    weak, strong = clue(3, 0.2, "weak", CauseClass.TOOL), clue(3, 0.4, "strong", CauseClass.PROMPT)
    sources = {"a": (_says(position, weak), 1.0), "b": (_says(strong), 2.0)}
    (only,) = report_on(_inquiry(build), sources).suspects
    assert only == Suspect(3, None, CauseClass.PROMPT, 1.9, ("strong", "weak", "early"), (), Basis.OBSERVED)


def test_equal_scores_go_to_the_earlier_step_and_ten_are_kept(build: Run) -> None:
    clues = [clue(i, 0.5, "alike", CauseClass.TOOL) for i in reversed(range(12))]
    report = report_on(_inquiry(build), {"a": (_says(*clues), 1.0)})
    assert [item.step for item in report.suspects] == list(range(10))


def test_what_is_firmest_of_several_clues_is_what_a_step_rests_on(build: Run) -> None:
    kinds = (Kind.ARGUMENT, Kind.SIGNAL, Kind.PLACE)
    found = [clue(1, 0.1, kind, CauseClass.TOOL, kind=kind) for kind in kinds]
    for i, expected in enumerate(Basis):
        rest = found[i:]
        (only,) = report_on(_inquiry(build), {"a": (_says(*rest), 1.0)}).suspects
        assert only.basis is expected
