"""The MCP server on a real port, for clients that are programs of their own and cannot send a token."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from retrospan.mcp_server.http import http_app
from retrospan.services.serving.listening import Server, base_url, listen
from retrospan.store.contract import Store
from starlette.types import ASGIApp, Receive, Scope, Send

TOKEN = "rk-test"


class WithToken:
    """Adds the token that the client leaves out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "headers": [*scope["headers"], (b"authorization", f"Bearer {TOKEN}".encode())]}
        await self._app(scope, receive, send)


@contextmanager
def mcp_at(store: Store) -> Iterator[str]:
    """The address of a server over `store`, in a thread, for the length of the block."""
    app = http_app(store, {TOKEN: "agent"}.get, calls_per_minute=100_000)  # type: ignore[arg-type]
    sock = listen("127.0.0.1", 0)
    server = Server(WithToken(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    try:
        yield f"{base_url(sock)}/mcp"
    finally:
        server.should_exit = True
        thread.join()
        sock.close()
