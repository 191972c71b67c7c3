"""kill -9 under load: nothing acknowledged is missing, nothing is doubled, the store opens."""

from __future__ import annotations

import http.client
import os
import random
import threading
from contextlib import closing
from pathlib import Path

import pytest
from otlp_requests import post, trace_id, trace_request
from retrospan.model.query import parse_query
from retrospan.services.serving.listening import listen
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from retrospan.store.search.lines import search
from served import Served

SPANS = 40
SENDERS = 3
_RETRY_AFTER_S = 0.05


class Load:
    """Senders that behave as exporters do: one request after the other, each sent again until it is acknowledged."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stop = threading.Event()
        self._guard = threading.Lock()
        self._next = 0
        self.acknowledged: list[int] = []
        self.sent: set[int] = set()
        self._progress = threading.Condition()
        self._threads = [threading.Thread(target=self._send_all) for _ in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def wait_for_more(self, count: int) -> None:
        """Return after `count` further acknowledgements."""
        with self._progress:
            wanted = len(self.acknowledged) + count
            assert self._progress.wait_for(lambda: len(self.acknowledged) >= wanted, timeout=120)

    def stop(self) -> None:
        """Let each sender finish its request."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _send_all(self) -> None:
        while not self._stop.is_set():
            with self._guard:
                self._next += 1
                number = self._next
            body = trace_request(*(f"{word(number)} step {n} {'lorem ' * 60}" for n in range(SPANS)), trace=number)
            self.sent.add(number)
            while not self._accepted(body):
                self._stop.wait(_RETRY_AFTER_S)
            with self._progress:
                self.acknowledged.append(number)
                self._progress.notify_all()

    def _accepted(self, body: bytes) -> bool:
        try:
            return post(self._url, "/v1/traces", body).status == 200
        except (OSError, http.client.HTTPException):
            return False


def word(number: int) -> str:
    """A word that only the trace of this number holds."""
    return f"walrus{number}x"


def _crash(path: Path, kills: int, rng: random.Random) -> Load:
    with closing(listen("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = Served(path, "--no-mcp", port=port)
    load = Load(server.url)
    try:
        for _ in range(kills):
            load.wait_for_more(rng.randint(1, 12))
            # The moment inside a commit is what matters, so it is drawn, not waited for.
            threading.Event().wait(rng.random() * 0.05)
            with server:
                server.kill()
            server = Served(path, "--no-mcp", port=port)
        load.wait_for_more(1)
    finally:
        load.stop()
        with server:
            code, _ = server.stop()
    assert code == 0
    return load


def _check(store: Store, load: Load) -> None:
    with store.read() as con:
        assert con.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert con.execute("PRAGMA foreign_key_check").fetchone() is None
        con.execute("INSERT INTO body_text(body_text) VALUES ('integrity-check')")
        kept = dict(
            con.execute(
                "SELECT t.trace_key, count(*) FROM trace t JOIN span s ON s.trace_id = t.id GROUP BY t.id"
            ).fetchall()
        )
        doubled = con.execute("SELECT trace_key FROM trace GROUP BY trace_key HAVING count(*) > 1").fetchall()
    assert doubled == []
    assert set(load.acknowledged) == load.sent
    assert kept == {trace_id(number).hex(): SPANS for number in load.sent}
    for number in load.acknowledged:
        (hit,) = search(store, parse_query(word(number)), limit=5)
        assert hit.trace_id


def _crash_and_check(path: Path, kills: int) -> None:
    load = _crash(path, kills, random.Random(7))
    with open_store(path) as store:
        _check(store, load)


def test_three_crashes_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    _crash_and_check(tmp_path / "store.db", 3)


@pytest.mark.slow
def test_many_crashes_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """`RETROSPAN_KILLS` says how many."""
    _crash_and_check(tmp_path / "store.db", int(os.environ.get("RETROSPAN_KILLS", "20")))
