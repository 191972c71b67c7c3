"""The server over streamable HTTP: tokens, roles, hosts, limits."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio
import httpx2
import pytest
from conversations import Builder
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import TextContent
from retrospan.mcp_server.http import http_app, store_tokens
from retrospan.mcp_server.registry import Role, load_tools
from retrospan.services.serving.application import ServeOptions, build_app
from retrospan.services.serving.limiting import Limiter
from retrospan.store.contract import Store
from retrospan.store.settings import tokens
from retrospan.store.settings.tokens import add_token
from starlette.applications import Starlette

URL = "http://127.0.0.1:4318/mcp"
TOKENS: dict[str, Role] = {"rk-read": "read", "rk-agent": "agent"}
DISCOVER = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}


@asynccontextmanager
async def browser(app: Starlette, **headers: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, headers=headers) as client:
            yield client


def ask(app: Starlette, dialogue: Callable[[httpx2.AsyncClient], Awaitable[None]], **headers: str) -> None:
    async def both() -> None:
        async with browser(app, **headers) as client:
            await dialogue(client)

    anyio.run(both)


@pytest.fixture
def app(store: Store, runs: Builder) -> Starlette:
    return http_app(store, TOKENS.get)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_an_agent_token_reads_and_proposes(app: Starlette, mode: Any) -> None:
    async def dialogue(client: httpx2.AsyncClient) -> None:
        async with Client(streamable_http_client(URL, http_client=client), mode=mode) as mcp:
            (block,) = (await mcp.call_tool("get_trace", {"trace": "T3"})).content
            assert isinstance(block, TextContent)
            assert "order R-9 was shipped" in block.text
            asked = await mcp.call_tool("request_review", {"trace": "T1", "question": "Was it right?"})
            assert not asked.is_error

    ask(app, dialogue, authorization="Bearer rk-agent")


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_read_token_cannot_propose(app: Starlette, store: Store, mode: Any) -> None:
    async def dialogue(client: httpx2.AsyncClient) -> None:
        async with Client(streamable_http_client(URL, http_client=client), mode=mode) as mcp:
            refused = await mcp.call_tool("request_review", {"trace": "T1", "question": "Was it right?"})
            assert refused.is_error
            (block,) = refused.content
            assert isinstance(block, TextContent)
            assert "may only read" in block.text

    ask(app, dialogue, authorization="Bearer rk-read")
    with store.read() as con:
        assert con.execute("SELECT count(*) FROM review_item").fetchone()[0] == 0


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("role", ["read", "agent"])
@pytest.mark.parametrize("read_only", [False, True])
def test_a_token_is_shown_the_tools_it_may_use(store: Store, role: Role, mode: Any, read_only: bool) -> None:
    usable = [name for name, tool in load_tools().items() if not tool.writes or (role == "agent" and not read_only)]

    async def dialogue(client: httpx2.AsyncClient) -> None:
        async with Client(streamable_http_client(URL, http_client=client), mode=mode) as mcp:
            assert [tool.name for tool in (await mcp.list_tools()).tools] == usable

    app = http_app(store, TOKENS.get, read_only=read_only)
    ask(app, dialogue, authorization=f"Bearer rk-{role}")


@pytest.mark.parametrize(
    "header", [None, "Bearer", "Bearer ", "Bearer nope", "Basic cmstYWdlbnQ=", "rk-agent", "Bearer " + "x" * 9_000]
)
def test_without_a_valid_token_nothing_is_answered(app: Starlette, header: str | None) -> None:
    async def dialogue(client: httpx2.AsyncClient) -> None:
        for path in (URL, f"{URL}?token=rk-agent"):
            response = await client.post(path, json=DISCOVER)
            assert response.status_code == 401
            assert response.headers["www-authenticate"].startswith("Bearer")
            assert "tools" not in response.text

    ask(app, dialogue, **({"authorization": header} if header else {}))


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"host": "evil.example"}, 421), ({"origin": "https://evil.example"}, 403), ({"origin": "null"}, 403)],
)
def test_other_hosts_and_origins_are_refused(app: Starlette, headers: dict[str, str], status: int) -> None:
    async def dialogue(client: httpx2.AsyncClient) -> None:
        accept = {"accept": "application/json, text/event-stream"}
        response = await client.post(URL, json=DISCOVER, headers={**accept, **headers})
        assert response.status_code == status

    ask(app, dialogue, authorization="Bearer rk-agent")


def test_a_token_that_calls_too_often_must_wait(store: Store) -> None:
    app = http_app(store, TOKENS.get, calls_per_minute=3)

    async def dialogue(client: httpx2.AsyncClient) -> None:
        statuses = [(await client.post(URL, json={})).status_code for _ in range(5)]
        assert statuses[3:] == [429, 429]
        assert 429 not in statuses[:3]
        other = await client.post(URL, json={}, headers={"authorization": "Bearer rk-read"})
        assert other.status_code != 429

    ask(app, dialogue, authorization="Bearer rk-agent")


def test_tokens_of_the_store_have_the_role_they_were_made_with(store: Store) -> None:
    made = {role: add_token(store, f"t-{role}", role) for role in tokens.Role}
    verify = store_tokens(store)
    assert {role.value: verify(token) for role, token in made.items()} == {
        "ingest": None,
        "read": "read",
        "agent": "agent",
    }
    assert verify(made[tokens.Role.AGENT] + "x") is None


def test_it_stands_beside_the_receiver(store: Store, runs: Builder) -> None:
    mcp = http_app(store, TOKENS.get)
    lifespans = [lambda: mcp.router.lifespan_context(mcp)]
    app = build_app(store, ServeOptions(background=False), routes=mcp.routes, lifespans=lifespans)

    async def dialogue(client: httpx2.AsyncClient) -> None:
        assert (await client.get("http://127.0.0.1:4318/healthz")).status_code == 200
        async with Client(streamable_http_client(URL, http_client=client)) as connected:
            assert not (await connected.call_tool("get_trace", {"trace": "T1"})).is_error

    ask(app, dialogue, authorization="Bearer rk-read")


def test_a_bucket_refills_with_time() -> None:
    now = [0.0]
    limit = Limiter(60, 60, clock=lambda: now[0])
    assert [limit.take("a") for _ in range(61)].count(0) == 60
    assert limit.take("a") == 1 and limit.take("b") == 0
    now[0] = 2.0
    assert [limit.take("a") for _ in range(5)].count(0) == 2


def test_many_requests_at_once_use_few_threads(store: Store, runs: Builder) -> None:
    """Each thread that reads the store keeps a connection with a cache of its own for good."""
    app = http_app(store, store_tokens(store))
    token = add_token(store, "many", tokens.Role.AGENT)
    accept = {"accept": "application/json, text/event-stream"}

    async def dialogue(client: httpx2.AsyncClient) -> None:
        async with anyio.create_task_group() as group:
            for number in range(40):
                call = {"name": "get_trace", "arguments": {"trace": f"T{number % 3 + 1}"}}
                body = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": call}
                group.start_soon(partial(client.post, URL, json=body, headers=accept))
        workers = [thread for thread in threading.enumerate() if "AnyIO" in thread.name]
        assert 1 <= len(workers) <= 8

    ask(app, dialogue, authorization=f"Bearer {token}")
