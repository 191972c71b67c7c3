"""The server application: OTLP endpoints, health, and whatever faces are mounted beside them, over one store."""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from ...ingest.limits import DEFAULT_LIMITS, Limits
from ...ingest.otlp.guard import LOOPBACK_NAMES, HostGuard
from ...ingest.otlp.receiver import DEFAULT_IN_FLIGHT_BYTES, otlp_routes
from ...model.traces import SpanBatch
from ...store.contract import Store
from ..receiving.deliveries import Receiving
from .background import QUIET_SECONDS, BackgroundWork
from .listening import Server, base_url, listen


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """How to serve."""

    project: str | None = None
    """For traces that name none."""
    limits: Limits = DEFAULT_LIMITS
    in_flight_bytes: int = DEFAULT_IN_FLIGHT_BYTES
    background: bool = True
    """Whether traces are analysed some seconds after their last span."""
    quiet_seconds: float = QUIET_SECONDS
    hosts: tuple[str, ...] | None = LOOPBACK_NAMES
    """Host names that are answered; None for any."""
    redact: Callable[[SpanBatch], int] | None = None
    """Takes secrets out of a batch in place; None leaves them in."""
    on_commit: Callable[[frozenset[int]], None] | None = None
    """Told the ids of traces that gained something, on the writer thread."""
    may_ingest: Callable[[Request], bool] | None = None
    """Whether a request carries a token that may send; None where none is needed."""


def build_app(
    store: Store,
    options: ServeOptions,
    *,
    routes: Sequence[BaseRoute] = (),
    lifespans: Sequence[Callable[[], AbstractAsyncContextManager[object]]] = (),
) -> Starlette:
    """The application. Its lifespan owns the writer and background threads; the store stays the caller's.

    Args:
        store: Where to.
        options: How to serve.
        routes: Other faces, mounted after the OTLP endpoints.
        lifespans: Entered while the application runs, for faces that need it.
    """
    background: BackgroundWork | None = None

    def on_commit(trace_ids: frozenset[int]) -> None:
        if background:
            background.touch(trace_ids)
        if options.on_commit:
            options.on_commit(trace_ids)

    receiving = Receiving(
        store,
        project=options.project,
        limits=options.limits,
        redact=options.redact,
        on_commit=on_commit,
    )
    if options.background:
        background = BackgroundWork(store, quiet_seconds=options.quiet_seconds, is_busy=lambda: receiving.busy)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        receiving.start()
        if background:
            background.start()
        try:
            async with AsyncExitStack() as stack:
                for enter in lifespans:
                    await stack.enter_async_context(enter())
                yield
        finally:
            receiving.close()
            if background:
                background.close()

    async def healthz(_: Request) -> JSONResponse:
        trouble = receiving.trouble
        answer = {"status": "trouble", "reason": trouble} if trouble else {"status": "ok"}
        return JSONResponse(answer, 503 if trouble else 200)

    otlp = otlp_routes(
        receiving, limits=options.limits, in_flight_bytes=options.in_flight_bytes, may_ingest=options.may_ingest
    )
    return Starlette(
        routes=[*otlp, Route("/healthz", healthz, methods=["GET"]), *routes],
        middleware=[Middleware(HostGuard, hosts=options.hosts)],
        lifespan=lifespan,
    )


@contextmanager
def serving(store: Store, options: ServeOptions | None = None, *, port: int = 0) -> Iterator[str]:
    """A receiver on loopback in a thread of this process, for the length of the block.

    Yields:
        Its base URL, `http://127.0.0.1:PORT`: what OTEL_EXPORTER_OTLP_ENDPOINT takes.

    Raises:
        PortBusyError: if the port is taken.
    """
    sock = listen("127.0.0.1", port)
    ready = threading.Event()
    server = _Announcing(build_app(store, options or ServeOptions()), ready)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, name="retrospan-server", daemon=True)
    thread.start()
    try:
        ready.wait()
        yield base_url(sock)
    finally:
        server.should_exit = True
        thread.join()
        sock.close()


class _Announcing(Server):
    """Says when it answers, or when it gave up."""

    def __init__(self, app: Starlette, ready: threading.Event) -> None:
        super().__init__(app)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self._ready.set()
