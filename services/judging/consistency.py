"""Whether a judge answers alike where it must: asked again, and on runs changed where it does not matter."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ...analysis.judging.bounds import clopper_pearson
from ...analysis.judging.variants import VARIANTS
from ...analysis.statistics import Interval
from ...model.reviews import Label
from ...store.contract import Store
from ...store.jobs.judgements import VARIANT, Judgements, judgements
from .labels import TELLING


@dataclass(frozen=True, slots=True)
class Flips:
    """How often a judge's answer is another one under one kind of change."""

    variant: str
    words: str
    asked: int
    """Runs with an answer before and after."""
    flipped: int

    @property
    def rate(self) -> Interval:
        return clopper_pearson(self.flipped, self.asked)


def variant_key(variant: str, judge: Judgements) -> str:
    """What counts as the same trial."""
    return f"{VARIANT}/1 {variant} {judge.key}"


def flips_of(store: Store, judge: Judgements) -> tuple[Flips, ...]:
    """What was tried of this version of a judge, in the order of the trials; empty where nothing was.

    Cost: one query over all trials.
    """
    tried = {found.key: found for found in judgements(store, [VARIANT])}
    result = []
    for name, variant in VARIANTS.items():
        found = tried.get(variant_key(name, judge))
        if found is None:
            continue
        said = {t: label for t, label in found.labels.items() if label is not None and judge.labels.get(t) in TELLING}
        flipped = sum(label != judge.labels[trace_id] for trace_id, label in said.items())
        if said:
            result.append(Flips(name, variant.words, len(said), flipped))
    return tuple(result)


def runs_to_try(judge: Judgements, most: int) -> list[int]:
    """Runs that it answered, as many fails as passes as far as there are; the same ones each time."""
    order = sorted(judge.labels, key=lambda trace_id: hashlib.sha256(judge.trace_keys[trace_id].encode()).digest())
    halves = [[trace_id for trace_id in order if judge.labels[trace_id] == word] for word in (Label.FAIL, Label.PASS)]
    fails = min(len(halves[0]), max(most // 2, most - len(halves[1])))
    return sorted(halves[0][:fails] + halves[1][: most - fails])
