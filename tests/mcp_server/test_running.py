"""Long calls: heard while they run, and called off when the client gives them up, with nothing half-written."""

from __future__ import annotations

import threading
from typing import Any

import anyio
import pytest
from conversations import Builder, says
from mcp.client import Client
from mcp.types import ResourceLink, TextContent
from mcp_http import mcp_at
from retrospan.mcp_server.running import Report, run_stoppable
from retrospan.mcp_server.server import build_server
from retrospan.model.errors import StoppedError
from retrospan.store.contract import Store

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
WAIT_S = 20
ASKED = {"trace": "T1", "question": "Was it right?"}


class Endless:
    """Work that writes a row, then never ends of itself.

    Attributes:
        begun: Set when the row is written.
        error: What ended it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.begun = threading.Event()
        self.ended = threading.Event()
        self.error: BaseException | None = None

    def __call__(self, *_: Any, **__: Any) -> str:
        try:
            with self._store.write() as con:
                con.execute("INSERT INTO meta(key, value) VALUES ('half', 'written')")
                self.begun.set()
                return str(con.execute(ENDLESS).fetchone()[0])
        except BaseException as err:
            self.error = err
            raise
        finally:
            self.ended.set()

    def leaves_nothing(self) -> bool:
        """Whether it has ended, called off, and its row is gone."""
        assert self.ended.wait(WAIT_S)
        assert isinstance(self.error, StoppedError), self.error
        with self._store.read() as con:
            return bool(con.execute("SELECT count(*) FROM meta WHERE key = 'half'").fetchone()[0] == 0)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_call_that_is_given_up_ends_and_writes_nothing(
    store: Store, runs: Builder, monkeypatch: pytest.MonkeyPatch, mode: Any
) -> None:
    work = Endless(store)
    monkeypatch.setattr("retrospan.answers.reading_traces.read_trace", work)

    async def both() -> None:
        async with Client(build_server(store), mode=mode) as client:
            async with anyio.create_task_group() as group:
                group.start_soon(client.call_tool, "get_trace", {"trace": "T1"})
                await anyio.to_thread.run_sync(work.begun.wait, WAIT_S)
                group.cancel_scope.cancel()
            assert await anyio.to_thread.run_sync(work.leaves_nothing)
            asked = await client.call_tool("request_review", ASKED)
            assert not asked.is_error

    anyio.run(both)


def test_over_http_closing_the_answer_ends_the_call(
    store: Store, runs: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Endless(store)
    monkeypatch.setattr("retrospan.answers.reading_traces.read_trace", work)

    async def give_up(url: str) -> None:
        async with Client(url) as client, anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "get_trace", {"trace": "T1"})
            await anyio.to_thread.run_sync(work.begun.wait, WAIT_S)
            group.cancel_scope.cancel()

    with mcp_at(store) as url:
        anyio.run(give_up, url)
        assert work.leaves_nothing()


def test_what_was_called_off_begins_no_further_statement(store: Store) -> None:
    stop = threading.Event()
    with store.stoppable(stop):
        with store.read() as con:
            assert con.execute("SELECT 1").fetchone()[0] == 1
        stop.set()
        with pytest.raises(StoppedError), store.read():
            pass
        with pytest.raises(StoppedError), store.write():
            pass
    with store.write() as con:
        con.execute("INSERT INTO meta(key, value) VALUES ('later', 'fine')")


def test_work_between_statements_ends_at_its_next_report(store: Store) -> None:
    begun, ended = threading.Event(), threading.Event()

    def work(report: Report) -> None:
        begun.set()
        try:
            while True:
                report(1, 2, "rounds")
        finally:
            ended.set()

    async def both() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(run_stoppable, store, work, anyio.CapacityLimiter(1))
            await anyio.to_thread.run_sync(begun.wait, WAIT_S)
            group.cancel_scope.cancel()
        assert await anyio.to_thread.run_sync(ended.wait, WAIT_S)

    anyio.run(both)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("over", ["memory", "http"])
def test_a_client_hears_how_far_a_long_call_is(store: Store, traces: Builder, mode: Any, over: str) -> None:
    for number in range(40):
        traces.add(says("user", f"Question {number}"), says("assistant", "Answer"), outcome="fail")
    heard: list[tuple[float, float | None, str | None]] = []

    async def listen(server: Any) -> None:
        async def note(progress: float, total: float | None, message: str | None) -> None:
            heard.append((progress, total, message))

        async with Client(server, mode=mode) as client:
            await client.call_tool("summarize_failures", {}, progress_callback=note)

    if over == "memory":
        anyio.run(listen, build_server(store))
    else:
        with mcp_at(store) as url:
            anyio.run(listen, url)
    assert heard == [(16, 40, "runs looked at"), (32, 40, "runs looked at"), (40, 40, "runs looked at")]


def test_a_body_that_was_cut_has_a_link(store: Store, traces: Builder) -> None:
    traces.add(says("user", 'get_trace(trace="T7", steps="7") ' * 900), says("assistant", "x" * 9_000))

    async def both() -> None:
        async with Client(build_server(store)) as client:
            whole = await client.call_tool("get_trace", {"trace": "T1", "steps": "0", "budget": 300})
            text, link = whole.content
            assert isinstance(text, TextContent)
            assert isinstance(link, ResourceLink)
            assert str(link.uri) == "retrospan://trace/T1/step/0"
            (step,) = (await client.read_resource(str(link.uri))).contents
            assert len(step.model_dump_json()) > 2 * len(text.text)
            assert len((await client.call_tool("search_traces", {})).content) == 1

    anyio.run(both)
