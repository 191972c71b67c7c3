import numpy as np
import pytest
from retrospan.analysis.judging.bounds import clopper_pearson
from retrospan.analysis.judging.drift import ANCHORS, Bet, Drift, DriftWatch
from retrospan.analysis.judging.record import judge_record, risk_coverage
from retrospan.analysis.statistics import wilson

EVERY, PASSES = 200, 2


def _watched(seed: int, *, rate: float, flips: float, batches: int = 10) -> Drift:
    """The verdict over new runs of a rate and anchors that flip so often; the watch began at .3 and .02."""
    rng = np.random.default_rng(seed)
    watch = DriftWatch(wilson(180, 600), clopper_pearson(1, 60))
    before = np.zeros(ANCHORS)
    for _ in range(batches):
        watch.see_runs((rng.random(EVERY) < rate).astype(float).tolist())
        for _ in range(1 + PASSES * watch.anchors_wanted):
            watch.see_anchors(before.tolist(), (rng.random(ANCHORS) < flips).astype(float).tolist())
        if watch.verdict is not Drift.NONE:
            break
    return watch.verdict


@pytest.mark.parametrize(
    ("rate", "flips", "verdict"),
    [(0.3, 0.02, Drift.NONE), (0.5, 0.02, Drift.SYSTEM), (0.5, 0.35, Drift.JUDGE), (0.3, 0.35, Drift.JUDGE)],
)
def test_the_verdict_names_what_changed(rate: float, flips: float, verdict: Drift) -> None:
    found = [_watched(seed, rate=rate, flips=flips) for seed in range(60)]
    assert found.count(verdict) >= 57


def test_wealth_seldom_grows_while_nothing_changes() -> None:
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(100):
        bet = Bet(0.3, 0.3)
        alarms += any(_rich(bet, answer) for answer in rng.random(500) < 0.3)
    assert alarms <= 0.05 * 100


def _rich(bet: Bet, answer: float) -> bool:
    bet.see([float(answer)])
    return bet.wealth >= 20


def test_a_record_is_trusted_by_its_lower_bounds_alone() -> None:
    good = [(True, True)] * 9 + [(True, False)] + [(False, False)] * 9 + [(False, True)]
    assert not judge_record(good).trusted
    assert judge_record(good * 20).trusted


def test_a_record_without_a_hit_knows_no_sensitivity() -> None:
    found = judge_record([(False, False)] * 10)
    assert (found.sensitivity.low, found.sensitivity.high) == (0.0, 1.0)
    assert found.kappa is None
    assert not found.trusted


def test_answering_less_costs_minutes_and_errs_less() -> None:
    sure = [(True, True, 0.9)] * 50 + [(True, False, 0.6)] * 10 + [(False, False, 0.6)] * 40
    everything, surest = risk_coverage(sure, minutes_each=2)
    assert (everything.answered, everything.wrong.value, everything.minutes_per_100) == (1.0, 0.1, 0.0)
    assert (surest.answered, surest.wrong.value, surest.minutes_per_100) == (0.5, 0.0, 100.0)
