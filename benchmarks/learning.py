"""Do weights learned from confirmed causes carry over: to held-out tasks of one project, and to another project?

Run: `.venv/bin/python benchmarks/learning.py [--json]`. People's labels play the confirmed causes. Within a data set
runs are held out by task (five folds); across data sets one is left out as a whole. Who&When HC and AgentRx-Magentic
are two labellings of the same runs, and are left out together.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import localisation
from intervals import mcnemar, rate
from retrospan.analysis.evidence.inquiry import inquire
from retrospan.analysis.suspects import SOURCES
from retrospan.analysis.weights import Example, cross_validate, example_of, learn_weights, place

_START = {name: weight for name, (_, weight) in SOURCES.items()}
_SAME_RUNS = frozenset({"Who&When HC, all", "AgentRx-Magentic"})
_LEFT_OUT = "Who&When HC, both teams labelled"
"""A part of another set."""
_SIZES = (0, 10, 20, 40, 60)
_DRAWS = 5


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = options.parse_args()
    sets = {bench.name: examples(bench) for bench in localisation.benches(False) if bench.name != _LEFT_OUT}
    result = {
        "within": {name: _within(found) for name, found in sets.items()},
        "all as one project": _within([example for found in sets.values() for example in found]),
        "left out": {name: _left_out(name, sets) for name in sets},
        "curve": {name: _curve(found) for name, found in sets.items() if len(found) > max(_SIZES)},
    }
    print(json.dumps(result, indent=1) if chosen.json else _table(result))


def examples(bench: localisation.Bench) -> list[Example]:
    """The labelled runs of a data set with what each source says."""
    return [
        example_of(
            inquire(bench.traces[case.id], bench.signals[case.id], bench.alike(case)),
            f"{bench.name}/{case.group}",
            case.steps,
        )
        for case in bench.labelled
    ]


def _within(found: Sequence[Example]) -> dict[str, Any]:
    held = cross_validate(found, _START)
    return {
        "n": held.n,
        "hit@1": [_share(held.start_hit_1, held.n), _share(held.hit_1, held.n)],
        "hit@3": [_share(held.start_hit_3, held.n), _share(held.hit_3, held.n)],
    }


def _left_out(name: str, sets: dict[str, list[Example]]) -> dict[str, Any]:
    hidden = _SAME_RUNS if name in _SAME_RUNS else {name}
    learned = learn_weights([e for other, found in sets.items() if other not in hidden for e in found], _START)
    row: dict[str, Any] = {"n": len(sets[name]), "weights": learned}
    for k in (1, 3):
        ours = [_hit(place(example, learned), k) for example in sets[name]]
        start = [_hit(place(example, _START), k) for example in sets[name]]
        wins, losses, p = mcnemar(ours, start)
        row[f"hit@{k}"] = [str(rate(start)), str(rate(ours))]
        row[f"paired at {k}"] = f"{wins}:{losses} (p = {p:.2f})"
    return row


def _curve(found: Sequence[Example]) -> dict[int, list[str]]:
    """Hits on the rest after learning from so many runs, over five draws of tasks."""
    rows: dict[int, list[str]] = {}
    for size in _SIZES:
        places: list[int | None] = []
        for draw in range(_DRAWS):
            groups = sorted({example.group for example in found})
            random.Random(draw).shuffle(groups)
            order = sorted(found, key=lambda example: groups.index(example.group))
            learned = learn_weights(order[:size], _START)
            places += [place(example, learned) for example in order[max(_SIZES) :]]
        rows[size] = [_share(sum(_hit(rank, k) for rank in places), len(places)) for k in (1, 3)]
    return rows


def _hit(rank: int | None, k: int) -> bool:
    return rank is not None and rank < k


def _share(hits: int, n: int) -> str:
    return str(rate([True] * hits + [False] * (n - hits)))


def _table(result: dict[str, Any]) -> str:
    lines = ["held out by task, shipped → learned"]
    for name, row in {**result["within"], "all as one project": result["all as one project"]}.items():
        lines.append(f"  {name} (n = {row['n']}): hit@1 {' → '.join(row['hit@1'])}; hit@3 {' → '.join(row['hit@3'])}")
    lines.append("\nlearned from the other data sets, shipped → learned")
    for name, row in result["left out"].items():
        told = "; ".join(f"hit@{k} {' → '.join(row[f'hit@{k}'])}, {row[f'paired at {k}']}" for k in (1, 3))
        lines.append(f"  {name} (n = {row['n']}): {told}")
    for name, rows in result["curve"].items():
        lines.append(f"\nafter learning from so many runs: {name}")
        lines += [f"  {size:4} hit@1 {row[0]}  hit@3 {row[1]}" for size, row in rows.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
