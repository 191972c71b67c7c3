"""What a probe on the shipped embedding tells of people's labels, on folds it did not see, and whether it says so.

    python benchmarks/probe.py

Sets: summaries of FaithBench (an unwanted span), answers of HaluEval (hallucinated), steps and runs of
AgentProcessBench. Beside it: always the majority. The labels of a set are shuffled too: then there is nothing to learn.
"""

from __future__ import annotations

import json
import lzma
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from datasets import DATA
from retrospan.analysis.judging.bounds import clopper_pearson
from retrospan.analysis.judging.probe import train_probe
from retrospan.analysis.statistics import wilson
from retrospan.services.embedding.choose import embedder

_SIDE = 700
"""Characters of each side, as the product gives the model."""
_OUTER = 5


@dataclass
class Texts:
    name: str
    asks: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    bad: list[bool] = field(default_factory=list)

    def add(self, ask: str, text: str, bad: bool) -> None:
        self.asks.append(ask)
        self.texts.append(text)
        self.bad.append(bad)


def faithbench() -> Texts:
    found = Texts("FaithBench, unwanted summaries")
    for path in sorted((DATA / "faithbench").glob("*.json")):
        for sample in json.loads(path.read_text())["samples"]:
            bad = any("Unwanted" in note["label"] for note in sample["annotations"])
            found.add(sample["source"], f"{sample['source'][:_SIDE]}\n{sample['summary'][:_SIDE]}", bad)
    return found


def halueval() -> Texts:
    found = Texts("HaluEval, hallucinated answers")
    path = DATA / "halueval_general" / "general_data.json.xz"
    for item in map(json.loads, lzma.decompress(path.read_bytes()).splitlines() if path.exists() else ()):
        text = f"{item['user_query'][:_SIDE]}\n{item['chatgpt_response'][:_SIDE]}"
        found.add(item["user_query"], text, item["hallucination"] == "yes")
    return found


def process_bench() -> Iterator[Texts]:
    for name in ("hotpotqa", "gaia", "tau2", "bfcl"):
        path = DATA / "agent_process_bench" / f"{name}.jsonl.xz"
        if not path.exists():
            continue
        steps, runs = Texts(f"AgentProcessBench {name}, bad steps"), Texts(f"AgentProcessBench {name}, failed runs")
        for row in map(json.loads, lzma.decompress(path.read_bytes()).splitlines()):
            said = [str(message.get("content") or "") for message in row["messages"]]
            for index, label in (row.get("step_labels") or {}).items():
                if label is not None and int(index) < len(said):
                    call = json.dumps(row["messages"][int(index)].get("tool_calls") or "")
                    steps.add(row["question"], f"{row['question'][:_SIDE]}\n{said[int(index)]} {call}", int(label) < 0)
            if row.get("final_label") is not None:
                runs.add(row["question"], f"{row['question'][:_SIDE]}\n{said[-1][:_SIDE]}", int(row["final_label"]) < 1)
        yield from (steps, runs)


def measure(texts: Texts, rows: np.ndarray, hits: np.ndarray) -> str:
    """On outer folds, questions kept together: R² and answers of probes that saw none of the fold."""
    order = {ask: number for number, ask in enumerate(sorted(set(texts.asks), key=hash_of))}
    folds = np.array([order[ask] % _OUTER for ask in texts.asks])
    chances, nothing = np.zeros(len(hits)), 0
    answers: list[bool | None] = [None] * len(hits)
    for fold in range(_OUTER):
        held = np.flatnonzero(folds == fold)
        kept = np.flatnonzero(folds != fold)
        probe = train_probe(rows[kept], hits[kept], [texts.asks[i] for i in kept])
        nothing += probe.adds_nothing
        for index, chance, near in zip(held, *probe.judge(rows[held]), strict=True):
            chances[index], answers[index] = chance, probe.answer(float(chance), bool(near))
    return told(hits, chances, answers, nothing)


def told(hits: np.ndarray, chances: np.ndarray, answers: list[bool | None], nothing: int) -> str:
    usual = np.mean((hits - hits.mean()) ** 2)
    explained = 1 - np.mean((hits - chances) ** 2) / usual
    given = [(bool(hit), said) for hit, said in zip(hits, answers, strict=True) if said is not None]
    passed = [hit for hit, said in given if not said]
    right = sum(hit == said for hit, said in given)
    majority = max(hits.mean(), 1 - hits.mean())
    parts = [f"R² {explained:+.3f}", f"answers {len(given) / len(hits):.0%}"]
    if given:
        share = wilson(right, len(given))
        parts.append(f"right {share.value:.0%} [{share.low:.0%}, {share.high:.0%}]")
        false = clopper_pearson(sum(passed), len(passed))
        parts.append(f"false pass {false.value:.1%} [{false.low:.1%}, {false.high:.1%}] of {len(passed)}")
    parts += [f"majority {majority:.0%}", f"said 'adds nothing' in {nothing} of {_OUTER} folds"]
    return ", ".join(parts)


def hash_of(ask: str) -> bytes:
    import hashlib

    return hashlib.sha256(f"outer {ask}".encode()).digest()


def main() -> None:
    model = embedder()
    if model is None:
        print("The embedding model is not installed.")
        return
    for texts in (faithbench(), halueval(), *process_bench()):
        if not texts.texts:
            continue
        began = time.process_time()
        rows = model.embed(texts.texts).astype(np.float64)
        hits = np.array(texts.bad, dtype=np.float64)
        print(f"{texts.name} (n={len(hits)}, bad {hits.mean():.0%})", flush=True)
        print(f"   {measure(texts, rows, hits)}", flush=True)
        shuffled = np.random.default_rng(20261130).permutation(hits)
        print(
            f"   labels shuffled: {measure(texts, rows, shuffled)}; {time.process_time() - began:.0f} CPU s", flush=True
        )


if __name__ == "__main__":
    main()
