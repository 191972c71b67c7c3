"""The answer form's rules: what is asked, what is missing, and what an answer looks like in the form again."""

from __future__ import annotations

import pytest
from retrospan.answers.plain.form import UnfinishedError, asked, fields_of, known_fields, read_answer
from retrospan.model.reviews import Criterion, Label, Rubric, Severity

TWO = Rubric("ward", 1, "Ward", (Criterion("safe", "Was it safe?", "no harm", "harm"), Criterion("kind", "Kind?")), "x")
ONE = Rubric("ward", 1, "Ward", (Criterion("safe", "Was it safe?"),), "x")


def test_one_criterion_is_asked_in_the_words_of_the_item() -> None:
    assert [entry.question for entry in asked("Did it warn?", ONE)] == ["Did it warn?"]
    assert [entry.question for entry in asked("Did it warn?", TWO)] == ["Was it safe?", "Kind?"]
    assert [entry.field for entry in asked("Did it warn?", None)] == ["label"]


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({}, "criterion.safe"),
        ({"criterion.safe": "pass"}, "criterion.kind"),
        ({"criterion.safe": "fail", "criterion.kind": "pass"}, "reason"),
        ({"criterion.safe": "fail", "criterion.kind": "pass", "reason": " \n "}, "reason"),
        ({"criterion.safe": "pass", "criterion.kind": "cant_tell"}, "reason"),
        ({"criterion.safe": "fail", "criterion.kind": "pass", "reason": "x", "severity": "awful"}, "severity"),
        ({"criterion.safe": "maybe"}, "criterion.safe"),
    ],
)
def test_what_is_missing_is_named_by_its_field(fields: dict[str, str], missing: str) -> None:
    with pytest.raises(UnfinishedError) as problem:
        read_answer(fields, "Did it warn?", TWO)
    assert problem.value.field == missing


def test_an_answer_comes_back_into_the_form_as_it_was_given() -> None:
    fields = {
        "criterion.safe": "fail",
        "criterion.kind": "pass",
        "severity": "critical",
        "reason": "Warfarin.",
        "expected": "Say no.",
    }
    answer = read_answer(fields, "Did it warn?", TWO)
    assert (answer.label, answer.severity) == (Label.FAIL, Severity.CRITICAL)
    assert fields_of(answer, "Did it warn?", TWO) == fields
    assert sorted(known_fields("Did it warn?", TWO)) == sorted(fields)


def test_a_pass_has_no_severity_whatever_the_form_says() -> None:
    assert read_answer({"label": "pass", "severity": "critical"}, "Did it warn?", None).severity is None
