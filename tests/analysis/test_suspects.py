from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from retrospan.analysis.evidence.clue import Clue, Kind
from retrospan.analysis.signals.registry import find_signals
from retrospan.analysis.suspects import Source, find_suspects
from retrospan.analysis.texts.quotes import stands_in
from retrospan.ingest.formats.messages import conversation_spans
from retrospan.model.findings import Basis, CauseClass, Evidence, SuspectReport
from retrospan.model.reading.assembly import assemble
from retrospan.model.traces import Trace

Run = Callable[..., Trace]


def _report(trace: Trace, *siblings: Trace) -> SuspectReport:
    return find_suspects(trace, find_signals(trace), siblings)


def test_the_change_with_another_argument_than_good_runs_is_first(refund_run: Run) -> None:
    good = [refund_run(outcome="pass"), refund_run(outcome="pass"), refund_run(outcome="pass")]
    report = _report(refund_run(order="W18", outcome="fail"), *good)
    first = report.suspects[0]
    assert (first.step, first.cause) == (6, CauseClass.ARGUMENTS)
    assert "arguments.order_id is W18; alike runs that went well have W17" in first.reasons
    assert any(item.quote == "W18" and item.path == "arguments.order_id" for item in first.evidence)
    assert report.enough_evidence


def test_without_outcomes_the_agreeing_majority_is_the_pattern(refund_run: Run) -> None:
    report = _report(refund_run(order="W18"), refund_run(), refund_run(), refund_run())
    assert report.suspects[0].step == 6
    assert report.enough_evidence


def test_a_run_like_its_siblings_is_not_accused_but_still_ranked(refund_run: Run) -> None:
    report = _report(refund_run(), refund_run(), refund_run())
    assert not report.enough_evidence
    assert report.suspects


def test_an_invented_argument_is_charged_without_any_sibling(refund_run: Run) -> None:
    report = _report(refund_run(order="W99"))
    assert report.suspects[0].step == 6
    assert any("W99" in reason for reason in report.suspects[0].reasons)
    assert "No alike run" in (report.note or "")


def test_the_order_in_which_siblings_come_does_not_matter(refund_run: Run) -> None:
    siblings = [refund_run(outcome="pass"), refund_run(order="W19", outcome="fail"), refund_run(outcome="pass")]
    trace = refund_run(order="W18", outcome="fail")
    assert _report(trace, *siblings) == _report(trace, *reversed(siblings))


def test_a_repeated_failing_call_is_charged_where_it_began(build: Callable[..., Trace]) -> None:
    messages: list[Any] = [{"role": "user", "content": "Book flight HAT1 for me."}]
    for i in range(3):
        call = {"id": str(i), "name": "book_flight", "arguments": {"flight": "HAT1"}}
        messages.append({"role": "assistant", "content": "", "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": str(i), "content": "Error: no seats left"})
    messages.append({"role": "assistant", "content": "It does not work."})
    assert _report(build(messages)).suspects[0].step == 1


def test_a_user_turn_left_unanswered_is_charged(build: Callable[..., Trace]) -> None:
    report = _report(
        build(
            [
                {"role": "user", "content": "Exchange my shirt for a blue one."},
                {"role": "assistant", "content": "I can do that. Is size M right?"},
                {"role": "user", "content": "Size L. Go ahead and finalise the exchange."},
            ]
        )
    )
    assert report.suspects[0].step == 2


_messages = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {
                "role": st.sampled_from(["user", "assistant", "tool"]),
                "name": st.sampled_from(["a", "b"]),
                "content": st.text(max_size=80),
            }
        ),
        st.builds(
            lambda tool, value: {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"id": "x", "name": tool, "arguments": {"id": value}}],
            },
            st.sampled_from(["get_order", "cancel_order", "shout"]),
            st.text(max_size=10),
        ),
    ),
    min_size=1,
    max_size=12,
)


@given(_messages, st.lists(_messages, max_size=3))
@settings(max_examples=80, deadline=None)
def test_every_quote_stands_in_its_step_and_ranks_are_sorted(messages: list[Any], others: list[list[Any]]) -> None:
    trace = assemble(conversation_spans("run", messages))
    report = _report(trace, *(assemble(conversation_spans(f"o{i}", other)) for i, other in enumerate(others)))
    scores = [item.score for item in report.suspects]
    assert scores == sorted(scores, reverse=True)
    assert len({item.step for item in report.suspects}) == len(report.suspects)
    for suspect in report.suspects:
        for evidence in suspect.evidence:
            assert stands_in(trace.steps[evidence.step], evidence.quote)


@pytest.mark.parametrize("size", [100])
def test_a_long_run_is_read_a_fixed_number_of_times(
    size: int, build: Callable[..., Trace], monkeypatch: pytest.MonkeyPatch
) -> None:
    from retrospan.analysis import views

    looked = 0
    own_text = views.own_text

    def counting(step: Any) -> str:
        nonlocal looked
        looked += 1
        return own_text(step)

    monkeypatch.setattr(views, "own_text", counting)
    trace = build([{"role": "assistant", "content": f"step {i}"} for i in range(size)])
    _report(trace)
    assert looked <= 2 * size


def test_other_values_of_another_request_of_its_sort_are_no_evidence(build: Callable[..., Trace]) -> None:
    def run(order: str) -> Trace:
        call = {"id": "a", "name": "cancel_order", "arguments": {"order_id": order}}
        return build(
            [
                {"role": "user", "content": f"Please cancel order {order}."},
                {"role": "assistant", "content": "", "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "a", "content": "cancelled"},
                {"role": "assistant", "content": f"I have cancelled order {order}."},
            ],
            outcome="pass",
        )

    report = _report(run("W17"), run("W18"), run("W19"), run("W20"))
    assert not report.enough_evidence
    assert not any("alike runs that went well" in reason for item in report.suspects for reason in item.reasons)


def _of(*clues: Clue) -> Source:
    return lambda case: clues


def _clue(
    step: int, score: float, reason: str = "seen", cause: CauseClass = CauseClass.REASONING, **fields: Any
) -> Clue:
    return Clue(step, score, reason, cause, **fields)


def test_clues_of_a_step_add_up_by_the_weights_of_their_sources_and_equal_steps_keep_their_order(
    refund_run: Run,
) -> None:
    sources: dict[str, tuple[Source, float]] = {
        "one": (_of(_clue(6, 0.5), _clue(3, 0.2), _clue(5, 0.2)), 2.0),
        "other": (_of(_clue(3, 0.3333333), _clue(5, 0.3333333)), 1.0),
        "switched off": (_of(_clue(1, 1.0)), 0.0),
        "turned round": (_of(_clue(1, 1.0)), -1.0),
    }
    found = find_suspects(refund_run(), (), sources=sources).suspects
    assert [(suspect.step, suspect.score) for suspect in found] == [(6, 1.0), (3, 0.7333), (5, 0.7333)]


def test_a_cause_that_was_seen_is_named_before_a_heavier_prior(refund_run: Run) -> None:
    prior = _clue(3, 1.0, "it is early", CauseClass.UNDETERMINED, kind=Kind.PLACE)
    seen = _clue(3, 0.2, "W99 stands nowhere", CauseClass.ARGUMENTS, kind=Kind.UNSOURCED)
    (suspect,) = find_suspects(refund_run(), (), sources={"all": (_of(prior, seen), 1.0)}).suspects
    assert (suspect.cause, suspect.basis) == (CauseClass.ARGUMENTS, Basis.OBSERVED)
    assert suspect.reasons == ("W99 stands nowhere", "it is early")
    (only,) = find_suspects(refund_run(), (), sources={"all": (_of(prior), 1.0)}).suspects
    assert (only.cause, only.basis, only.agent) == (CauseClass.UNDETERMINED, Basis.POSITION, None)


def test_the_heavier_of_two_seen_causes_is_named(refund_run: Run) -> None:
    light, heavy = _clue(3, 0.2, "light", CauseClass.ARGUMENTS), _clue(3, 0.9, "heavy", CauseClass.REASONING)
    (suspect,) = find_suspects(refund_run(), (), sources={"all": (_of(light, heavy), 1.0)}).suspects
    assert (suspect.cause, suspect.reasons) == (CauseClass.REASONING, ("heavy", "light"))


def test_a_suspect_has_at_most_four_reasons_and_eight_quotes_each_once(refund_run: Run) -> None:
    quotes = [Evidence(3, f"quote {n}", "outputs") for n in range(10)]
    clues = [_clue(3, 0.9 - n / 10, f"reason {n // 2}", evidence=(quotes[n], quotes[0])) for n in range(10)]
    (suspect,) = find_suspects(refund_run(), (), sources={"all": (_of(*clues), 1.0)}).suspects
    assert suspect.reasons == tuple(f"reason {n}" for n in range(4))
    assert suspect.evidence == tuple(quotes[:8])


def test_ten_steps_are_ranked_and_no_more(build: Callable[..., Trace]) -> None:
    trace = build([{"role": role, "content": f"{role} {n}"} for n in range(6) for role in ("user", "assistant")])
    clues = [_clue(step, 0.1 + step / 100) for step in range(12)]
    found = find_suspects(trace, (), sources={"all": (_of(*clues), 1.0)}).suspects
    assert [suspect.step for suspect in found] == list(range(11, 1, -1))


@pytest.mark.parametrize(
    ("kinds", "note"),
    [
        ((Kind.PLACE, Kind.CHANGE), "Position only"),
        ((Kind.PLACE, Kind.SIGNAL), "Rests on what the run itself shows."),
        ((Kind.SIGNAL, Kind.ARGUMENT, Kind.PLACE), "Rests on what alike runs that went well did otherwise."),
    ],
)
def test_the_note_names_the_firmest_that_the_ranking_rests_on(
    refund_run: Run, kinds: tuple[Kind, ...], note: str
) -> None:
    clues = [_clue(step, 0.5, kind=kind) for step, kind in enumerate(kinds)]
    report = find_suspects(refund_run(), (), sources={"all": (_of(*clues), 1.0)})
    assert report.note is not None and report.note.startswith(note)
