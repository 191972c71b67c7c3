"""Many damaged copies, each found and what can be saved of it; many restores."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from broken import damaged_copy
from conversations import Builder, answers, calls, says
from figures import say
from retrospan.model.traces import SpanBatch
from retrospan.services.finding.listing import list_traces
from retrospan.services.understanding.analysing import analyse
from retrospan.store.opening import keeping_of, open_store
from retrospan.store.reading.summaries import get_trace
from retrospan.store.traces.commit import commit_batch
from reviewdesk import refund_run

pytestmark = pytest.mark.slow
RUNS = 200


def fill(path: Path) -> None:
    with open_store(path) as store:
        traces = Builder(store)
        for number in range(RUNS):
            traces.add(
                says("user", f"Where is order {number}? " + " ".join(f"word{number}x{i}" for i in range(200))),
                calls("find_order", order=number),
                answers(f"Order {number} was shipped on day {number}."),
                says("assistant", f"It is on its way, parcel {number * 7919}."),
            )
        analyse(store)


def test_many_damaged_copies(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """Bytes are flipped all over; every copy is found, and of each the runs that still open are counted.

    `RETROSPAN_COPIES` says how many.
    """
    path, opened, found_in = tmp_path / "filled.db", [], []
    fill(path)
    for seed in range(0, 40, 40 // int(os.environ.get("RETROSPAN_COPIES", "8"))):
        broken, saved = tmp_path / f"broken{seed}.db", tmp_path / f"saved{seed}.db"
        damaged_copy(path, broken, seed, flips=10 + seed)
        keeping, _ = keeping_of(broken)
        found = keeping.check(broken)
        assert found.damages or found.differing_runs, seed
        keeping.salvage(broken, saved)
        assert keeping.check(saved).sound, (seed, keeping.check(saved).damages)
        with open_store(saved) as store:
            runs = [get_trace(store, summary.id) for summary in list_traces(store, "", limit=RUNS * 2).traces]
        whole = sum("[lost: content" not in repr(run) and len(run.steps) >= 4 for run in runs)
        opened.append(whole)
        found_in.append(sorted({damage.part for damage in found.damages}))
        broken.unlink()
        saved.unlink()
    say(pytestconfig, f"runs whole of {RUNS}: {opened}; damage found in: {found_in}")
    assert min(opened) > RUNS // 4


def test_ten_restores(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    fill(path)
    for number in range(10):
        copy = tmp_path / f"copy{number}.db"
        with open_store(path) as store:
            commit_batch(store, SpanBatch(refund_run(f"extra-{number}", f"only in copy {number} and later")))
            store.back_up(copy)
    for number in range(10):
        done = keeping_of(path)[0].restore(tmp_path / f"copy{number}.db", path)
        with open_store(path) as store:
            assert list_traces(store, "", limit=1).total == done.runs == RUNS + number + 1
            assert list_traces(store, f'"only in copy {number}"').total == 1
        assert done.aside is not None
        for part in tmp_path.glob(f"{Path(done.aside).name}*"):
            part.unlink()
    assert keeping_of(path)[0].check(path).sound
    shutil.rmtree(tmp_path, ignore_errors=True)
