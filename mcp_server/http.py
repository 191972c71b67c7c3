"""The server over streamable HTTP: always a token, even on loopback, since any local page or process could call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from anyio import CapacityLimiter, to_thread
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ..services.serving.limiting import Limiter
from ..store.contract import Store
from .registry import Role
from .server import build_server

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
PATH = "/mcp"
_SCHEME = "bearer "
_LONGEST_TOKEN = 512
_CHECKS_AT_ONCE = 2
"""Each thread that reads the store keeps a connection with a cache of its own, so their number bounds the memory."""


def http_app(
    store: Store,
    verify: Callable[[str], Role | None],
    *,
    path: str = PATH,
    read_only: bool = False,
    folder: Path | None = None,
    hosts: Sequence[str] | None = LOOPBACK,
    calls_per_minute: int = 600,
) -> Starlette:
    """The server as an application with one route, `path`.

    To mount it beside others use `[*app.routes]`, and enter `app.router.lifespan_context(app)` while serving.

    Args:
        store: Stays the caller's.
        verify: The role of a presented token; None where it is not valid. Called for every request, in a thread.
        path: Where the endpoint answers.
        read_only: Leave out every tool that writes, whatever a token's role.
        folder: The project whose knowledge folder is looked into; None for none.
        hosts: Host names that are answered, against DNS rebinding; None for any.
        calls_per_minute: Requests that one token may make.
    """
    server = build_server(store, read_only=read_only, folder=folder)
    security = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    if hosts is not None:
        security = TransportSecuritySettings(
            enable_dns_rebinding_protection=True,
            allowed_hosts=[name for host in hosts for name in (host, f"{host}:*")],
            allowed_origins=[f"{scheme}://{host}:*" for host in hosts for scheme in ("http", "https")],
        )
    inner = server.streamable_http_app(streamable_http_path=path, stateless_http=True, transport_security=security)
    guard = BearerGuard(inner, verify, Limiter(calls_per_minute, 60))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with inner.router.lifespan_context(inner):
            yield

    return Starlette(routes=[Route(path, endpoint=guard)], lifespan=lifespan)


def store_tokens(store: Store) -> Callable[[str], Role | None]:
    """`verify` for the tokens that are kept in the store itself. A token that only ingests has no role here."""
    from ..store.settings import tokens

    roles: dict[tokens.Role, Role] = {tokens.Role.READ: "read", tokens.Role.AGENT: "agent"}

    def verify(presented: str) -> Role | None:
        token = tokens.verify_token(store, presented)
        return None if token is None else roles.get(token.role)

    return verify


class BearerGuard:
    """Lets requests with a valid token through, and notes the token's role in the scope."""

    def __init__(self, app: ASGIApp, verify: Callable[[str], Role | None], limit: Limiter) -> None:
        self._app = app
        self._verify = verify
        self._limit = limit
        self._checks = CapacityLimiter(_CHECKS_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        header = Request(scope).headers.get("authorization", "")
        token = header[len(_SCHEME) :].strip() if header.lower().startswith(_SCHEME) else ""
        role = None
        if 0 < len(token) <= _LONGEST_TOKEN:
            role = await to_thread.run_sync(self._verify, token, limiter=self._checks)
        if role not in ("read", "agent"):
            answer = _refusal(401, "A bearer token of role read or agent is needed. Make one: `retrospan token add`.")
            answer.headers["WWW-Authenticate"] = 'Bearer realm="retrospan"'
            await answer(scope, receive, send)
        elif wait := self._limit.take(token):
            answer = _refusal(429, f"Too many calls with this token. Wait {wait} seconds.")
            answer.headers["Retry-After"] = str(wait)
            await answer(scope, receive, send)
        else:
            await self._app({**scope, "retrospan.role": str(role)}, receive, send)


def _refusal(status: int, text: str) -> JSONResponse:
    return JSONResponse({"error": text}, status)
