"""What does `verify` cost, and how often is it wrong? Run: `.venv/bin/python benchmarks/verification.py [--json]`.

Suites are simulated: the truth of every case is known, so false blocks and missed regressions can be counted. The
fixed-n column runs every case as often as its plan allows and applies the same test to the same draws. Below it stand
what a plain McNemar over one run a case, and one that counts repeats as pairs, say of the same suites. Recorded runs
of four versions of one agent, and trials of one version against each other, are judged last.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parent))

import datasets
from retrospan.analysis.statistics import mcnemar_p, wilson
from retrospan.analysis.verification.planning import confirming_rule, rule_for, steadiness
from retrospan.analysis.verification.single_case import Call, Rule, Tally, call_of, stop_of
from retrospan.analysis.verification.verdicts import (
    CaseEvidence,
    CaseVerdict,
    SuiteVerdict,
    judge_suite,
)

_HISTORY = 5
"""Runs of the base that are known before: what makes a case steady or flaky to the plan."""
_Draws = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Truth:
    """How often a case passes on each version."""

    base: float
    candidate: float
    count: int


SUITES: dict[str, list[Truth]] = {
    "nothing changed": [Truth(0.97, 0.97, 31), Truth(0.6, 0.6, 3), Truth(0.1, 0.1, 3), Truth(0.95, 0.95, 3)],
    "nothing changed, half flaky": [Truth(0.97, 0.97, 20), Truth(0.8, 0.8, 10), Truth(0.5, 0.5, 10)],
    "nothing changed, all steady": [Truth(1.0, 1.0, 37), Truth(0.0, 0.0, 3)],
    "3 fixed, 3 broken": [Truth(0.97, 0.97, 31), Truth(0.6, 0.6, 3), Truth(0.1, 0.9, 3), Truth(0.95, 0.4, 3)],
    "3 fixed": [Truth(0.97, 0.97, 34), Truth(0.6, 0.6, 3), Truth(0.1, 0.9, 3)],
    "1 broken altogether": [Truth(0.97, 0.97, 36), Truth(0.6, 0.6, 3), Truth(0.97, 0.03, 1)],
    "all a little worse": [Truth(0.97, 0.8, 37), Truth(0.6, 0.4, 3)],
}


@dataclass
class Count:
    """What was seen over the suites of one kind."""

    suites: int = 0
    blocked: int = 0
    holds: int = 0
    blocked_fixed_n: int = 0
    mcnemar_single: int = 0
    mcnemar_repeats: int = 0
    runs: int = 0
    runs_fixed_n: int = 0
    same_calls: int = 0
    calls: int = 0
    unchanged_cases: int = 0
    false_fixed: int = 0
    false_broken: int = 0
    fixed_cases: int = 0
    fixed_found: int = 0
    broken_cases: int = 0
    broken_found: int = 0
    calls_of: Counter[str] = field(default_factory=Counter)


def simulate(truths: Sequence[Truth], suites: int, seed: int) -> Count:
    """Run `suites` suites of this kind."""
    rng, count = np.random.default_rng(seed), Count()
    for _ in range(suites):
        _one(truths, rng, count)
    return count


def _one(truths: Sequence[Truth], rng: np.random.Generator, count: Count) -> None:
    early, fixed, single, repeats = [], [], Counter[str](), Counter[str]()
    for number, truth in enumerate(t for t in truths for _ in range(t.count)):
        kind = steadiness(int((rng.random(_HISTORY) < truth.base).sum()), _HISTORY)
        rule = rule_for(kind)
        draws = _draw(truth, rule.pairs, rng)
        fresh = _draw(truth, confirming_rule(rule).pairs, rng)
        early.append(_evidence(str(number), rule, draws, fresh, count, stops=True))
        fixed.append(_evidence(str(number), rule, draws, fresh, count, stops=False))
        single[_flip(draws[0, 0], draws[1, 0])] += 1
        repeats.update(_flip(a, b) for a, b in zip(draws[0], draws[1], strict=True))
        same = call_of(early[-1].first) is call_of(fixed[-1].first)
        count.same_calls, count.calls = count.same_calls + same, count.calls + 1
        count.calls_of[f"{kind.value}"] += 1
    _judge(truths, early, fixed, count)
    count.mcnemar_single += mcnemar_p(single["down"], single["up"]) < 0.05 and single["down"] > single["up"]
    count.mcnemar_repeats += mcnemar_p(repeats["down"], repeats["up"]) < 0.05 and repeats["down"] > repeats["up"]


def _draw(truth: Truth, pairs: int, rng: np.random.Generator) -> _Draws:
    return np.stack([rng.random(pairs) < truth.base, rng.random(pairs) < truth.candidate])


def _flip(before: Any, after: Any) -> str:
    return "same" if before == after else "down" if before else "up"


def _evidence(name: str, rule: Rule, draws: _Draws, fresh: _Draws, count: Count, *, stops: bool) -> CaseEvidence:
    first, runs = _run(draws, rule, stops=stops)
    confirming = None
    if call_of(first) is Call.WORSE:
        confirming, more = _run(fresh, confirming_rule(rule), stops=stops)
        runs += more
    if stops:
        count.runs += runs
    else:
        count.runs_fixed_n += runs
    return CaseEvidence(name, rule, first, confirming)


def _run(draws: _Draws, rule: Rule, *, stops: bool) -> tuple[Tally, int]:
    tally = Tally()
    for pair in range(rule.pairs):
        if stops and stop_of(tally, rule) is not None:
            return tally, 2 * pair
        tally = tally.plus(Tally(int(draws[0, pair]), 1, int(draws[1, pair]), 1))
    return tally, 2 * rule.pairs


def _judge(truths: Sequence[Truth], early: list[CaseEvidence], fixed: list[CaseEvidence], count: Count) -> None:
    judged = judge_suite(early)
    count.suites += 1
    count.blocked += judged.verdict is SuiteVerdict.BLOCKED
    count.holds += judged.verdict is SuiteVerdict.HOLDS
    count.blocked_fixed_n += judge_suite(fixed).verdict is SuiteVerdict.BLOCKED
    flat = [truth for truth in truths for _ in range(truth.count)]
    for truth, case in zip(flat, judged.cases, strict=True):
        better = case.verdict in (CaseVerdict.FIXED, CaseVerdict.IMPROVED)
        worse = case.verdict is CaseVerdict.BROKEN
        if truth.base == truth.candidate:
            count.unchanged_cases += 1
            count.false_fixed += better
            count.false_broken += worse
        elif truth.candidate > truth.base:
            count.fixed_cases, count.fixed_found = count.fixed_cases + 1, count.fixed_found + better
        else:
            count.broken_cases, count.broken_found = count.broken_cases + 1, count.broken_found + worse


def recorded() -> Iterator[dict[str, Any]]:
    """Four versions on the same retail tasks, and the trials of one version on airline tasks against each other."""
    folder = datasets.DATA / "tau_retail_variants"
    if folder.is_dir():
        base = _by_task(folder / "tool-calling.json.xz")
        for name in ("preconditions", "assertions", "assertions-nopost"):
            yield _compared(f"retail: tool-calling → {name}", base, _by_task(folder / f"{name}.json.xz"))
    path = datasets.DATA / "tau_airline" / "gpt-4o-airline.json.xz"
    if path.is_file():
        runs = datasets.load(path)
        trials = sorted({run["trial"] for run in runs})
        sides = {trial: {str(r["task_id"]): r["reward"] >= 1 for r in runs if r["trial"] == trial} for trial in trials}
        for left, right in permutations(trials, 2):
            yield _compared(f"airline A/A: trial {left} → {right}", sides[left], sides[right])


def _by_task(path: Path) -> dict[str, bool]:
    return {str(run["task_id"]): run["reward"] >= 1 for run in datasets.load(path)}


def _compared(name: str, before: dict[str, bool], after: dict[str, bool]) -> dict[str, Any]:
    shared = sorted(before.keys() & after.keys(), key=int)
    rule = Rule(1, look=None)
    evidence = [CaseEvidence(t, rule, Tally(before[t], 1, after[t], 1), can_rerun=False) for t in shared]
    judged = judge_suite(evidence)
    return {
        "what": name,
        "tasks": len(shared),
        "passed": [sum(before[t] for t in shared), sum(after[t] for t in shared)],
        "to_failing": len(judged.flips.broken),
        "to_passing": len(judged.flips.fixed),
        "p_changed": round(judged.flips.p_changed, 5),
        "verdict": judged.verdict.value,
    }


def _row(name: str, count: Count) -> dict[str, Any]:
    return {
        "suite": name,
        "runs_of_fixed_n": round(count.runs / count.runs_fixed_n, 3),
        "same_calls": round(count.same_calls / count.calls, 4),
        "blocked": _share(count.blocked, count.suites),
        "blocked_fixed_n": _share(count.blocked_fixed_n, count.suites),
        "blocked_mcnemar_single": _share(count.mcnemar_single, count.suites),
        "blocked_mcnemar_repeats": _share(count.mcnemar_repeats, count.suites),
        "holds": _share(count.holds, count.suites),
        "fixed_found": _share(count.fixed_found, count.fixed_cases),
        "broken_found": _share(count.broken_found, count.broken_cases),
        "false_fixed_a_case": _share(count.false_fixed, count.unchanged_cases),
        "false_broken_a_case": _share(count.false_broken, count.unchanged_cases),
        "counts": {k: v for k, v in asdict(count).items() if k != "calls_of"},
        "planned_as": dict(count.calls_of),
    }


def _share(hits: int, n: int) -> dict[str, Any] | None:
    if not n:
        return None
    found = wilson(hits, n)
    return {"share": round(hits / n, 4), "low": round(found.low, 4), "high": round(found.high, 4), "n": n}


def _told(share: dict[str, Any] | None) -> str:
    return "–" if share is None else f"{share['share']:.2%} [{share['low']:.2%}–{share['high']:.2%}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suites", type=int, default=2_000, help="of each of the seven kinds")
    parser.add_argument("--only", choices=SUITES, help="this kind alone, to see a small share with more suites")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [
        _row(name, simulate(truths, options.suites, options.seed + i))
        for i, (name, truths) in enumerate(SUITES.items())
        if options.only in (None, name)
    ]
    real = [] if options.only else list(recorded())
    if options.json:
        print(json.dumps({"simulated": rows, "recorded": real}, indent=2))
        return
    for row in rows:
        print(f"\n{row['suite']} ({options.suites} suites): runs {row['runs_of_fixed_n']:.0%} of fixed n")
        for name, value in row.items():
            if (isinstance(value, dict) and "share" in value) or value is None:
                print(f"  {name:<24} {_told(value)}")
    print()
    for entry in real:
        print(
            f"{entry['what']:<38} {entry['passed'][0]:>3} → {entry['passed'][1]:>3} of {entry['tasks']:<3} "
            f"{entry['to_failing']:>2} down {entry['to_passing']:>2} up  p {entry['p_changed']:<8} {entry['verdict']}"
        )


if __name__ == "__main__":
    main()
