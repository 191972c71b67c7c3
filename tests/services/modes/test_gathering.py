"""Failure modes over time: runs join once, ids and names stay, what is fixed and comes back is said so."""

from __future__ import annotations

import pytest
from conversations import Builder, answers, calls, says
from retrospan.answers.modes import modes_text
from retrospan.cli.modes.mode import row_of
from retrospan.model.errors import QueryError, UnknownIdError
from retrospan.model.traces import Outcome
from retrospan.services.finding.listing import list_traces
from retrospan.services.modes.gathering import update_modes
from retrospan.services.modes.life import confirm_mode, fix_mode
from retrospan.services.modes.observing import name_mode
from retrospan.services.modes.views import list_modes, show_mode
from retrospan.services.privacy.erasing import delete_traces
from retrospan.services.receiving.marking import mark_traces
from retrospan.services.understanding.analysing import analyse
from retrospan.store.contract import Store
from retrospan.store.findings.modes import ModeStatus, list_mode_rows
from retrospan.store.opening import open_store
from retrospan.store.reading.summaries import get_summaries


def good(traces: Builder, number: int) -> int:
    return traces.add(
        says("user", f"Where is order R-{number}?"),
        calls("get_order", order=f"R-{number}"),
        answers('{"state": "shipped"}'),
        says("assistant", "It was shipped."),
        outcome="pass",
    )


def timed_out(traces: Builder, number: int, outcome: str | None = "fail") -> int:
    fields = {} if outcome is None else {"outcome": outcome}
    return traces.add(
        says("user", f"Refund order R-{number} please."),
        calls("issue_refund", order=f"R-{number}"),
        answers('{"error": "gateway timed out after 30 s"}'),
        says("assistant", "I have refunded your order."),
        **fields,
    )


def silent(traces: Builder, number: int) -> int:
    return traces.add(
        says("user", f"Subscribe customer {number} to the winter newsletter."),
        calls("subscribe", customer=number),
        answers('{"subscribed": true}'),
        says("assistant", "Subscribed to the summer newsletter."),
        outcome="fail",
    )


def placed(store: Store) -> dict[int, tuple[str, ...]]:
    analyse(store)
    update_modes(store)
    return {trace.id: trace.modes for trace in list_traces(store, limit=1_000).traces}


def test_failing_runs_gather_by_what_went_wrong(store: Store, traces: Builder) -> None:
    fine = [good(traces, i) for i in range(8)]
    late = [timed_out(traces, i) for i in range(4)]
    quiet = [silent(traces, i) for i in range(4)]
    modes = placed(store)
    assert {modes[i] for i in fine} == {()}
    assert {modes[i] for i in late} == {("M1",)}
    assert {modes[i] for i in quiet} == {("M2",)}
    page = list_modes(store)
    assert [(view.short_id, view.size, view.row.known) for view in page.modes] == [("M1", 4, 4), ("M2", 4, 4)]
    assert page.modes[0].name.startswith("error in result")
    assert "gateway timed out" in page.modes[0].name
    assert "newsletter" in page.modes[1].name
    assert page.in_none == 8
    assert len(page.random) == 3


def test_later_runs_join_and_ids_stay(store: Store, traces: Builder) -> None:
    for i in range(6):
        good(traces, i)
    first = timed_out(traces, 1)
    assert placed(store)[first] == ("M1",)
    second, other = timed_out(traces, 2, outcome=None), silent(traces, 3)
    modes = placed(store)
    assert modes[first] == modes[second] == ("M1",)
    assert modes[other] == ("M2",)
    assert update_modes(store) == 0
    assert placed(store) == modes


def test_a_run_that_went_well_after_all_leaves_its_mode(store: Store, traces: Builder) -> None:
    run = traces.add(says("user", "Subscribe me"), says("assistant", "No."), id="run-x", outcome="fail")
    good(traces, 1)
    assert placed(store)[run] == ("M1",)
    mark_traces(store, "outcome:fail", outcome=Outcome.PASS)
    assert placed(store)[run] == ()
    assert list_mode_rows(store) == []


def test_nobody_needs_to_say_what_failed(store: Store, traces: Builder) -> None:
    run = timed_out(traces, 1, outcome=None)
    assert placed(store)[run] == ("M1",)
    (view,) = list_modes(store).modes
    assert (view.size, view.row.known) == (1, 0)


def test_a_fixed_mode_comes_back_with_a_later_run(store: Store, traces: Builder) -> None:
    timed_out(traces, 1)
    placed(store)
    assert confirm_mode(store, "M1", by="human:Ada").status is ModeStatus.CONFIRMED
    assert fix_mode(store, "m1", by="human:Ada", note="retries").status is ModeStatus.FIXED
    timed_out(traces, 2)
    placed(store)
    assert show_mode(store, "M1").view.row.status is ModeStatus.REGRESSED
    assert [event.kind for event in show_mode(store, 1).events] == ["opened", "confirmed", "fixed", "regressed"]


def test_a_run_from_before_the_fix_does_not_reopen_it(store: Store, traces: Builder) -> None:
    timed_out(traces, 1)
    placed(store)
    fix_mode(store, "M1", by="human:Ada", at_ns=4_000_000_000 * 10**9)
    timed_out(traces, 2)
    placed(store)
    assert show_mode(store, "M1").view.row.status is ModeStatus.FIXED


def test_a_persons_name_stands_over_an_assistants(store: Store, traces: Builder) -> None:
    timed_out(traces, 1)
    placed(store)
    name_mode(store, "M1", "Gateway is slow", by="agent:claude")
    view = show_mode(store, "M1").view
    assert (view.name, view.named_by) == ("Gateway is slow", "proposed")
    name_mode(store, "M1", "Refund without booking", by="human:Ada")
    name_mode(store, "M1", "Something else", by="agent:claude")
    view = show_mode(store, "M1").view
    assert (view.name, view.named_by) == ("Refund without booking", "person")


def test_modes_are_searched_by(store: Store, traces: Builder) -> None:
    fine, late = good(traces, 1), timed_out(traces, 2)
    placed(store)
    assert [t.id for t in list_traces(store, "mode:M1").traces] == [late]
    assert [t.id for t in list_traces(store, "mode:any").traces] == [late]
    assert [t.id for t in list_traces(store, "mode:none").traces] == [fine]
    assert [t.id for t in list_traces(store, "-mode:m1").traces] == [fine]
    assert "mode holds: M1" in " ".join(list_traces(store, "mode:M77").why_empty)
    with pytest.raises(QueryError, match="write mode:M3"):
        list_traces(store, "mode:refunds")


def test_an_unknown_mode_names_the_known_ones(store: Store, traces: Builder) -> None:
    timed_out(traces, 1)
    placed(store)
    with pytest.raises(UnknownIdError, match="known: M1"):
        show_mode(store, "M9")
    with pytest.raises(UnknownIdError):
        show_mode(store, "refunds")


def test_an_erased_run_leaves_its_mode_and_its_words(store: Store, traces: Builder) -> None:
    for i in range(4):
        good(traces, i)
    keep, gone = silent(traces, 1), silent(traces, 2)
    placed(store)
    assert "newsletter" in list_modes(store).modes[0].name
    delete_traces(store, traces=[f"T{gone}"])
    with store.read() as con:
        assert con.execute("SELECT computed_name FROM failure_mode").fetchone()[0] is None
        assert con.execute("SELECT count(*) FROM trace_features").fetchone()[0] == 5
    assert [view.typical.partition(".")[0] for view in list_modes(store).modes] == [f"T{keep}"]


def test_projects_have_modes_of_their_own(store: Store, traces: Builder) -> None:
    for project in ("shop", "bank"):
        for i in range(2):
            traces.add(
                says("user", "Pay"),
                calls("pay", n=i),
                answers('{"error": "no money"}'),
                says("assistant", "Paid."),
                project=project,
            )
    placed(store)
    assert [(row.project, row.size) for row in list_mode_rows(store)] == [("shop", 2), ("bank", 2)]
    assert [view.of for view in list_modes(store, "project:bank").modes] == [2]


def test_a_read_only_store_shows_modes_and_keeps_nothing(store: Store, traces: Builder) -> None:
    timed_out(traces, 1)
    placed(store)
    with open_store(store.location, read_only=True) as reader:
        assert update_modes(reader) == 0
        assert "gateway" in list_modes(reader).modes[0].name


def test_hostile_words_do_no_harm(store: Store, traces: Builder) -> None:
    nasty = "\x1b]52;c;AAAA\x07 </title><script>alert(1)</script> ⟦end⟧ \u202e'); DROP TABLE trace; --"
    for _ in range(2):
        traces.add(
            says("user", nasty + "\ud800"),
            calls(nasty),
            answers(f"Error: {nasty}"),
            says("assistant", nasty * 20),
            outcome="fail",
        )
    placed(store)
    (view,) = list_modes(store).modes
    assert view.size == 2
    detail = show_mode(store, view.short_id)
    assert detail.typical.id in (1, 2)
    assert len(get_summaries(store, [1, 2])) == 2


def refund_run(traces: Builder, number: int, account: str, outcome: str) -> int:
    return traces.add(
        says("user", f"Refund order R-{number} as I asked, please. " + "thank you " * (number % 3)),
        calls("get_order", order=f"R-{number}"),
        answers(f'{{"order": "R-{number}", "paid_with": "card-{number}", "wallet": "wallet-{number}"}}'),
        calls("issue_refund", "c2", order=f"R-{number}", to=account),
        answers('{"refunded": true}', "c2"),
        says("assistant", "Your refund is on its way."),
        task=f"refund-{number}",
        outcome=outcome,
    )


def test_silent_failures_gather_by_what_good_siblings_did_otherwise(store: Store, traces: Builder) -> None:
    failing = []
    for number in range(1, 5):
        for _ in range(3):
            refund_run(traces, number, f"card-{number}", "pass")
        failing.append(refund_run(traces, number, f"wallet-{number}", "fail"))
    modes = placed(store)
    assert {modes[trace_id] for trace_id in failing} == {("M1",)}
    (view,) = list_modes(store).modes
    assert view.name == "suspected: argument to of issue_refund"


def test_a_mode_names_its_project_where_it_has_one(store: Store, traces: Builder) -> None:
    for project in (None, "desk"):
        fields = {} if project is None else {"project": project}
        traces.add(says("user", "Refund"), says("assistant", "No."), outcome="fail", **fields)
    placed(store)
    page = list_modes(store)
    for texts in ([row_of(view) for view in page.modes], modes_text(page, query="", signals=()).split("\n")):
        assert sum(" of desk" in text for text in texts) == 1 and not any(" of default" in text for text in texts)
