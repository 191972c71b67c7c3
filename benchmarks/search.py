"""Search measured: words only, meaning only, rank fusion, and the product's fusion, on queries over the dev runs.

    python benchmarks/search.py [--json]

Half of the queries, by hash, choose the weight; the other half is reported. A query counts as answered at k where a
run of the right task is among the first k.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml
from datasets import DATA, load
from intervals import mcnemar, rate
from retrospan.ingest.formats.messages import conversation_spans
from retrospan.model.query import Query, Term
from retrospan.model.traces import JsonValue, SpanBatch
from retrospan.services.embedding.choose import embedder
from retrospan.services.embedding.protocol import Embedder
from retrospan.services.embedding.work import embed_pending
from retrospan.services.finding.meaning import search_by_meaning
from retrospan.services.understanding.analysing import analyse
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from retrospan.store.reading.summaries import get_summaries
from retrospan.store.search.lines import search_any_word
from retrospan.store.search.vectors import nearest_traces
from retrospan.store.traces.commit import commit_batch
from retrospan.store.traces.revisions import refresh

HERE = Path(__file__).resolve().parent
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 1.0)
DEPTH = 50
Ranking = list[str]
"""Gold keys of the ranked runs, one a task, best first."""


@dataclass(frozen=True)
class Asked:
    """One query with the tasks that answer it."""

    text: str
    kind: str
    gold: frozenset[str]

    @property
    def half(self) -> str:
        return "tune" if hashlib.sha256(self.text.encode()).digest()[0] % 2 == 0 else "report"


def runs() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Every dev run with the key of its task."""
    for name, prefix in (
        ("tau_airline/gpt-4o-airline", "A"),
        ("tau_retail_variants/tool-calling", "R"),
    ):
        for record in json.loads(lzma.decompress((DATA / f"{name}.json.xz").read_bytes())):
            if record["traj"]:
                yield f"{prefix}{record['task_id']}", record["traj"]
    for folder in ("Algorithm-Generated", "Hand-Crafted"):
        for path in sorted((DATA / "who_and_when" / folder).glob("*.json")):
            value = load(path)
            turns = [{"role": "user", "content": value["question"]}]
            turns += [
                {"role": "assistant", "name": t.get("name") or t["role"], "content": t["content"]}
                for t in value["history"]
            ]
            yield value["question_ID"], turns


def gold_keys() -> dict[str, str]:
    """`W:100` and `H:12` of the query file → the question's id."""
    keys = {}
    for folder, prefix in (("Algorithm-Generated", "W"), ("Hand-Crafted", "H")):
        for path in (DATA / "who_and_when" / folder).glob("*.json"):
            keys[f"{prefix}:{path.stem}"] = load(path)["question_ID"]
    return keys


def fill(store: Store, model: Embedder) -> dict[int, str]:
    """Commit and embed every run; returns the task key by trace."""
    tasks: dict[int, str] = {}
    for number, (key, messages) in enumerate(runs()):
        done = commit_batch(store, SpanBatch(conversation_spans(f"run-{number}", cast(list[JsonValue], messages))))
        tasks[done.trace_ids[0]] = key
    refresh(store, limit=len(tasks))
    analyse(store)
    embed_pending(store, model)
    get_summaries(store, list(tasks))
    return tasks


def asked() -> list[Asked]:
    """The queries, with gold keys as in the data."""
    keys = gold_keys()
    found = []
    for entry in yaml.safe_load((HERE / "search_queries.yaml").read_text()):
        gold = frozenset(keys.get(str(name), str(name)) for name in entry["gold"])
        found.append(Asked(str(entry["q"]), entry["kind"], gold))
    return found


class Methods:
    """The ways to search, each a function from a text to ranked tasks."""

    def __init__(self, store: Store, model: Embedder, tasks: Mapping[int, str]) -> None:
        self._store, self._model, self._tasks = store, model, tasks

    def words(self, text: str) -> Ranking:
        hits = search_any_word(self._store, Query(""), text.split(), limit=DEPTH)
        return self._ranked(hit.trace_id for hit in hits)

    def meaning(self, text: str) -> Ranking:
        vector = self._model.embed([text])[0]
        return self._ranked(nearest_traces(self._store, self._model.model_id, vector, limit=DEPTH))

    def rank_fusion(self, text: str) -> Ranking:
        """Reciprocal rank fusion, Cormack et al. (2009), with its usual constant of 60."""
        scores: dict[str, float] = {}
        for ranking in (self.words(text), self.meaning(text)):
            for place, key in enumerate(ranking):
                scores[key] = scores.get(key, 0.0) + 1 / (60 + place)
        return sorted(scores, key=lambda key: -scores[key])

    def fused(self, text: str, weight: float) -> Ranking:
        query = Query(text, tuple(Term(word, False) for word in text.split()))
        found = search_by_meaning(self._store, self._model, query, limit=DEPTH, word_share=weight)
        return self._ranked(hit.trace_id for hit in found.hits)

    def _ranked(self, trace_ids: Any) -> Ranking:
        return list(dict.fromkeys(self._tasks[trace_id] for trace_id in trace_ids))


def hits_at(queries: Sequence[Asked], method: Callable[[str], Ranking], k: int) -> list[bool]:
    return [bool(query.gold & set(method(query.text)[:k])) for query in queries]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    model = embedder()
    if model is None or not DATA.exists():
        sys.exit("needs the extra `semantic` and the shared data")
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "store.db") as store:
        methods = Methods(store, model, fill(store, model))
        report = measure(methods, asked())
    print(json.dumps(report, indent=2) if options.json else table(report))


def measure(methods: Methods, queries: Sequence[Asked]) -> dict[str, Any]:
    """Choose the weight on one half, report the other."""
    tune = [query for query in queries if query.half == "tune"]
    rest = [query for query in queries if query.half == "report"]
    by_weight = {w: sum(hits_at(tune, lambda text, w=w: methods.fused(text, w), 1)) for w in WEIGHTS}  # type: ignore[misc]
    weight = max(WEIGHTS, key=lambda w: by_weight[w])
    ways: dict[str, Callable[[str], Ranking]] = {
        "words only": methods.words,
        "meaning only": methods.meaning,
        "rank fusion": methods.rank_fusion,
        f"fused, share {weight}": lambda text: methods.fused(text, weight),
    }
    rows = []
    for kind in ("meaning", "words", "all"):
        chosen = [query for query in rest if kind in (query.kind, "all")]
        best = hits_at(chosen, ways[f"fused, share {weight}"], 5)
        for name, way in ways.items():
            first, five = hits_at(chosen, way, 1), hits_at(chosen, way, 5)
            rows.append(
                {"queries": kind, "n": len(chosen), "way": name, "at 1": str(rate(first)), "at 5": str(rate(five))}
                | {"fused wins, loses, p at 5": mcnemar(best, five)}
            )
    return {"tuned on": len(tune), "right at 1 by share (tune)": by_weight, "share": weight, "rows": rows}


def table(report: dict[str, Any]) -> str:
    lines = [f"share chosen on {report['tuned on']} queries: {report['share']} {report['right at 1 by share (tune)']}"]
    for row in report["rows"]:
        wins, losses, p = row["fused wins, loses, p at 5"]
        lines.append(
            f"{row['queries']:<8} n={row['n']:<4} {row['way']:<16} first: {row['at 1']:<28} in five: {row['at 5']:<28}"
            f" fused +{wins} −{losses} p={p:.2g}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
