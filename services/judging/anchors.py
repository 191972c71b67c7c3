"""The runs on which a judge is asked again and again, since people have signed what is right there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...analysis.judging.drift import ANCHORS
from ...model.clock import utc_now, utc_text
from ...model.reviews import Label
from ...store.contract import Store
from ...store.jobs.judgements import Judgements
from ...store.settings.values import get_setting, set_setting
from .labels import labelled_runs

EVERY_DAYS = 1
EVERY_ANSWERS = 200
FEWEST = 5
"""Anchors below which nothing could be seen."""


@dataclass(frozen=True, slots=True)
class Anchors:
    """Which runs, and whether they are to be asked about now."""

    runs: tuple[int, ...]
    due: bool
    asked_at: str | None
    """UTC text of the last time."""

    @property
    def enough(self) -> bool:
        return len(self.runs) >= FEWEST


def anchors_of(store: Store, judge: Judgements, *, now: datetime | None = None) -> Anchors:
    """The anchors of a judge: at most 30 runs with a verdict, as many fails as passes as far as there are.

    They stay the same while their verdicts stand: they are taken by the digest of the run's key. Due once a day, and
    once in 200 answers.

    Cost: checks every verdict.
    """
    labelled = sorted(labelled_runs(store, judge), key=lambda run: _digest(run.people.trace_key))
    fails = [run.trace_id for run in labelled if run.answered and run.human is Label.FAIL]
    passes = [run.trace_id for run in labelled if run.answered and run.human is Label.PASS]
    half = min(len(fails), max(ANCHORS // 2, ANCHORS - len(passes)))
    runs = tuple(sorted([*fails[:half], *passes[: ANCHORS - half]]))
    last = get_setting(store, _name(judge))
    if not isinstance(last, dict):
        return Anchors(runs, due=True, asked_at=None)
    at = str(last["at"])
    old = utc_text((now or utc_now()) - timedelta(days=EVERY_DAYS)) >= at
    many = len(judge.labels) - int(str(last["answers"])) >= EVERY_ANSWERS
    return Anchors(runs, due=old or many, asked_at=at)


def note_anchors(store: Store, judge: Judgements, *, now: datetime | None = None) -> None:
    """They were asked about."""
    set_setting(store, _name(judge), {"at": utc_text(now or utc_now()), "answers": len(judge.labels)})


def _name(judge: Judgements) -> str:
    return f"judge-anchors:{_digest(judge.key)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
