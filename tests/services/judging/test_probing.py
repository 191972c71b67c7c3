"""A probe on a store: what it needs, what it says, and that its answers calibrate as any judge's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from retrospan.model.errors import UsageError
from retrospan.model.reviews import Label
from retrospan.services.judging.calibrating import calibrate
from retrospan.services.judging.probing import judge_by_probe
from reviewdesk import Desk


class ByDays:
    """Embeds a run by how many days its answer names: enough meaning for a refund window."""

    model_id = "by-days"
    dimensions = 8

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        rows = np.zeros((len(texts), 8), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[0 if "45" in text else 1] = 1.0
        return rows


def taught(desk: Desk, runs: int, fails: int, *, honest: bool = True) -> None:
    """Runs of which every `fails`th promises 45 days; people say so, or say anything."""
    session = desk.reviewer()
    for number in range(3, runs + 1):
        wrong = number % fails == 0
        desk.add_run(f"run-{number}", f"You have {45 if wrong else 30} days, order {number * 7919}.")
        label = wrong if honest else number * 7919 % 97 % 2 == 0
        desk.decide(session, Label.FAIL if label else Label.PASS, f"T{number}")


def test_it_learns_from_verdicts_and_answers_other_runs(desk: Desk) -> None:
    taught(desk, 60, 2)
    for number in range(61, 71):
        desk.add_run(f"run-{number}", f"You have {45 if number % 2 else 30} days, order {number * 7919}.")

    done = judge_by_probe(desk.store, "project:support", ByDays())

    assert not done.adds_nothing
    assert done.explained > 0.5
    judge = calibrate(desk.store, "outcome-probe").judge
    assert all(judge.scores[number] > 0.5 for number in range(61, 71, 2))
    assert all(judge.scores[number] < 0.5 for number in range(62, 71, 2))


def test_where_it_adds_nothing_it_says_so_and_answers_nothing(desk: Desk) -> None:
    taught(desk, 60, 2, honest=False)
    done = judge_by_probe(desk.store, "project:support", ByDays())
    assert done.adds_nothing
    assert "adds nothing here" in done.in_words
    assert (done.answered.fails, done.answered.passes) == (0, 0)


def test_too_few_verdicts_are_told(desk: Desk) -> None:
    desk.decide(desk.reviewer(), Label.FAIL, "T1")
    with pytest.raises(UsageError, match="more that people fail and 8 more that people pass"):
        judge_by_probe(desk.store, "project:support", ByDays())


def test_without_the_embedding_it_goes_by_facts(desk: Desk) -> None:
    taught(desk, 44, 2, honest=False)
    done = judge_by_probe(desk.store, "project:support", None)
    assert not done.by_meaning
    assert "embedding is not installed" in done.in_words


def test_half_as_many_verdicts_again_make_it_stale(desk: Desk) -> None:
    taught(desk, 44, 2)
    judge_by_probe(desk.store, "project:support", ByDays())
    assert calibrate(desk.store, "outcome-probe").stale == ()
    session = desk.unlock("Ada")
    for number in range(45, 90):
        desk.add_run(f"run-{number}", "You have 30 days.")
        desk.decide(session, Label.PASS, f"T{number}")
    judge_by_probe(desk.store, "project:support", ByDays(), name="other")
    (why,) = calibrate(desk.store, "outcome-probe").stale
    assert "by now" in why
