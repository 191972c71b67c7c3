"""Do weights learned from confirmed causes hold for other tasks of the same project, and from how many on?

Run: `.venv/bin/python benchmarks/learning.py [--json]`. People's labels play the confirmed causes; runs are held out by
task (five folds). Whether weights carry over to another project is in `localisation.py`.
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
from intervals import rate
from retrospan.analysis.suspects import SOURCES
from retrospan.analysis.weights import Example, cross_validate, learn_weights, place

_START = {name: weight for name, (_, weight) in SOURCES.items()}
_LEFT_OUT = "Who&When HC, both teams labelled"
"""A part of another set."""
_SIZES = (0, 10, 20, 40, 60)
_DRAWS = 5


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = options.parse_args()
    benches = [bench for bench in localisation.benches(False) if bench.name != _LEFT_OUT]
    sets = {bench.name: [run.example for run in localisation.labelled(bench)] for bench in benches}
    result = {
        "within": {name: _within(found) for name, found in sets.items()},
        "all as one project": _within([example for found in sets.values() for example in found]),
        "curve": {name: _curve(found) for name, found in sets.items() if len(found) > max(_SIZES)},
    }
    print(json.dumps(result, indent=1) if chosen.json else _table(result))


def _within(found: Sequence[Example]) -> dict[str, Any]:
    held = cross_validate(found, _START)
    return {
        "n": held.n,
        "hit@1": [_share(held.start_hit_1, held.n), _share(held.hit_1, held.n)],
        "hit@3": [_share(held.start_hit_3, held.n), _share(held.hit_3, held.n)],
    }


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
    for name, rows in result["curve"].items():
        lines.append(f"\nafter learning from so many runs: {name}")
        lines += [f"  {size:4} hit@1 {row[0]}  hit@3 {row[1]}" for size, row in rows.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
