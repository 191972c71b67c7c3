"""How runs and values read in plain words."""

from __future__ import annotations

from retrospan.model.reviews import Answer, Label, Severity
from retrospan.model.traces import JsonValue, Message, Span, SpanBatch, Step, StepKind
from retrospan.store.contract import Store
from retrospan.store.reading.summaries import get_trace
from retrospan.store.traces.commit import commit_batch
from retrospan.tui.answering import AnswerForm
from retrospan.tui.conversation import conversation
from retrospan.tui.gate import cell, cut
from retrospan.tui.step_text import depths
from retrospan.tui.values import bounded, plain_content, value_content
from reviewdesk import Desk


def test_run_reads_as_a_conversation_with_acts_as_sentences(desk: Desk) -> None:
    turns = conversation(get_trace(desk.store, 1))
    assert [(turn.step, turn.speaker, turn.body.plain) for turn in turns] == [
        (0, "Person", "Can I still return order 204?"),
        (1, "Act", "uses get_policy with topic: refund\nand gets: Refunds within 30 days."),
        (2, "Agent", "You have 45 days to return it."),
    ]


def test_run_without_messages_shows_its_input_and_output(store: Store) -> None:
    root = Span("bare", "r1", "support", StepKind.AGENT, started_at_ns=1, inputs="Where is it?", outputs="On its way.")
    commit_batch(store, SpanBatch(spans=[root]))
    turns = conversation(get_trace(store, 1))
    assert [(turn.speaker, turn.body.plain) for turn in turns] == [("Person", "Where is it?"), ("Agent", "On its way.")]


def test_instructions_are_mentioned_and_not_spread_out(store: Store) -> None:
    span = Span("told", "c1", "chat", StepKind.LLM, started_at_ns=1)
    span.input_messages = (Message("system", "Secret rules. " * 500), Message("user", "Hi"))
    span.output_messages = (Message("assistant", "Hello"),)
    commit_batch(store, SpanBatch(spans=[span]))
    turns = conversation(get_trace(store, 1))
    assert [turn.speaker for turn in turns] == ["Aside", "Person", "Agent"]
    assert "7,000 characters" in turns[0].body.plain and "Secret" not in turns[0].body.plain


def test_nested_values_read_without_braces() -> None:
    value: JsonValue = {"hits": [{"id": "a", "ok": True}, {"id": "b", "note": None}], "total": 2}
    assert plain_content(value, 500).plain == (
        "hits:\n  1.\n    id: a\n    ok: true\n  2.\n    id: b\n    note: –\ntotal: 2"
    )


def test_long_text_is_cut_and_says_how_much_is_left() -> None:
    shown = bounded("x" * 5_000, 4_000).plain
    assert len(shown) < 4_100 and "1,000 more characters; x shows it all" in shown


def test_deep_value_does_not_break_the_screen() -> None:
    value: JsonValue = []
    for _ in range(2_000):
        value = [value]
    assert value_content(value, 200).plain and plain_content(value, 200).plain


def test_cells_have_their_width_also_with_wide_characters() -> None:
    assert cell("漢字漢字", 5).cell_length == 5
    assert cut("two\nlines and more", 10) == "two⏎lines…"
    assert cut("anything", 0) == ""


def test_depth_follows_parents_and_survives_odd_ones() -> None:
    steps = [Step(i, f"s{i}", parent, StepKind.CHAIN, "s") for i, parent in enumerate((None, 0, 1, 7))]
    assert depths(steps) == [0, 1, 2, 0]


def test_form_takes_the_gravest_mark_and_can_be_taken_up_again() -> None:
    form = AnswerForm(("grounded", "polite", "complete"))
    form.mark(Label.FAIL, Severity.HIGH)
    form.mark(Label.FAIL, Severity.LOW)
    form.mark(Label.CANT_TELL)
    assert (form.label, form.severity) == (Label.FAIL, Severity.HIGH)
    assert form.missing() == "Say in one sentence what is wrong."
    form.reason = "Invented."
    answer = form.answer()
    assert AnswerForm.from_answer(form.criteria, answer).answer() == answer
    form.mark(Label.PASS)
    assert form.label is None and len(form.marks) == 1


def test_pass_carries_no_severity_and_no_expectation() -> None:
    form = AnswerForm(("outcome",), expected="30 days", cause_span="a3")
    form.mark(Label.PASS)
    assert form.answer() == Answer(Label.PASS)
