"""A deletion that is killed leaves a store that opens, and the next one finishes it."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conversations import Builder, answers, calls, says
from retrospan.services.finding.listing import list_traces
from retrospan.services.privacy.erasing import delete_traces
from retrospan.store.audit.chain import audit_verify
from retrospan.store.erasure.sweep import is_sweep_pending
from retrospan.store.opening import open_store
from retrospan.store.reading.summaries import get_trace

pytestmark = pytest.mark.slow
ROUNDS = 12
MOST_ROUNDS = 40
"""Tried until at least one kill fell between removal and sweep, wherever that is on this machine."""
TRACES = 300


def test_a_deletion_survives_being_killed_at_any_moment(tmp_path: Path) -> None:
    path, chance = tmp_path / "store.db", random.Random(7)
    interrupted, whole = 0, 2.0
    for turn in range(MOST_ROUNDS):
        if turn >= ROUNDS and interrupted:
            break
        word = f"pomegranate{turn}q"
        with open_store(path) as store:
            traces = Builder(store)
            for n in range(TRACES):
                said = (says("user", f"{word} {n}"), calls("find", q=f"{word}"), answers("the policy"))
                traces.add(*said, says("assistant", f"{n} done"), id=f"{turn}-{n}", user=f"user{turn}")
            kept = traces.add(says("user", "keep me"), answers("the policy"), id=f"kept-{turn}", user="other")
            list_traces(store)
        command = [sys.executable, "-m", "retrospan.cli", "delete", "--user", f"user{turn}", "--store", str(path)]
        begun = time.monotonic()
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as deleting:
            try:
                # The first round runs to its end, and tells how long a deletion takes here.
                deleting.wait(None if turn == 0 else whole * (0.5 + 0.5 * chance.random()))
            except subprocess.TimeoutExpired:
                deleting.kill()
        whole = time.monotonic() - begun if turn == 0 else whole
        with open_store(path) as store:
            interrupted += is_sweep_pending(store)
            assert delete_traces(store, user=f"user{turn}").clean
            assert not is_sweep_pending(store)
            assert list_traces(store, f"user:user{turn}").total == 0
            assert "keep me" in repr(get_trace(store, kept)) and "the policy" in repr(get_trace(store, kept))
            assert audit_verify(store).sound
            with store.read() as con:
                assert con.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        files = [found.read_bytes() for found in tmp_path.glob("store.db*") if not found.name.endswith("-shm")]
        assert not any(word.encode() in data or word[1:].encode() in data for data in files)
    assert interrupted, "no kill fell into a deletion"
