"""Thirty typical questions in SQL through `query`, beside the same questions on a plain SQLite dump of the same views.

    python benchmarks/questions.py FOLDER [--spans 100000]

The store and the dump are made in FOLDER where they are missing. Both answer every question in turn, nine rounds after
one to warm up; the median wall time of each is printed with the ratio, and p95 over the questions. The dump has the
indexes that an analyst would make: by run, and by tool.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from otlp_spans import SpanSource
from retrospan.ingest.conventions.registry import to_batch
from retrospan.ingest.otlp.decode import decode_traces
from retrospan.services.finding.asking import ask
from retrospan.services.finding.exporting import export_view
from retrospan.services.understanding.analysing import analyse
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from retrospan.store.traces.commit import commit_batch

ROUNDS = 9
DUMPED = ("runs", "steps", "calls", "edges", "messages", "signals")
QUESTIONS = (
    "SELECT outcome, count(*) FROM runs GROUP BY outcome",
    "SELECT version, outcome, count(*) FROM runs GROUP BY version, outcome",
    "SELECT task, count(*) n FROM runs GROUP BY task ORDER BY n DESC LIMIT 20",
    "SELECT run, duration_ms FROM runs ORDER BY duration_ms DESC LIMIT 10",
    "SELECT avg(steps), max(steps), min(steps) FROM runs",
    "SELECT sum(input_tokens), sum(output_tokens) FROM runs",
    "SELECT run, input_tokens + output_tokens t FROM runs ORDER BY t DESC LIMIT 5",
    "SELECT run, input FROM runs WHERE input LIKE '%refund%' LIMIT 20",
    "SELECT count(DISTINCT session) FROM runs",
    "SELECT substr(started_at, 1, 10) day, count(*) FROM runs GROUP BY day ORDER BY day",
    "SELECT kind, count(*) FROM steps GROUP BY kind",
    "SELECT status, count(*) FROM steps GROUP BY status",
    "SELECT run, step, error FROM steps WHERE status = 'error' LIMIT 50",
    "SELECT agent, avg(duration_ms) FROM steps WHERE kind = 'llm' GROUP BY agent",
    "SELECT run, step, kind, name, status FROM steps WHERE run = 17 ORDER BY step",
    "SELECT run, count(*) n FROM steps GROUP BY run HAVING n > 12 ORDER BY n DESC LIMIT 20",
    "SELECT step, role, text FROM steps WHERE run = 23 ORDER BY step",
    "SELECT tool, count(*) n, sum(status = 'error') e FROM calls GROUP BY tool ORDER BY n DESC",
    "SELECT tool, avg(n) FROM (SELECT run, tool, count(*) n FROM calls GROUP BY run, tool) GROUP BY tool",
    "SELECT effect, count(*) FROM calls GROUP BY effect",
    "SELECT run, call, tool, arguments FROM calls WHERE run BETWEEN 100 AND 120 ORDER BY run, call",
    "SELECT a.run, a.tool FROM calls a JOIN calls b ON b.run = a.run AND b.tool = a.tool AND b.call = a.call + 1",
    "SELECT run, tool, count(*) n FROM calls GROUP BY run, tool HAVING n > 3 LIMIT 20",
    "SELECT from_tool, to_tool, count(*) n FROM edges GROUP BY 1, 2 ORDER BY n DESC LIMIT 10",
    "SELECT r.outcome, c.tool, count(*) FROM runs r JOIN calls c ON c.run = r.run GROUP BY 1, 2",
    "SELECT run, json_extract(arguments, '$.order_id') o FROM calls WHERE run < 200 AND tool IS NOT NULL",
    "SELECT role, count(*) FROM messages GROUP BY role",
    "SELECT name, count(DISTINCT run) FROM signals WHERE failure = 1 GROUP BY name",
    "SELECT r.run, count(s.name) n FROM runs r LEFT JOIN signals s ON s.run = r.run GROUP BY 1 ORDER BY n DESC LIMIT 9",
    "WITH f AS (SELECT run, min(step) s FROM steps WHERE status = 'error' GROUP BY run) SELECT count(*), avg(s) FROM f",
)


def make(folder: Path, spans: int) -> None:
    """The store and its dump, where they are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    with open_store(folder / "store.db") as store:
        if not ask(store, "SELECT count(*) FROM runs").answer.rows[0][0]:
            for body in SpanSource(repeat=False).batches(spans):
                commit_batch(store, to_batch(decode_traces(body, "application/x-protobuf", [])))
            analyse(store)
        if not (folder / "dump.db").exists():
            _dump(store, folder / "dump.db")


def _dump(store: Store, path: Path) -> None:
    with sqlite3.connect(path) as con:
        for view in DUMPED:
            columns, chunks = export_view(store, view)
            con.execute(f"CREATE TABLE {view}({', '.join(columns)})")
            marks = ", ".join("?" * len(columns))
            for _, _, rows in chunks:
                con.executemany(f"INSERT INTO {view} VALUES ({marks})", rows)  # noqa: S608
            con.execute(f"CREATE INDEX {view}_run ON {view}(run)")
        con.execute("CREATE INDEX calls_tool ON calls(tool)")


def median_ms(act: Callable[[], object]) -> float:
    """The median wall time of some rounds, after one that is not counted."""
    act()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        act()
        times.append((time.perf_counter() - start) * 1_000)
    return statistics.median(times)


def main() -> None:
    """Print a row a question, then p50 and p95 of both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--spans", type=int, default=100_000)
    options = parser.parse_args()
    make(options.folder, options.spans)
    dump = sqlite3.connect(options.folder / "dump.db")
    ours, plain = [], []
    with open_store(options.folder / "store.db") as store:
        for question in QUESTIONS:
            ours.append(median_ms(lambda question=question: ask(store, question)))  # type: ignore[misc]
            plain.append(median_ms(lambda question=question: dump.execute(question).fetchmany(200)))  # type: ignore[misc]
            print(f"{ours[-1]:8.1f} {plain[-1]:8.1f} {ours[-1] / plain[-1]:6.1f} ×  {question[:90]}", flush=True)
    for name, place in (("p50", 0.5), ("p95", 0.95)):
        a, b = (sorted(times)[int(place * (len(times) - 1))] for times in (ours, plain))
        print(f"{name}: {a:.1f} ms beside {b:.1f} ms, {a / b:.2f} ×")


if __name__ == "__main__":
    main()
