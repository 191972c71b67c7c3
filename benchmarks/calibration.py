"""Do corrected rates cover the truth, and what does a judge save? Real judges beside people, drawn a thousand times.

    python benchmarks/calibration.py [--draws 1000] [--drift-only]

Each draw asks people about n of the items: each alike, or as a review queue does (most of them those that the judge
calls bad, the rest at random). Beside it: labels alone, the judge's own rate, and, where they are installed, `glide-py`
and `judgy` on the first draws of each cell. Then streams in which nothing, the system or the judge changes.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import numpy as np
from calibration_drift import print_drift
from judged import Floats, Judged, devai_judges, process_judges, reward_judges
from retrospan.analysis.judging.choosing import Refused, corrected_rate
from retrospan.analysis.judging.rates import Labelled
from retrospan.analysis.sampling import Mix, draw_mix

SIZES = (30, 50, 100, 200)
PEER_DRAWS = 40
Peer = Callable[[Labelled, Floats], tuple[float, float]]


@dataclass
class Cell:
    """One judge at one size: how often the interval holds the truth, and how wide it is."""

    covered: int = 0
    printed: int = 0
    refused: int = 0
    widths: list[float] = field(default_factory=list)
    """Beside labels alone."""
    alone: int = 0
    peers: dict[str, list[bool]] = field(default_factory=dict)

    def coverage(self) -> float:
        return self.covered / self.printed if self.printed else 1.0


def uniform(judged: Judged, n: int, rng: np.random.Generator) -> Labelled:
    total = len(judged.human)
    taken = rng.choice(total, n, replace=False)
    return Labelled(judged.human[taken], judged.judge[taken], np.full(n, n / total))


def ranked(judged: Judged, n: int, rng: np.random.Generator) -> Labelled:
    """As a queue: 40 % of the budget on what looks bad, the rest at random, each with its chance."""
    total = len(judged.human)
    order = [int(unit) for unit in rng.permutation(total)]
    scores = dict(enumerate(judged.judge.tolist()))
    source = Random(int(rng.integers(1 << 60)))
    drawn = draw_mix(order, n, source, scores=scores, strata={}, mix=Mix(0.4, 0.0, 0.6))
    taken = [entry.unit for entry in drawn]
    chances = np.array([entry.probability for entry in drawn])
    return Labelled(judged.human[taken], judged.judge[taken], chances)


def measure(judged: Judged, n: int, draws: int, draw: Callable[..., Labelled], peers: dict[str, Peer]) -> Cell:
    rng = np.random.default_rng(20261130)
    truth, cell = float(judged.human.mean()), Cell()
    for number in range(draws):
        labelled = draw(judged, n, rng)
        found = corrected_rate(labelled, judged.judge)
        if isinstance(found, Refused):
            cell.refused += 1
        else:
            cell.printed += 1
            cell.covered += found.rate.low <= truth <= found.rate.high
            cell.alone += found.alone.low <= truth <= found.alone.high
            cell.widths.append((found.rate.high - found.rate.low) / (found.alone.high - found.alone.low))
        for name, peer in peers.items() if number < PEER_DRAWS else ():
            try:
                low, high = peer(labelled, judged.judge)
            except (ValueError, RuntimeError):
                continue
            cell.peers.setdefault(name, []).append(low <= truth <= high)
    return cell


def peers_here() -> dict[str, Peer]:
    """The other products that are installed; both take labels for a plain sample."""
    found: dict[str, Peer] = {}
    try:
        from glide.estimators import PPIMeanEstimator
    except ImportError as err:
        print(f"glide-py is not here: {err}", file=sys.stderr)
    else:

        def glide(labelled: Labelled, judge: Floats) -> tuple[float, float]:
            unseen = np.full(len(judge), np.nan)
            human = np.concatenate([labelled.human, unseen])
            result = PPIMeanEstimator().estimate(human, np.concatenate([labelled.judge, judge]))
            interval = result.confidence_interval
            return float(interval.lower_bound), float(interval.upper_bound)

        found["glide-py"] = glide
    try:
        from judgy import estimate_success_rate
    except ImportError as err:
        print(f"judgy is not here: {err}", file=sys.stderr)
    else:

        def judgy(labelled: Labelled, judge: Floats) -> tuple[float, float]:
            result = estimate_success_rate(
                labelled.human.astype(int), labelled.judge.astype(int), judge.astype(int), bootstrap_iterations=300
            )
            return float(result[1]), float(result[2])

        found["judgy"] = judgy
    return found


def print_rates(sets: list[Judged], draws: int) -> None:
    peers = peers_here()
    for title, draw in (("every item alike", uniform), ("as a signal-ranked queue", ranked)):
        print(f"\n## Labels drawn: {title}; {draws} draws a cell")
        print("judge                            items  true  judge kappa | n: coverage, width / labels alone, refused")
        cells: list[Cell] = []
        strong: list[float] = []
        weak: list[float] = []
        for judged in sets:
            row = []
            for n in (size for size in SIZES if size <= 0.7 * len(judged.human)):
                cell = measure(judged, n, draws, draw, peers)
                cells.append(cell)
                width = float(np.mean(cell.widths)) if cell.widths else float("nan")
                (strong if judged.kappa >= 0.75 else weak if judged.kappa < 0.2 else []).append(width)
                row.append(f"{n}: {cell.coverage():.1%} {width:.2f} {cell.refused / draws:.0%}")
            head = f"{judged.name[:32]:32} {len(judged.human):5} {judged.human.mean():5.1%} {judged.judge.mean():5.1%}"
            print(f"{head} {judged.kappa:5.2f} | " + "   ".join(row))
        print_summary(cells, strong, weak)


def print_summary(cells: list[Cell], strong: list[float], weak: list[float]) -> None:
    printed, covered = sum(cell.printed for cell in cells), sum(cell.covered for cell in cells)
    least = min(cell.coverage() for cell in cells)
    print(f"covered {covered / printed:.1%} of {printed} printed rates; least of {len(cells)} cells {least:.1%}")
    print(f"labels alone covered {sum(cell.alone for cell in cells) / printed:.1%} of the same draws")
    for name, known in (("kappa at least .75", strong), ("kappa below .2", weak)):
        if widths := [width for width in known if width == width]:
            print(f"width beside labels alone, {name}: {min(widths):.2f} to {max(widths):.2f}")
    for name in sorted({name for cell in cells for name in cell.peers}):
        shares = [sum(cell.peers[name]) / len(cell.peers[name]) for cell in cells if cell.peers.get(name)]
        print(f"{name}: covered {np.mean(shares):.1%} on average, least {min(shares):.1%} of {len(shares)} cells")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1_000)
    parser.add_argument("--drift-only", action="store_true")
    given = parser.parse_args()
    sets = [*process_judges(), *devai_judges(), *reward_judges()]
    if not sets:
        print("None of the labelled sets is here; see benchmarks/README.md.")
        return
    started = time.perf_counter()
    if not given.drift_only:
        errors = [abs(float(judged.judge.mean() - judged.human.mean())) for judged in sets]
        print(f"the judge's own rate is off by {np.median(errors):.1%} (median), {max(errors):.1%} at worst")
        print_rates(sets, given.draws)
    print_drift([judged for judged in sets if judged.name.startswith("APB")], given.draws)
    print(f"\n{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
