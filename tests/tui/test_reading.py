"""How runs and values read in plain words."""

from __future__ import annotations

from retrospan.answers.plain.words import laid_out
from retrospan.model.reviews import Answer, Label, Severity
from retrospan.model.traces import JsonValue, Step, StepKind
from retrospan.tui.answering import AnswerForm
from retrospan.tui.gate import cell, cut
from retrospan.tui.step_text import depths
from retrospan.tui.values import bounded, value_content


def test_long_text_is_cut_and_says_how_much_is_left() -> None:
    shown = bounded("x" * 5_000, 4_000).plain
    assert len(shown) < 4_100 and "1,000 more characters; x shows it all" in shown


def test_deep_value_does_not_break_the_screen() -> None:
    value: JsonValue = []
    for _ in range(2_000):
        value = [value]
    assert value_content(value, 200).plain and laid_out(value)


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
