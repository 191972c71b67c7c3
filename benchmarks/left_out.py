"""Sources, weights and trivial rules chosen on some data sets and tried on one that was left out.

Two labellings of the same runs are left out together. What is left is an estimate of how the ranking does on an agent
that nobody here has seen; numbers of the shipped weights on the same runs are fits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean
from typing import Any

import baselines
from intervals import mcnemar, rate
from retrospan.analysis.evidence.inquiry import Inquiry
from retrospan.analysis.suspects import SOURCES
from retrospan.analysis.weights import Example, example_of, learn_weights, place
from retrospan.model.traces import Trace

SAME_RUNS = (frozenset({"Who&When HC, all", "Who&When HC, both teams labelled", "AgentRx-Magentic"}),)
SHIPPED = {name: weight for name, (_, weight) in SOURCES.items()}
_LIFT = 2.0
"""A source is taken where its steps are right at least so many times as often as steps of these runs at random."""
_LAST_RESORT = "position"
"""Orders what no evidence tells apart, in every ranking."""
_PLACES = 25


@dataclass(frozen=True)
class Labelled:
    """One run with its right steps, what each source says, and what rules without evidence name."""

    example: Example
    steps: int
    first_workers: Sequence[int]

    @property
    def chance(self) -> float:
        """A step at random is right so often."""
        return len(self.example.right) / max(1, self.steps)


def labelled(case: Inquiry, trace: Trace, group: str, right: Sequence[int]) -> Labelled:
    """A run of a data set with its label."""
    return Labelled(example_of(case, group, right), len(trace.steps), baselines.first_workers(trace))


def carried_over(runs: Sequence[Labelled]) -> list[str]:
    """Sources that are right clearly more often than chance on these runs."""
    found = []
    for column, name in enumerate(SHIPPED):
        named = [
            (step in run.example.right, run.chance)
            for run in runs
            for step, scores in zip(run.example.steps, run.example.scores, strict=True)
            if scores[column] > 0
        ]
        right, by_chance = sum(hit for hit, _ in named), sum(chance for _, chance in named)
        if name == _LAST_RESORT or (named and right >= _LIFT * by_chance):
            found.append(name)
    return found


def left_out(name: str, sets: Mapping[str, Sequence[Labelled]]) -> dict[str, Any]:
    """Hits on one set of what was chosen on the others, beside the shipped ranking and two rules."""
    hidden = next((family for family in SAME_RUNS if name in family), frozenset({name}))
    others = {other: found for other, found in sets.items() if other not in hidden}
    runs = [run for found in others.values() for run in found]
    sources = carried_over(runs)
    weights = learn_weights([_only(run.example, sources) for run in runs], dict.fromkeys(sources, 1.0))
    constant = _best_places(others)
    row: dict[str, Any] = {"n": len(sets[name]), "sources": sources, "weights": weights, "constant": constant}
    for k in (1, 3):
        ours = [_within(place(_only(run.example, sources), weights), k) for run in sets[name]]
        rules = {
            "constant step": [bool(run.example.right & set(constant[:k])) for run in sets[name]],
            "first worker": [bool(run.example.right & set(run.first_workers[:k])) for run in sets[name]],
        }
        shipped = [_within(place(run.example, SHIPPED), k) for run in sets[name]]
        row[f"hit@{k}"] = {"left out": str(rate(ours)), "shipped (fit)": str(rate(shipped))}
        row[f"hit@{k}"] |= {rule: str(rate(hits)) for rule, hits in rules.items()}
        for rule, hits in rules.items():
            wins, losses, p = mcnemar(ours, hits)
            row[f"hit@{k}"][f"against {rule}"] = f"{wins}:{losses} (p {_told(p)})"
    return row


def _only(example: Example, sources: Sequence[str]) -> Example:
    return replace(example, scores=example.scores[:, [list(SHIPPED).index(name) for name in sources]])


def _best_places(others: Mapping[str, Sequence[Labelled]]) -> list[int]:
    """The three step numbers that are right most often, sets weighing alike."""

    def share(at: int) -> float:
        return mean(mean(at in run.example.right for run in found) for found in others.values() if found)

    return sorted(range(_PLACES), key=lambda at: (-share(at), at))[:3]


def _within(rank: int | None, k: int) -> bool:
    return rank is not None and rank < k


def _told(p: float) -> str:
    return "< 0.01" if p < 0.01 else f"= {p:.2f}"
