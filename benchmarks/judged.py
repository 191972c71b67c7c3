"""What people and judges said of the same items, from the labelled sets: 1 is the answer that matters (bad, unmet)."""

from __future__ import annotations

import csv
import json
import lzma
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from datasets import DATA

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """One judge on one set; both of the same length."""

    name: str
    human: Floats
    judge: Floats

    @property
    def kappa(self) -> float:
        agree = float((self.human == self.judge).mean())
        p, q = float(self.human.mean()), float(self.judge.mean())
        chance = p * q + (1 - p) * (1 - q)
        return (agree - chance) / (1 - chance) if chance < 1 else 0.0


def process_judges() -> list[Judged]:
    """AgentProcessBench: a step that people call bad (-1), 20 judges; empty where the set is not here."""
    folder = DATA / "agent_process_bench"
    if not folder.exists():
        return []
    gold = _steps(folder / "hotpotqa.jsonl.xz")
    found = []
    for path in sorted((folder / "judges").glob("*.jsonl")):
        said = _steps(path)
        both = [key for key in gold if key in said]
        found.append(_judged(f"APB {path.stem}", [(gold[key] < 0, said[key] < 0) for key in both]))
    return found


def _steps(path: Path) -> dict[tuple[int, int, str], int]:
    data = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
    return {
        (row["query_index"], row["sample_index"], step): int(label)
        for row in map(json.loads, data.splitlines())
        for step, label in (row.get("step_labels") or {}).items()
        if label is not None
    }


def devai_judges() -> list[Judged]:
    """DevAI: a requirement that three people find unmet, beside an agent as judge."""
    pairs = []
    for path in sorted((DATA / "devai_judgments").glob("*/human_as_a_judge/*.json")):
        other = path.parents[1] / "agent_as_a_judge" / "gray_box" / path.name
        human, judge = (
            {row["requirement_id"]: row["satisfied"] for row in json.loads(file.read_text())["requirements"]}
            for file in (path, other)
        )
        pairs += [(not human[key], not judge[key]) for key in human if None not in (human[key], judge.get(key))]
    return [_judged("DevAI agent", pairs)] if pairs else []


def reward_judges() -> list[Judged]:
    """AgentRewardBench: one person as the judge of another, on the runs that two rated."""
    path = DATA / "agent_reward_bench" / "annotations.csv"
    if not path.exists():
        return []
    found = []
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for name, bad in (("success", "Unsuccessful"), ("looping", "Yes")):
        said: dict[tuple[str, str, str], dict[str, bool]] = defaultdict(dict)
        for row in rows:
            key = (row["benchmark"], row["task_id"], row["exp_name"])
            said[key][row["annotator_name"]] = row[f"trajectory_{name}"] == bad
        doubles = [list(labels.values()) for labels in said.values() if len(labels) > 1]
        found.append(_judged(f"ARB {name}", [(labels[0], labels[1]) for labels in doubles]))
    return found


def _judged(name: str, pairs: list[tuple[bool, bool]]) -> Judged:
    table = np.array(pairs, dtype=np.float64).reshape(len(pairs), 2)
    return Judged(name, table[:, 0], table[:, 1])
