"""What scores, labels, thumbs and grades say of a run, and where they say nothing."""

from __future__ import annotations

import pytest
from retrospan.model.reading.run_facts import run_outcome
from retrospan.model.reading.score_words import better_of
from retrospan.model.reading.scores import outcome_of, word_outcome
from retrospan.model.score_scale import ScoreScale
from retrospan.model.traces import Annotation, AnnotatorKind, Outcome, TraceFacts

P, F, N = Outcome.PASS, Outcome.FAIL, None


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("toxicity", "low"), ("Hallucination", "low"), ("error_count", "low"), ("numErrors", "low"),
        ("total-cost", "low"),
        ("latency_ms", "low"), ("harmfulness", "low"), ("bias", "low"), ("is_incorrect", "low"), ("幻觉程度", "low"),
        ("Toxizität", "low"), ("not_helpful", "low"),
        ("harmlessness", "high"), ("hallucination_free", "high"), ("no_errors", "high"), ("error-handling", "high"),
        ("cost_efficiency", "high"), ("AnswerRelevancy", "high"), ("Factuality", "high"), ("user_rating", "high"),
        ("feedback", "high"), ("overall score", "high"), ("满意度", "high"), ("goal_accuracy", "high"),
        ("verbosity", None), ("difficulty_rating", None), ("tone_score", None), ("toxicity_check", None),
        ("used_tool", None), ("turns", None), ("", None),
    ],
)  # fmt: skip
def test_which_way_is_good_is_told_by_the_name_or_not_at_all(name: str, better: str | None) -> None:
    assert better_of(name) == better


@pytest.mark.parametrize(
    ("name", "score", "seen", "said"),
    [
        # 0 to 1, plain ends
        ("correctness", 1, (0, 1), P), ("correctness", 0, (0, 1), F), ("faithfulness", 0.83, (0, 1), N),
        # low is good; a guard says only that nothing bad was seen
        ("toxicity", 0, (0, 1), N), ("toxicity", 1, (0, 1), F), ("hallucination", 0, (0, 1), P),
        ("hallucination", 1, (0, 1), F), ("error_count", 0, (0, 4), N), ("cost", 0, (0, 1), N),
        ("latency", 9, (1, 9), N),
        # five stars, also where only part of the scale was seen
        ("user_rating", 1, (1, 5), F), ("user_rating", 5, (1, 5), P), ("user_rating", 3, (1, 5), N),
        ("user_rating", 4, (1, 5), P), ("user_rating", 1, (1, 3), F), ("user_rating", 3, (1, 3), N),
        ("user_rating", 1, (1, 1), N), ("quality", 1, (1, 1), N), ("resolved", 1, (1, 1), P),
        # ten and a hundred, thumbs of plus and minus one
        ("quality", 9, (2, 10), P), ("quality", 2, (2, 10), F), ("satisfaction", 92, (10, 97), P),
        ("satisfaction", 12, (10, 97), F), ("user_feedback", -1, (-1, 1), F), ("user_feedback", 1, (-1, 1), P),
        ("user_feedback", 0, (-1, 1), N), ("reward", -37.5, (-90, 2), N),
        # nothing known
        ("verbosity", 1, (0, 1), N), ("turns", 1, (1, 30), N), ("similarity", 1, (0, 1), N),
    ],
)  # fmt: skip
def test_a_number_counts_only_on_a_scale_that_is_known(
    name: str, score: float, seen: tuple[float, float], said: Outcome | None
) -> None:
    assert outcome_of(Annotation(name, score=score), ScoreScale(*seen)) is said


@pytest.mark.parametrize(
    ("name", "label", "said"),
    [
        ("review", "👍", P), ("review", "👎🏽", F), ("feedback", "thumbs up", P), ("feedback", "Thumbs-Down", F),
        ("vote", "+1", P), ("vote", "-1", F), ("rating", "⭐", F), ("rating", "⭐⭐⭐⭐⭐", P), ("rating", "★★☆☆☆", F),
        ("rating", "★★★☆☆", N), ("rating", "1/5", F), ("rating", "5 of 5", P), ("quality", "80 %", P),
        ("score", "3/10", N),
        ("grade", "A", P), ("grade", "F", F), ("grade", "C", N), ("topic", "A", N),
        ("Urteil", "falsch", F), ("avis", "réussi", P), ("结果", "不正确", F),
        ("결과", "정답", P), ("評価", "不合格", F),
        ("anything", "correct", P), ("anything", "hallucinated", F), ("anything", "factual", P), ("x", "non toxic", N),
        ("toxic", "yes", F), ("toxic", "no", N), ("hallucinated", "false", P), ("resolved", "true", P),
        ("escalated", "true", N), ("is_question", "yes", N), ("review", "true", P), ("label", "billing", N),
        ("status", "up", N), ("job", "completed", N), ("sentiment", "negative", N), ("user_feedback", "negative", F),
        ("toxicity", "positive", F),
    ],
)  # fmt: skip
def test_words_and_thumbs_count_in_the_languages_of_the_data(name: str, label: str, said: Outcome | None) -> None:
    assert outcome_of(Annotation(name, label)) is said


def test_what_the_data_declares_wins_over_what_was_seen() -> None:
    assert outcome_of(Annotation("quality", score=1, low=1, high=7), ScoreScale(0, 1)) is F
    assert outcome_of(Annotation("quality", score=4, low=1, high=7)) is N
    assert outcome_of(Annotation("depth", score=3), ScoreScale(1, 3, "high", is_declared=True)) is P
    assert outcome_of(Annotation("depth", score=3), ScoreScale(better="low", passes_from=2, is_declared=True)) is F


def test_a_category_number_without_a_known_word_says_nothing() -> None:
    assert outcome_of(Annotation("correctness", "mostly", 1.0), ScoreScale(0, 3)) is N


def test_an_expectation_is_no_outcome() -> None:
    assert outcome_of(Annotation("correctness", "true", is_expectation=True)) is N


def test_people_are_heard_before_models() -> None:
    human = Annotation("correct", "yes", annotator_kind=AnnotatorKind.HUMAN)
    model = Annotation("correct", "no", annotator_kind=AnnotatorKind.LLM)
    assert run_outcome(TraceFacts("t", annotations=(model, human)))[0] is P
    assert run_outcome(TraceFacts("t", annotations=(model,)))[0] is F


@pytest.mark.parametrize(("word", "said"), [("Passed", P), ("no", F), ("échec", F), ("maybe", N), ("", N)])
def test_a_word_in_a_field_of_outcomes(word: str, said: Outcome | None) -> None:
    assert word_outcome(word) is said
