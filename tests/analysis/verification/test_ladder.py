"""The ladder: each rung needs the one below, and what fails again falls."""

from __future__ import annotations

import pytest
from retrospan.analysis.verification.ladder import Production, Rung, Trial, standing_of
from retrospan.analysis.verification.verdicts import CaseVerdict
from retrospan.model.experiments import ExperimentKind

RUN, VERIFY = ExperimentKind.RUN, ExperimentKind.VERIFY


def run(failed: int, passed: int) -> Trial:
    return Trial("E1", RUN, "2026-11-01", None, failed, passed)


def verify(verdict: CaseVerdict, failed: int, passed: int, base_failed: int = 0) -> Trial:
    return Trial("E2", VERIFY, "2026-11-02", verdict, failed, passed, base_failed)


FIXED = verify(CaseVerdict.FIXED, 0, 5, base_failed=5)


@pytest.mark.parametrize(
    ("trials", "rung"),
    [
        ([], Rung.NOT_RUN),
        ([run(0, 9)], Rung.NOT_RUN),
        ([verify(CaseVerdict.UNCHANGED, 0, 4)], Rung.NOT_RUN),
        ([run(1, 0)], Rung.REPRODUCED),
        ([verify(CaseVerdict.UNCHANGED, 4, 0, base_failed=4)], Rung.REPRODUCED),
        ([verify(CaseVerdict.TOO_FEW, 0, 1, base_failed=1)], Rung.REPRODUCED),
        ([run(1, 0), run(0, 1)], Rung.IMPROVED),
        ([verify(CaseVerdict.IMPROVED, 2, 6, base_failed=8)], Rung.IMPROVED),
        ([FIXED], Rung.VERIFIED),
        ([run(1, 0), FIXED, run(0, 3)], Rung.VERIFIED),
        ([FIXED, run(2, 0)], Rung.REGRESSED),
        ([FIXED, verify(CaseVerdict.BROKEN, 9, 0)], Rung.REGRESSED),
        ([FIXED, run(2, 0), run(1, 0)], Rung.REGRESSED),
        ([FIXED, run(2, 0), FIXED], Rung.VERIFIED),
        ([FIXED, run(1, 9)], Rung.VERIFIED),
    ],
)
def test_rung_after_trials(trials: list[Trial], rung: Rung) -> None:
    assert standing_of(trials).rung is rung


@pytest.mark.parametrize(
    ("production", "rung", "says"),
    [
        (None, Rung.VERIFIED, "E2 calls it fixed"),
        (Production(0, 0), Rung.VERIFIED, "E2 calls it fixed"),
        (Production(310, 0), Rung.HOLDING, "0 of 310 runs of production failed that way since (at most 1.0%)"),
        (Production(310, 2), Rung.REGRESSED, "2 of 310"),
    ],
)
def test_production_holds_or_reopens_what_was_verified(production: Production | None, rung: Rung, says: str) -> None:
    standing = standing_of([FIXED], production)
    assert standing.rung is rung
    assert says in standing.because


def test_production_proves_nothing_of_what_was_not_verified() -> None:
    assert standing_of([run(1, 0)], Production(310, 0)).rung is Rung.REPRODUCED
