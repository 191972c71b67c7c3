"""What answers cost at 100,000 spans, in CPU milliseconds, beside bare SQL on the same store in the same run.

    python benchmarks/queries.py make FOLDER       the stores: 100,000 spans, 100,000 one-step traces; takes minutes
    python benchmarks/queries.py FOLDER [--only outline …] [--json]

`make` can be stopped and called again. CPU is that of the whole process (also its other threads), p50 and p95 of many
calls with different arguments, in a second round of the same. The floor reads the same rows with one connection
and does nothing with them: nothing is decompressed, parsed, analysed or written.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import anyio
from mcp.client import Client
from otlp_spans import PLANTED, SpanSource
from queries_stores import LONG_RUNS, make_stores
from queries_terminal import first_home_rows, terminal_rows
from retrospan.answers.reading_traces import read_trace
from retrospan.mcp_server.registry import Caller, load_tools, run_tool
from retrospan.mcp_server.server import build_server
from retrospan.model.text.budget import DEFAULT_BUDGET
from retrospan.services.finding.listing import list_traces
from retrospan.services.finding.searching import search_runs
from retrospan.services.understanding.explaining import compare_traces, explain_trace
from retrospan.store.contract import Connection, Store
from retrospan.store.opening import open_store

CALLS = 40
_COMMONEST = 400
"""Words that stand in a large part of all texts, as no word of a person's question does but for the stop words."""
SEED = 3

TRACE_SQL = (
    "SELECT * FROM trace WHERE id = ?",
    "SELECT * FROM span WHERE trace_id = ?",
    "SELECT b.data FROM occurrence o JOIN body b ON b.id = o.body_id WHERE o.trace_id = ?",
)
FAILURES_SQL = (
    "SELECT t.* FROM trace t WHERE t.status = 'error' OR t.id IN (SELECT trace_id FROM span WHERE status = 'error') "
    "ORDER BY coalesce(t.started_at, t.arrived_at) DESC, t.id DESC LIMIT 50",
    "SELECT count(*) FROM trace t WHERE t.status = 'error' OR t.id IN "
    "(SELECT trace_id FROM span WHERE status = 'error')",
)
WORDS_SQL = "SELECT rowid, bm25(body_text) AS score FROM body_text WHERE body_text MATCH ? ORDER BY score LIMIT 10"


@dataclass(frozen=True)
class Row:
    """One line of the table, in milliseconds."""

    what: str
    p50: float
    p95: float
    floor_p50: float | None = None
    unit: str = "CPU ms"

    @property
    def line(self) -> str:
        floor = "" if self.floor_p50 is None else f"{self.floor_p50:.2f}"
        times = "" if not self.floor_p50 else f"{self.p50 / self.floor_p50:.1f}"
        return f"| {self.what} ({self.unit}) | {self.p50:.2f} | {self.p95:.2f} | {floor} | {times} |"


def timed(acts: Sequence[Callable[[], object]]) -> tuple[float, float]:
    """p50 and p95 of the CPU milliseconds of each act, in a second round: the first may analyse what waits for it."""
    for act in dict.fromkeys(acts):
        act()
    taken = []
    for act in acts:
        began = time.process_time()
        act()
        taken.append((time.process_time() - began) * 1e3)
    return statistics.median(taken), statistics.quantiles(taken, n=20, method="inclusive")[-1]


def beside(what: str, ours: Sequence[Callable[[], object]], floor: Sequence[Callable[[], object]]) -> Row:
    """Ours and the floor by turns, so that both meet the same machine."""
    before, _ = timed(floor)
    p50, p95 = timed(ours)
    return Row(what, p50, p95, min(before, timed(floor)[0]))


@contextmanager
def bare(store: Store) -> Iterator[Connection]:
    """A connection of its own, as the store sets its own up, that only reads."""
    with open_store(store.location, read_only=True) as other, other.read() as con:
        yield con


def _fetch(con: Connection, statements: Sequence[str], *values: object) -> None:
    for sql in statements:
        con.execute(sql, values).fetchall()


def outline(store: Store) -> Iterator[Row]:
    ids = _some_traces(store)
    with bare(store) as con:
        yield beside(
            "outline of a trace, 18 steps",
            [partial(read_trace, store, f"T{i}", budget=DEFAULT_BUDGET) for i in ids],
            [partial(_fetch, con, TRACE_SQL, i) for i in ids],
        )


def failures(store: Store) -> Iterator[Row]:
    with bare(store) as con:
        yield beside(
            "list 50 failures, with their number",
            [partial(list_traces, store, "status:error", limit=50)] * CALLS,
            [partial(_fetch, con, FAILURES_SQL)] * CALLS,
        )


def phrases(store: Store) -> Iterator[Row]:
    chosen = _phrases()
    with bare(store) as con:
        for what, texts in (("three words", chosen), ("seven rare words", [PLANTED] * CALLS)):
            yield beside(
                f"phrase of {what}: ten hits with step and snippet",
                [partial(search_runs, store, f'"{text}"') for text in texts],
                [partial(_fetch, con, (WORDS_SQL,), f'"{text}"') for text in texts],
            )


def meaning(store: Store) -> Iterator[Row]:
    rng, source = random.Random(SEED), SpanSource(repeat=False)
    known = Counter(word for sentence in source.sentences for word in sentence.rstrip(".").split())
    rarer = [word for word, _ in known.most_common()[_COMMONEST:]]
    telling = [" ".join(rng.sample(rarer, 3)) for _ in range(CALLS)]
    for what, texts in (("telling words", telling), ("neighbouring words, mostly the commonest", _phrases())):
        how = search_runs(store, texts[0]).how
        yield Row(f"three {what}, {how}: ten hits", *timed([partial(search_runs, store, text) for text in texts]))


def explanations(store: Store) -> Iterator[Row]:
    ids = [row[0] for row in _long_runs(store)]

    def suspects(trace_id: int) -> None:
        with store.write() as con:
            con.execute("DELETE FROM suspect_cache")
        explain_trace(store, trace_id)

    yield Row(
        f"suspects of a 100-step trace with {LONG_RUNS - 1} siblings",
        *timed([partial(suspects, i) for i in ids * 3]),
    )
    yield Row("the same, kept", *timed([partial(explain_trace, store, i) for i in ids * 3]))
    pairs = list(pairwise(ids)) * 3
    yield Row("diff of two 100-step traces", *timed([partial(compare_traces, store, a, b) for a, b in pairs]))


def mcp_calls(store: Store) -> Iterator[Row]:
    """The same tool through the SDK's client and server in one process, and called directly."""
    tools, caller, ids = load_tools(), Caller(store), _some_traces(store)
    direct = [partial(run_tool, caller, tools, "get_trace", {"trace": f"T{i}"}) for i in ids]

    async def through() -> list[float]:
        taken = []
        async with Client(build_server(store)) as client:
            for trace_id in (ids[0], *ids):
                began = time.process_time()
                await client.call_tool("get_trace", {"trace": f"T{trace_id}"})
                taken.append((time.process_time() - began) * 1e3)
        return taken[1:]

    alone, _ = timed(direct)
    whole = anyio.run(through)
    over = [max(each - alone, 0.0) for each in whole]
    yield Row(
        "MCP call, client and server, beyond the tool", statistics.median(over), sorted(over)[int(len(over) * 0.95)]
    )


def _some_traces(store: Store) -> list[int]:
    with store.read() as con:
        known = [row[0] for row in con.execute("SELECT id FROM trace WHERE step_count BETWEEN 12 AND 28 ORDER BY id")]
    return random.Random(SEED).sample(known, CALLS)


def _long_runs(store: Store) -> list[tuple[int]]:
    with store.read() as con:
        return [(row[0],) for row in con.execute("SELECT id FROM trace WHERE step_count >= 100 ORDER BY id")]


def _phrases() -> list[str]:
    """Three neighbouring words of sentences that stand in the store."""
    rng, source = random.Random(SEED), SpanSource(repeat=False)
    found = []
    for sentence in rng.sample(source.sentences, CALLS):
        words = sentence.rstrip(".").split()
        start = rng.randrange(len(words) - 2)
        found.append(" ".join(words[start : start + 3]))
    return found


_APART = ("terminal", "new")
"""Rows of stores of their own."""
ROWS: dict[str, Callable[[Store], Iterator[Row]]] = {
    "outline": outline,
    "failures": failures,
    "phrase": phrases,
    "meaning": meaning,
    "suspects": explanations,
    "mcp": mcp_calls,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", help="`make`, or the folder of the stores")
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--only", nargs="+", choices=[*ROWS, *_APART])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.command == "make":
        make_stores(options.folder)
        return
    folder = Path(options.command)
    for row in _rows(folder, options.only or [*ROWS, *_APART]):
        print(json.dumps(vars(row)) if options.json else row.line, flush=True)


def _rows(folder: Path, names: Sequence[str]) -> Iterator[Row]:
    with open_store(folder / "spans.db") as store:
        for name in names:
            if name in ROWS:
                yield from ROWS[name](store)
    if "terminal" in names:
        with open_store(folder / "traces.db") as store:
            yield from (Row(*row) for row in terminal_rows(store))
    if "new" in names:
        yield from (Row(*row) for row in first_home_rows(folder / "new.db"))


if __name__ == "__main__":
    main()
