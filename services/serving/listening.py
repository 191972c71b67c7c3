"""A socket to serve on, and a server that stops when told to, finishing what it accepted."""

from __future__ import annotations

import errno
import ipaddress
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from ...model.errors import RetrospanError, UsageError
from .bounded_http import BoundedProtocol

_PORTS_TRIED = 50
_MOST_CONNECTIONS = 512
_BACKLOG = 512
_KEEP_ALIVE_S = 75
"""Exporters send every 5 s by default and keep their connection; a shorter wait would break it under them."""
_GRACE_S = 10
"""As long as exporters wait for an answer; whoever stops us kills after some 30 s."""
_LAST_PORT = 65_535


class PortBusyError(RetrospanError):
    """Another program listens on the port.

    Attributes:
        port: The one asked for.
        next_free: One that was free a moment ago, None where none was found.
    """

    exit_code = 3

    def __init__(self, host: str, port: int, next_free: int | None) -> None:
        self.port = port
        self.next_free = next_free
        hint = "Name a free one with --port."
        if next_free is not None:
            hint = (
                f"The next free one is {next_free}: use --port {next_free}, and point senders there "
                f"(OTEL_EXPORTER_OTLP_ENDPOINT=http://{host}:{next_free})."
            )
        super().__init__(
            f"Port {port} on {host} is in use, perhaps by an OpenTelemetry collector or another `retrospan serve`. "
            f"{hint}"
        )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any free one.

    Raises:
        PortBusyError: if another program has the port.
        UsageError: if the host is no address of this machine, or the port may not be used.
    """
    try:
        return _bound(host, port)
    except socket.gaierror as err:
        raise UsageError(
            f"No address {host!r} ({err.strerror}). Use 127.0.0.1, or an address of this machine."
        ) from err
    except OSError as err:
        if err.errno == errno.EADDRINUSE:
            raise PortBusyError(host, port, _next_free(host, port)) from err
        raise UsageError(
            f"Cannot listen on {host} port {port} ({err.strerror}). Use 127.0.0.1 and a port from 1024 up."
        ) from err


def _bound(host: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(_BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _next_free(host: str, port: int) -> int | None:
    for candidate in range(port + 1, min(port + 1 + _PORTS_TRIED, _LAST_PORT + 1)):
        try:
            _bound(host, candidate).close()
        except OSError:
            continue
        return candidate
    return None


class Server(uvicorn.Server):
    """Ends normally on SIGTERM and SIGINT: open requests are answered, then the application's lifespan ends."""

    def __init__(self, app: ASGIApp) -> None:
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            # Else whoever connects would choose the address by which their guesses are counted and noted.
            proxy_headers=False,
            lifespan="on",
            http=BoundedProtocol,
            ws="none",
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_GRACE_S,
        )
        super().__init__(config)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn does, but the signal is not raised again afterwards, so that the exit code is 0."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        handled = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in handled}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def base_url(sock: socket.socket) -> str:
    """How a program on this machine reaches the socket, as an OTLP endpoint."""
    host, port = sock.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(sock: socket.socket) -> bool:
    """Whether only programs on this machine reach the socket."""
    return ipaddress.ip_address(sock.getsockname()[0].partition("%")[0]).is_loopback
