"""Who may speak to the server: Host and Origin checks, so that no web page can reach it through a browser."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")


class HostGuard:
    """Answers 421 to a Host that is not ours (DNS rebinding) and 403 to an Origin that is not.

    Args:
        app: What is guarded.
        hosts: Names and addresses under which we are known, without port; None takes any Host.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] | None) -> None:
        self._app = app
        self._hosts = None if hosts is None else frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            refusal = self._refusal(Headers(scope=scope))
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, headers: Headers) -> PlainTextResponse | None:
        host = headers.get("host", "")
        if self._hosts is not None and host_name(host) not in self._hosts:
            return PlainTextResponse(
                "This Host is not served here. Name it with --allowed-host when starting `retrospan serve`.\n", 421
            )
        origin = headers.get("origin")
        if origin is not None and not _same_origin(origin, host):
            return PlainTextResponse("Pages of other sites may not send requests here.\n", 403)
        return None


def host_name(host: str) -> str:
    """The name of a Host header, lower case, without port and brackets.

    >>> host_name("[::1]:4318"), host_name("LocalHost:4318"), host_name("evil@127.0.0.1")
    ('::1', 'localhost', '')
    """
    if "@" in host or "/" in host:
        return ""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _same_origin(origin: str, host: str) -> bool:
    scheme, _, authority = origin.lower().partition("://")
    return scheme in ("http", "https") and authority == host.lower()


def token_of(headers: Headers) -> str:
    """The token of an Authorization header, else an empty text.

    `Bearer TOKEN`, or `Basic` with the token as the password, which is how Langfuse SDKs send their keys.
    """
    scheme, _, value = headers.get("authorization", "").partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer":
        return value
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode("ascii").partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""
