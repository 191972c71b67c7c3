"""Deletions beside processes that write the same texts leave no reference without its content."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from retrospan.services.privacy.erasing import delete_traces
from retrospan.store.opening import open_store
from retrospan.store.reading.summaries import get_trace

pytestmark = pytest.mark.slow
SECONDS = 12

WRITER = """
    import random, sys, time
    sys.path.insert(0, {support!r})
    from conversations import Builder, answers, calls, says
    from retrospan.store.opening import open_store
    chance, until = random.Random({seed}), time.monotonic() + {seconds}
    texts = ["a text that many share, number %d" % n for n in range(40)]
    with open_store({path!r}) as store:
        traces, n = Builder(store), 0
        while time.monotonic() < until:
            n += 1
            asked, sought, found = chance.choices(texts, k=3)
            said = [says("user", asked), calls("find", q=sought), answers(found)]
            traces.add(*said, id="{seed}-%d" % n, user="user%d" % (n % 3))
            time.sleep(0.01)
"""


def test_every_span_can_be_read_whatever_was_swept_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    open_store(path).close()
    support = str(Path(__file__).resolve().parents[1] / "support")
    writers = []
    for seed in (1, 2):
        code = textwrap.dedent(WRITER).format(support=support, seed=seed, seconds=SECONDS, path=str(path))
        writers.append(subprocess.Popen([sys.executable, "-c", code]))
    deletions = swept = 0
    with open_store(path) as store:
        while any(writer.poll() is None for writer in writers):
            done = delete_traces(store, user=f"user{deletions % 3}")
            deletions, swept = deletions + 1, swept + done.contents
            time.sleep(0.05)
        assert [writer.wait() for writer in writers] == [0, 0]
        assert deletions > 10 and swept > 10
        with store.read() as con:
            left = [row[0] for row in con.execute("SELECT id FROM trace")]
        assert left
        for trace_id in left:
            steps = get_trace(store, trace_id).steps
            assert len(steps) == 3 and "a text that many share" in repr(steps[0]) and "a text" in repr(steps[2])
        for user in range(3):
            delete_traces(store, user=f"user{user}")
        with store.read() as con:
            assert [con.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("body", "span")] == [0, 0]
            assert con.execute("SELECT count(*) FROM body_text WHERE body_text MATCH 'share'").fetchone()[0] == 0
            assert con.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert b"many share" not in b"".join(f.read_bytes() for f in tmp_path.glob("store.db*") if "-shm" not in f.name)
