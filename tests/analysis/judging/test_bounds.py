import pytest
from retrospan.analysis.judging.bounds import clopper_pearson, student_quantile


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    # scipy 1.17.1, binomtest(hits, n).proportion_ci(method="exact"); the third is in Newcombe (1998), table I.
    [
        (0, 10, 0.0, 0.30849710781876294),
        (4, 20, 0.05733399705002387, 0.4366140029966687),
        (81, 263, 0.25273674558504267, 0.36762192260134746),
        (7, 7, 0.5903836027749514, 1.0),
        (299, 300, 0.9815687479519322, 0.9999156108676822),
        (15, 148, 0.05784401008344801, 0.16165049034947895),
    ],
)
def test_exact_limits_are_those_of_the_reference(hits: int, n: int, low: float, high: float) -> None:
    found = clopper_pearson(hits, n)
    assert found.low == pytest.approx(low, abs=1e-9)
    assert found.high == pytest.approx(high, abs=1e-9)


def test_nothing_seen_is_nothing_known() -> None:
    assert clopper_pearson(0, 0) == (0.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("degrees", "quantile"),
    # scipy 1.17.1, t.ppf(0.975, degrees).
    [
        (1, 12.706204736174694),
        (2, 4.302652729749462),
        (5, 2.5705818356363146),
        (10, 2.228138851986274),
        (29, 2.045229642132703),
        (100, 1.9839715185235518),
        (1000, 1.9623390808264083),
    ],
)
def test_quantiles_are_those_of_the_reference(degrees: int, quantile: float) -> None:
    assert student_quantile(degrees) == pytest.approx(quantile, abs=1e-6)
