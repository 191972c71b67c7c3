"""Which runs people are to look at: a budget split over suspicious, unlike and random ones, each with its chance.

The draw has three parts. *Ranked* takes the highest scores for certain. Of the M units that are left, *diverse* takes
one from each stratum in turn, at random within it, and *random* takes n_r of those still left, each alike. With d_h
drawn (on average) from the M_h units of stratum h, n_d in all, a unit of h is taken with the chance

    p = d_h / M_h,    pi = p + (1 - p) * n_r / (M - n_d)

which is exact, since n_d is fixed before the draw. Dividing by pi makes every review count for what it stands for
(Horvitz and Thompson, 1952). A unit whose pi is 0 (no random part) is stood for by nobody, and rates cannot be had.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from .statistics import Interval, wilson


class Part(StrEnum):
    """Which part of the mix drew a unit."""

    RANKED = "ranked"
    DIVERSE = "diverse"
    RANDOM = "random"


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares of a budget; they add up to 1."""

    ranked: float = 0.6
    diverse: float = 0.2
    random: float = 0.2


@dataclass(frozen=True, slots=True)
class Drawn:
    """A unit that was drawn, by which part, and the chance with which the draw as a whole would take it."""

    unit: int
    part: Part
    probability: float


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is fixed before chance comes in."""

    ranked: tuple[int, ...]
    rest: tuple[int, ...]
    strata: Mapping[str, tuple[int, ...]]
    whole: Mapping[str, int]
    """Units that each stratum gives for certain."""
    open: tuple[str, ...]
    """Strata of which `extra` give one more, chosen at random."""
    extra: int
    random: int

    def chance(self, stratum: str) -> float:
        """The chance of a unit of this stratum."""
        size = len(self.strata[stratum])
        more = self.extra / len(self.open) if stratum in self.open else 0.0
        diverse = (self.whole[stratum] + more) / size
        left = len(self.rest) - sum(self.whole.values()) - self.extra
        return diverse + (1 - diverse) * (self.random / left if left else 0.0)


def draw_mix(
    units: Sequence[int],
    budget: int,
    rng: Random,
    *,
    scores: Mapping[int, float],
    strata: Mapping[int, str],
    mix: Mix | None = None,
) -> list[Drawn]:
    """Draw at most `budget` of the units.

    Args:
        units: Ids, each once.
        budget: How many at most; where there are no more units, all are taken with chance 1.
        rng: The source of chance.
        scores: Higher is more suspicious; a unit without one is never ranked. Ties go to the earlier unit.
        strata: What makes units alike, for the diverse part; a unit without one stands with the others without.
        mix: Shares of the parts. What the ranked or diverse part cannot use goes to the random part.

    Returns:
        The drawn units in random order, so that what people leave unanswered is left out by chance.

    Cost: O(n log n).
    """
    if len(units) <= budget:
        found = [Drawn(unit, Part.RANDOM, 1.0) for unit in units]
        rng.shuffle(found)
        return found
    plan = _plan(units, budget, mix or Mix(), scores, strata)
    taken = [Drawn(unit, Part.RANKED, 1.0) for unit in plan.ranked]
    lucky = set(rng.sample(plan.open, plan.extra))
    for name, members in plan.strata.items():
        chosen = rng.sample(members, plan.whole[name] + (name in lucky))
        taken += [Drawn(unit, Part.DIVERSE, plan.chance(name)) for unit in chosen]
    gone = {entry.unit for entry in taken}
    left = [unit for unit in plan.rest if unit not in gone]
    taken += [Drawn(unit, Part.RANDOM, plan.chance(strata.get(unit, ""))) for unit in rng.sample(left, plan.random)]
    rng.shuffle(taken)
    return taken


def weighted_share(answers: Sequence[tuple[bool, float]]) -> Interval:
    """The share of hits among all units that the draw stood for.

    Args:
        answers: Whether it is a hit, and the chance with which the unit was drawn.

    Returns:
        The Hájek estimate, with Wilson limits at the effective sample size of Kish (1965): weights that differ tell
        less than as many equal ones.
    """
    weights = [1 / probability for _, probability in answers]
    total = sum(weights)
    if not total:
        return Interval(0.0, 0.0, 1.0)
    share = sum(weight for weight, (hit, _) in zip(weights, answers, strict=True) if hit) / total
    effective = total**2 / sum(weight**2 for weight in weights)
    return wilson(share * effective, effective)


def _plan(units: Sequence[int], budget: int, mix: Mix, scores: Mapping[int, float], strata: Mapping[int, str]) -> _Plan:
    order = {unit: place for place, unit in enumerate(units)}
    suspicious = sorted((unit for unit in units if scores.get(unit, 0) > 0), key=lambda u: (-scores[u], order[u]))
    ranked = tuple(suspicious[: round(budget * mix.ranked)])
    certain = set(ranked)
    rest = tuple(unit for unit in units if unit not in certain)
    members: dict[str, list[int]] = {}
    for unit in rest:
        members.setdefault(strata.get(unit, ""), []).append(unit)
    wanted = min(round(budget * mix.diverse), budget - len(ranked), len(rest))
    whole = dict.fromkeys(members, 0)
    while wanted and (room := [name for name in members if whole[name] < len(members[name])]):
        if wanted < len(room):
            break
        for name in room:
            whole[name] += 1
        wanted -= len(room)
    room = [name for name in members if whole[name] < len(members[name])] if wanted else []
    return _Plan(
        ranked,
        rest,
        {name: tuple(found) for name, found in members.items()},
        whole,
        tuple(room),
        wanted,
        budget - len(ranked) - sum(whole.values()) - wanted,
    )
