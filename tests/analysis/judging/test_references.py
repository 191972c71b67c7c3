"""Statistics to 1e-9 beside scipy 1.17, statsmodels 0.15, scikit-learn 1.9, ppi-python 0.2.3 and judgy 0.1."""

from __future__ import annotations

from math import sqrt

import pytest
from retrospan.analysis.agreement import cohen_kappa
from retrospan.analysis.judging.bounds import clopper_pearson, student_quantile
from retrospan.analysis.judging.rates import Labelled, prediction_powered, rogan_gladen
from retrospan.analysis.statistics import mcnemar_p, wilson

_Z95 = 1.959963984540054
_HUMAN = [1, 0, 0, 1, 1, 0, 0, 0, 1, 0, 1, 0]
_JUDGE = [1, 0, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0]


def exactly(value: float) -> object:
    return pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(
    ("hits", "n", "exact", "score"),
    # proportion_confint(hits, n, method="beta") and method="wilson".
    [
        (0, 10, (0.0, 0.30849710781876083), (0.0, 0.27753279986288926)),
        (3, 17, (0.037985068070626, 0.4343178728442839), (0.061911266376209945, 0.4102945856883413)),
        (15, 20, (0.5089541282920425, 0.9134285308985653), (0.5312991223812559, 0.8881382985923344)),
        (99, 120, (0.7450199724342716, 0.8882856569062534), (0.7472429012735073, 0.8825946405543355)),
        (500, 1000, (0.46854917297179194, 0.5314508270282081), (0.4690696003681042, 0.5309303996318958)),
        (1, 1, (0.025, 1.0), (0.2065493143772374, 1.0)),
    ],
)
def test_limits_of_a_share(hits: int, n: int, exact: tuple[float, float], score: tuple[float, float]) -> None:
    assert clopper_pearson(hits, n)[1:] == exactly_both(exact)
    assert wilson(hits, n)[1:] == exactly_both(score)


def exactly_both(pair: tuple[float, float]) -> object:
    return pytest.approx(pair, abs=1e-9)


@pytest.mark.parametrize(
    ("left", "right", "p"),
    [(0, 5, 0.0625), (3, 14, 0.012725830078125), (25, 5, 0.0003249142318964005), (40, 61, 0.046044066929342785)],
)
def test_mcnemar_is_the_exact_test(left: int, right: int, p: float) -> None:
    assert mcnemar_p(left, right) == exactly(p)


@pytest.mark.parametrize(
    ("left", "right", "kappa"),
    [
        ("aabbccabcabbacbaacbb", "aabbcbabcabcacbaaabb", 0.7692307692307692),
        ("".join(map(str, _HUMAN)), "".join(map(str, _JUDGE)), 0.6571428571428571),
    ],
)
def test_kappa_of_two_raters(left: str, right: str, kappa: float) -> None:
    assert cohen_kappa(list(zip(left, right, strict=True))) == exactly(kappa)


@pytest.mark.parametrize(
    ("degrees", "quantile"),
    [(1, 12.706204736174694), (2, 4.302652729749462), (29, 2.045229642132703), (120, 1.9799304050824402)],
)
def test_student_quantiles(degrees: int, quantile: float) -> None:
    assert student_quantile(degrees) == exactly(quantile)


@pytest.mark.parametrize(
    ("tuning", "estimate", "low", "high"),
    # ppi_mean_pointestimate and ppi_mean_ci(Y, F, U, lam=tuning, alpha=0.05), U = [1, 0, 0, 0, 1] * 40.
    [
        (0.0, 0.4166666666666667, 0.27719684407891715, 0.5561364892544163),
        (0.5, 0.4083333333333333, 0.29570742671831124, 0.5209592399483554),
        (1.0, 0.4, 0.26602929697953115, 0.5339707030204689),
    ],
)
def test_ppi_but_for_runs_not_judged_and_few_labels(tuning: float, estimate: float, low: float, high: float) -> None:
    """Theirs is normal, divides by n, and adds the spread of runs that the judge was not asked about."""
    n = 4 * len(_HUMAN)
    labelled = Labelled.of([(h, j, 0.1) for h, j in zip(_HUMAN * 4, _JUDGE * 4, strict=True)])
    found = prediction_powered(labelled, 0.4, tuning=tuning, pseudo=0)
    ours = (found.high - found.low) / 2 / student_quantile(n - 1)
    theirs = _Z95 * sqrt(ours**2 * (n - 1) / n + tuning**2 * 0.4 * 0.6 / 200)
    assert found.value == exactly(estimate)
    assert (found.value - theirs, found.value + theirs) == exactly_both((low, high))


@pytest.mark.parametrize(
    ("hits", "judged", "sensitivity", "specificity", "rate"),
    # judgy.estimate_success_rate, point estimates.
    [(41, 100, (45, 50), (40, 50), 0.3), (33, 200, (7, 10), (28, 30), 0.15526315789473694)],
)
def test_rogan_gladen_inverts_as_the_reference(
    hits: int, judged: int, sensitivity: tuple[int, int], specificity: tuple[int, int], rate: float
) -> None:
    found = rogan_gladen(hits, judged, sensitivity=sensitivity, specificity=specificity)
    assert found.value == exactly(rate)
