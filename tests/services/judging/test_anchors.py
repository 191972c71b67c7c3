"""Anchors: signed runs, half fails and half passes, due once a day or once in 200 answers; the digest tells."""

from __future__ import annotations

from datetime import timedelta

from commands import run
from judgedesk import judge_all, judged_desk
from retrospan.analysis.judging.drift import Drift
from retrospan.model.clock import utc_now
from retrospan.services.judging.anchors import anchors_of, note_anchors
from retrospan.services.judging.calibrating import find_judge
from retrospan.services.judging.drifting import drifts
from reviewdesk import Desk


def test_anchors_are_signed_runs_of_both_kinds_and_stay(desk: Desk) -> None:
    judged_desk(desk, runs=50, labels=50)
    judge_all(desk, list(range(1, 51)), set())

    found = anchors_of(desk.store, find_judge(desk.store, "window"))

    fails = [trace for trace in found.runs if trace % 3 == 0]
    assert (len(found.runs), len(fails), found.due, found.enough) == (30, 15, True, True)
    assert anchors_of(desk.store, find_judge(desk.store, "window")).runs == found.runs


def test_they_are_due_once_a_day_and_once_in_200_answers(desk: Desk) -> None:
    judge_all(desk, [1, 2], set())
    judge, now = find_judge(desk.store, "window"), utc_now()
    note_anchors(desk.store, judge, now=now)
    assert not anchors_of(desk.store, judge, now=now + timedelta(hours=23)).due
    assert anchors_of(desk.store, judge, now=now + timedelta(hours=25)).due
    judge.labels.update(dict.fromkeys(range(1_000, 1_200), "pass"))
    assert anchors_of(desk.store, judge, now=now).due


def test_the_digest_tells_of_a_judge_that_changed(desk: Desk) -> None:
    judged_desk(desk, runs=50, labels=50)
    judge_all(desk, list(range(1, 51)), set())
    assert [found.drift for found in drifts(desk.store)] == [Drift.NONE]
    anchors = list(anchors_of(desk.store, find_judge(desk.store, "window")).runs)
    judge_all(desk, anchors, set())
    for _ in range(3):
        judge_all(desk, anchors, set(anchors))

    told = run("digest", "--no-keep", "--store", str(desk.store.location))

    assert told.code == 1
    assert "window: The judge has changed: it answers 30 runs otherwise than before." in told.out
