"""A probe learns what is there to learn, says so where nothing is, and leaves alone what is unlike all it saw."""

from __future__ import annotations

import numpy as np
import pytest
from retrospan.analysis.judging.logistic import fit_logistic
from retrospan.analysis.judging.probe import FALSE_PASS, train_probe


def world(seed: int, n: int, strength: float, width: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Runs of random numbers, of which the first tells the label so strongly."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, width))
    hits = (rng.random(n) < 1 / (1 + np.exp(-strength * rows[:, 0]))).astype(float)
    return rows, hits


def asks(n: int) -> list[str]:
    return [f"question {number}" for number in range(n)]


def test_the_fit_is_where_the_likelihood_is_flat() -> None:
    rows, hits = world(1, 200, 2.0, 5)
    found = fit_logistic(rows, hits, 3.0)
    slope = rows.T @ (hits - found.chances(rows)) - 3.0 * found.slopes
    assert slope == pytest.approx(np.zeros(5), abs=1e-2)
    assert (hits - found.chances(rows)).sum() == pytest.approx(0, abs=1e-2)


def test_more_columns_than_rows_change_nothing_but_the_way() -> None:
    rows, hits = world(2, 60, 2.0, 50)
    wide = np.hstack([rows, np.zeros((60, 40))])
    narrow = fit_logistic(rows, hits, 1.0)
    assert fit_logistic(wide, hits, 1.0).chances(wide) == pytest.approx(narrow.chances(rows), abs=1e-4)


def test_what_is_there_is_learned() -> None:
    rows, hits = world(3, 300, 4.0, 10)
    probe = train_probe(rows[:200], hits[:200], asks(200))
    chances, near = probe.judge(rows[200:])
    assert not probe.adds_nothing
    assert ((chances >= 0.5) == (hits[200:] == 1)).mean() > 0.75
    assert near.mean() > 0.8


def test_what_is_not_there_is_said() -> None:
    rows, _ = world(4, 150, 0.0)
    silent = 0
    for seed in range(20):
        hits = (np.random.default_rng(seed).random(150) < 0.3).astype(float)
        probe = train_probe(rows, hits, asks(150))
        silent += probe.adds_nothing
        if probe.adds_nothing:
            assert probe.answer(0.0, near=True) is None
    assert silent >= 18


def test_runs_that_ask_the_same_do_not_teach_each_other() -> None:
    """Each question comes six times with one label and one place of its own; no other question tells anything."""
    rng = np.random.default_rng(5)
    places, labels = rng.normal(size=(30, 40)), (rng.random(30) < 0.4).astype(float)
    rows = np.repeat(places, 6, axis=0) + rng.normal(scale=0.01, size=(180, 40))
    hits = np.repeat(labels, 6)
    assert train_probe(rows, hits, [f"question {number // 6}" for number in range(180)]).adds_nothing
    assert train_probe(rows, hits, asks(180)).explained > 0.5


def test_of_what_it_passes_few_are_fails() -> None:
    rows, hits = world(6, 600, 5.0, 5)
    probe = train_probe(rows[:300], hits[:300], asks(300))
    answers = [probe.answer(float(c), bool(n)) for c, n in zip(*probe.judge(rows[300:]), strict=True)]
    passed = [hit for hit, said in zip(hits[300:], answers, strict=True) if said is False]
    assert len(passed) > 30
    assert np.mean(passed) <= FALSE_PASS + 0.05


def test_what_is_unlike_all_it_saw_is_left_to_people() -> None:
    rows, hits = world(7, 200, 5.0, 5)
    probe = train_probe(rows, hits, asks(200))
    ((chance,), (near,)) = probe.judge(np.full((1, 5), 30.0))
    assert not near
    assert probe.answer(float(chance), bool(near)) is None
