"""Ten triage tasks with answers from labels: make the store, print the questions, check the answers of an assistant.

    python benchmarks/triage.py store STORE             import the runs, without their labels
    python benchmarks/triage.py questions               what the assistant is asked
    python benchmarks/triage.py check ANSWERS.yaml      right or wrong, calls and tokens

ANSWERS.yaml holds for each task its `id`, `answer` (as `form` below says), `calls` and `tokens`.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml
from datasets import Case, agentrx_tau, tau_airline, tau_retail, who_and_when_hc
from retrospan.services.receiving.importing import import_paths
from retrospan.store.opening import open_store

HERE = Path(__file__).resolve().parent
SETS: dict[str, Callable[[], list[Case]]] = {
    "airline": tau_airline,
    "retail": tau_retail,
    "support": agentrx_tau,
    "team": who_and_when_hc,
}
FORMS = {
    "counts": "{failed: N, passed: N}",
    "worst_version": "{version: NAME, passed: N, runs: N}",
    "never_passed": "[airline-N, …]",
    "best_against_worst": "{beyond_chance: BOOL, points: N}",
    "step": "{step: N, tool: NAME} or {step: N, agent: NAME}",
    "argument": "{tool: NAME, argument: NAME}",
}


def tasks() -> list[dict[str, Any]]:
    """The tasks with the runs they are about."""
    found = yaml.safe_load((HERE / "triage_tasks.yaml").read_text())
    for task in found:
        right = task["right"]
        if "pick" in right:
            task["case"] = picked(right["set"], right["kind"])[right["pick"]]
            task["question"] = task["question"].replace("{run}", task["case"].id)
    return list(found)


def picked(name: str, kind: str) -> list[Case]:
    """Runs that have the label, in an order that nobody chose. Team runs are those that both teams labelled."""
    cases = [case for case in SETS[name]() if case.outcome == "fail" and case.steps]
    if kind == "argument":
        cases = [case for case in cases if wrong_arguments(case)]
    if name == "team":
        cases = [case for case in cases if len(case.steps) == 2]
    return sorted(cases, key=lambda case: hashlib.sha256(f"triage:{case.id}".encode()).digest())


def wrong_arguments(case: Case) -> set[str]:
    """Arguments of the first wrong call that the right call of the same tool has otherwise, if there is one."""
    wrong = case.extra.get("wrong")
    if not wrong:
        return set()
    _, tool, given = wrong
    golds = [gold for name, gold in case.extra["gold"] if name == tool]
    if len(golds) != 1:
        return set()
    return {key for key in {*given, *golds[0]} if given.get(key) != golds[0].get(key)}


def make_store(place: Path) -> None:
    """Import every set as a project of its own. The runs carry their outcome, and nothing else that people said."""
    with open_store(place) as store, tempfile.TemporaryDirectory() as folder:
        for name, cases in SETS.items():
            path = Path(folder) / f"{name}.jsonl"
            path.write_text("\n".join(json.dumps(case.record | {"outcome": case.outcome}) for case in cases()))
            print(name, len(import_paths(store, [path], project=name).trace_ids))


def check(answers: Sequence[dict[str, Any]]) -> None:
    """Print for each task whether it is right, with its calls and tokens."""
    given = {answer["id"]: answer for answer in answers}
    rows = []
    for task in tasks():
        answer = given.get(task["id"], {})
        judged = _judge(task, answer.get("answer"))
        rows.append((judged, answer.get("calls", 0), answer.get("tokens", 0)))
        print(f"{task['id']:<16} {judged:<12} {rows[-1][1]:>3} calls {rows[-1][2]:>6} tokens")
    right = sum(judged == "right" for judged, _, _ in rows)
    print(f"{right} of {len(rows)} right, {sum(row[1] for row in rows)} calls, {sum(row[2] for row in rows)} tokens")


def _judge(task: dict[str, Any], answer: Any) -> str:
    if answer is None:
        return "no answer"
    kind, cases = task["right"]["kind"], SETS[task["right"]["set"]]()
    if kind == "step":
        case = task["case"]
        step = answer["step"] in case.steps
        if task["right"]["set"] != "team":
            return "right" if step else "wrong"
        agent = answer["agent"] in case.agents
        return "right" if step and agent else "agent right" if agent else "wrong"
    if kind == "argument":
        case = task["case"]
        named = answer["tool"] == case.extra["wrong"][1] and answer["argument"] in wrong_arguments(case)
        return "right" if named else "wrong"
    return "right" if fits(answer, derived(kind, cases)) else "wrong"


def fits(answer: Any, right: Any, near: float = 1.0) -> bool:
    """Lists in any order; numbers with a fraction may be off by `near`, others by nothing."""
    if isinstance(right, list):
        return sorted(answer) == sorted(right)
    return all(
        abs(answer[key] - value) <= near if isinstance(value, float) else answer[key] == value
        for key, value in right.items()
    )


def derived(kind: str, cases: Sequence[Case]) -> Any:
    """The answer that the outcomes give, in the form of `FORMS`."""
    passed = Counter(case.outcome == "pass" for case in cases)
    if kind == "counts":
        return {"failed": passed[False], "passed": passed[True]}
    by: dict[str, list[bool]] = {}
    for case in cases:
        by.setdefault(case.record["task" if kind == "never_passed" else "version"], []).append(case.outcome == "pass")
    if kind == "never_passed":
        return [task for task, results in by.items() if not any(results)]
    rated = sorted(by, key=lambda version: sum(by[version]) / len(by[version]))
    worst, best = by[rated[0]], by[rated[-1]]
    if kind == "worst_version":
        return {"version": rated[0], "passed": sum(worst), "runs": len(worst)}
    points = 100 * (sum(best) / len(best) - sum(worst) / len(worst))
    return {"beyond_chance": _fisher(sum(best), len(best), sum(worst), len(worst)) < 0.05, "points": points}


def _fisher(a: int, n: int, b: int, m: int) -> float:
    """Two-sided exact p of `a` of `n` against `b` of `m`. Source: Fisher (1935)."""

    def chance(k: int) -> float:
        return math.comb(n, k) * math.comb(m, a + b - k) / math.comb(n + m, a + b)

    seen = chance(a)
    possible = range(max(0, a + b - m), min(n, a + b) + 1)
    return sum(chance(k) for k in possible if chance(k) <= seen * (1 + 1e-9))


def main(verb: str, place: str = "") -> None:
    """See the head of this file."""
    if verb == "store":
        make_store(Path(place))
    elif verb == "questions":
        for task in tasks():
            print(f"{task['id']}: {task['question']}\n    answer: {FORMS[task['right']['kind']]}")
    else:
        check(yaml.safe_load(Path(place).read_text()))


if __name__ == "__main__":
    main(*sys.argv[1:])
