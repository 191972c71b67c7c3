"""Corrected rates, held against draws of known truth; the references are in `test_references.py`."""

import numpy as np
import pytest
from retrospan.analysis.judging.choosing import CorrectedRate, Method, Refused, corrected_rate
from retrospan.analysis.judging.rates import (
    Labelled,
    explained_share,
    labels_alone,
    power_tuning,
    prediction_powered,
    rogan_gladen,
)

_HUMAN = [1, 0, 0, 1, 1, 0, 0, 0, 1, 0, 1, 0] * 4
_JUDGE = [1, 0, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0] * 4
_RUNS = 2_000


def _labelled(human: list[int], judge: list[int], chance: float = 0.1) -> Labelled:
    return Labelled.of([(h, j, chance) for h, j in zip(human, judge, strict=True)])


def _world(seed: int, rate: float, right: float) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    """What people would say of all runs, what the judge says, and a source of chance."""
    rng = np.random.default_rng(seed)
    human = (rng.random(_RUNS) < rate).astype(float)
    judge = np.where(rng.random(_RUNS) < right, human, 1 - human)
    return human, judge, rng


def test_unseen_pairs_of_answers_keep_a_perfect_judge_from_certainty() -> None:
    found = prediction_powered(_labelled([1, 0] * 20, [1, 0] * 20), 0.5)
    assert found.high - found.low > 0.05


def test_tuning_is_zero_for_a_judge_that_always_says_the_same() -> None:
    assert power_tuning(_labelled([1, 0] * 20, [0] * 40)) == 0.0
    assert explained_share(_labelled([1, 0] * 20, [0] * 40)) == 0.0


def test_explained_share_is_leave_one_out() -> None:
    human, judge = np.array(_HUMAN, float), np.array(_JUDGE, float)
    errors, alone = [], []
    for left in range(len(human)):
        kept = np.arange(len(human)) != left
        slope, cut = np.polyfit(judge[kept], human[kept], 1)
        errors.append((human[left] - slope * judge[left] - cut) ** 2)
        alone.append((human[left] - human[kept].mean()) ** 2)
    assert explained_share(_labelled(_HUMAN, _JUDGE)) == pytest.approx(1 - sum(errors) / sum(alone), abs=1e-9)


def test_labels_alone_are_wilson_where_chances_are_equal() -> None:
    found = labels_alone(_labelled([1] * 15 + [0] * 5, [0] * 20))
    assert (round(found.low, 3), round(found.high, 3)) == (0.531, 0.888)


def test_rogan_gladen_inverts_the_error_rates() -> None:
    # Sensitivity .9, specificity .8 and a true rate of .3 make a judge say .27 + .14 = .41.
    found = rogan_gladen(410, 1_000, sensitivity=(90, 100), specificity=(80, 100))
    assert found.value == pytest.approx(0.3, abs=1e-9)
    assert found.low < 0.3 < found.high


@pytest.mark.parametrize(("sensitivity", "specificity"), [((5, 10), (5, 10)), ((0, 0), (10, 10))])
def test_rogan_gladen_knows_nothing_from_a_judge_like_chance(
    sensitivity: tuple[int, int], specificity: tuple[int, int]
) -> None:
    found = rogan_gladen(40, 100, sensitivity=sensitivity, specificity=specificity)
    assert (found.low, found.high) == (0.0, 1.0)


def test_both_error_rates_widen_rogan_gladen() -> None:
    def width(hits: int, others: int) -> float:
        found = rogan_gladen(410, 1_000, sensitivity=(hits * 9, hits * 10), specificity=(others * 8, others * 10))
        return found.high - found.low

    assert width(100, 100) < width(10, 100) < width(10, 10)


def _simple(human: np.ndarray, judge: np.ndarray, rng: np.random.Generator, n: int) -> Labelled:
    taken = rng.choice(_RUNS, n, replace=False)
    return Labelled(human[taken], judge[taken], np.full(n, n / _RUNS))


def test_a_good_judge_narrows_the_interval() -> None:
    human, judge, rng = _world(1, 0.3, 0.93)
    found = corrected_rate(_simple(human, judge, rng, 100), judge)
    assert isinstance(found, CorrectedRate)
    assert found.method is Method.PREDICTION_POWERED
    assert found.rate.high - found.rate.low < 0.8 * (found.alone.high - found.alone.low)


def test_a_judge_like_chance_is_left_out_and_that_is_said() -> None:
    human, judge, rng = _world(2, 0.3, 0.5)
    found = corrected_rate(_simple(human, judge, rng, 100), judge)
    assert isinstance(found, CorrectedRate)
    assert found.method is Method.LABELS
    assert found.rate == found.alone
    assert "adds nothing" in found.why


def test_a_rate_is_refused_with_what_would_make_one() -> None:
    human, judge, rng = _world(3, 0.3, 0.9)
    found = corrected_rate(_simple(human, judge, rng, 12), judge, minutes_each=1.5)
    assert isinstance(found, Refused)
    assert (found.verdicts, found.minutes) == (8, 12.0)


def test_too_wide_an_interval_is_refused() -> None:
    labels = _labelled([1, 0] * 10, [1, 0, 0, 1, 1, 0, 1, 0, 0, 0] * 2, chance=1)
    found = corrected_rate(labels, np.array([0.0, 1.0] * 500), balanced=True)
    assert isinstance(found, Refused)
    assert found.verdicts > 0
    assert "too wide" in found.why


def test_labels_of_the_ranked_part_alone_make_no_rate() -> None:
    human, judge, _ = _world(5, 0.3, 0.9)
    ranked = Labelled(human[:60], judge[:60], np.ones(60))
    found = corrected_rate(ranked, judge)
    assert isinstance(found, Refused)
    assert found.verdicts == 15


def test_every_run_labelled_needs_no_chance() -> None:
    human, judge, _ = _world(6, 0.3, 0.9)
    found = corrected_rate(Labelled(human[:60], judge[:60], np.ones(60)), judge[:60])
    assert isinstance(found, CorrectedRate)
    assert found.rate.value == pytest.approx(human[:60].mean())


def test_weights_undo_a_draw_that_prefers_what_looks_bad() -> None:
    human, judge, _ = _world(7, 0.2, 0.85)
    covered, unweighted, draws = 0, 0, 150
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        certain = rng.permutation(np.flatnonzero(judge == 1))[:60]
        others = np.setdiff1d(np.arange(_RUNS), certain)
        drawn = rng.choice(others, 60, replace=False)
        taken = np.concatenate([certain, drawn])
        chance = np.concatenate([np.ones(60), np.full(60, 60 / len(others))])
        found = corrected_rate(Labelled(human[taken], judge[taken], chance), judge)
        if isinstance(found, Refused):
            continue
        covered += found.rate.low <= human.mean() <= found.rate.high
        plain = labels_alone(Labelled(human[taken], judge[taken], np.ones(120)))
        unweighted += plain.low <= human.mean() <= plain.high
    assert covered >= 0.93 * draws
    assert unweighted < 0.2 * draws


def test_balanced_labels_go_by_error_rates() -> None:
    human, judge, rng = _world(8, 0.1, 0.9)
    taken = np.concatenate([rng.permutation(np.flatnonzero(human == v))[:100] for v in (0, 1)])
    found = corrected_rate(Labelled(human[taken], judge[taken], np.ones(200)), judge, balanced=True)
    assert isinstance(found, CorrectedRate)
    assert found.method is Method.ROGAN_GLADEN
    assert found.rate.low < human.mean() < found.rate.high
