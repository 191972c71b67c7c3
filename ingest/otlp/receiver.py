"""The OTLP/HTTP endpoints: read a body within bounds, hand it over, answer after it is stored."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ...model.errors import BadInputError, StoreBusyError, StoreError, TooLargeError
from ..limits import DEFAULT_LIMITS, MIB, Limits
from .answers import JSON, PROTOBUF, Signal, accepted, refused
from .bodies import BodyReader

PATHS: dict[str, Signal] = {
    "/v1/traces": "traces",
    "/api/public/otel/v1/traces": "traces",
    "/v1/logs": "logs",
    "/v1/metrics": "metrics",
}
"""Path → what it takes. The second is where Langfuse SDKs send. Metrics are accepted and dropped."""
REDACTED_HEADER = "retrospan-redacted"
"""How many secrets were taken out; a header, since exporters log every partial_success as a warning."""
DEFAULT_IN_FLIGHT_BYTES = 48 * MIB

_READ_SECONDS = 60.0
_DRAIN_SECONDS = 10.0
_DRAIN_BYTES = 64 * MIB
_RETRY_FULL_S = 1
_RETRY_STORE_S = 3
"""Exporters give up on a batch after 10 s by default; a longer wait would lose it at once."""
_PROTOBUF_NAMES = frozenset({PROTOBUF, "application/protobuf"})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request, decompressed."""

    signal: Signal
    body: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a delivery: all of it is stored but for `rejected` records."""

    rejected: int = 0
    why: str = ""
    redacted: int = 0
    """Secrets that were taken out before storing."""


class Sink(Protocol):
    """Whoever stores deliveries."""

    def submit(self, delivery: Delivery) -> Future[Receipt]:
        """A future that ends after the commit, or with `BadInputError` or `StoreError`."""


class Budget:
    """Bytes of bodies that may be in flight at once; a request beyond is told to come back."""

    def __init__(self, most: int = DEFAULT_IN_FLIGHT_BYTES) -> None:
        self.most = most
        self.held = 0

    def grow(self, by: int) -> None:
        """Take `by` bytes.

        Raises:
            BudgetError: if there is no room. An empty budget always has room, so that every lawful request can pass.
        """
        if self.held and self.held + by > self.most:
            raise BudgetError
        self.held += by

    def shrink(self, by: int) -> None:
        """Give bytes back."""
        self.held -= by


class BudgetError(Exception):
    """No room for another body now."""


def otlp_routes(
    sink: Sink,
    *,
    limits: Limits = DEFAULT_LIMITS,
    in_flight_bytes: int = DEFAULT_IN_FLIGHT_BYTES,
    may_ingest: Callable[[Request], bool] | None = None,
) -> list[Route]:
    """Routes for a Starlette application.

    Args:
        sink: Stores what comes.
        limits: `request_bytes` and the bounds against compression bombs are looked at here.
        in_flight_bytes: Bound on bodies being read or waiting to be stored, all requests together.
        may_ingest: Whether a request carries a token that may send; None where none is needed.
    """
    endpoint = _Endpoint(sink, limits, Budget(in_flight_bytes), may_ingest)
    return [Route(path, endpoint.post, methods=["POST"]) for path in PATHS]


class _Endpoint:
    def __init__(
        self, sink: Sink, limits: Limits, budget: Budget, may_ingest: Callable[[Request], bool] | None
    ) -> None:
        self._sink = sink
        self._limits = limits
        self._budget = budget
        self._may_ingest = may_ingest

    async def post(self, request: Request) -> Response:
        signal = PATHS[request.url.path]
        name = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        media_type = PROTOBUF if name in _PROTOBUF_NAMES else JSON
        if self._may_ingest and not self._may_ingest(request):
            message = "No valid token for sending. Run `retrospan token add NAME --role ingest` and send it as a header"
            return refused(401, media_type, f"{message}: Authorization: Bearer TOKEN.")
        if name not in _PROTOBUF_NAMES and name != JSON:
            return refused(415, JSON, f"Content-type {name!r} is not OTLP (known: {PROTOBUF}, {JSON}).")
        held = _Held(self._budget)
        try:
            body = await self._read(request, held)
            if signal == "metrics":
                return accepted(signal, media_type)
            receipt = await asyncio.wrap_future(self._sink.submit(Delivery(signal, body, media_type)))
            response = accepted(signal, media_type, receipt.rejected, receipt.why)
            if receipt.redacted:
                response.headers[REDACTED_HEADER] = str(receipt.redacted)
            return response
        except asyncio.CancelledError:
            # The grace of a shutdown is over; a sender that is still at its body may come back.
            return refused(503, media_type, "Retrospan is shutting down.", retry_after_s=_RETRY_STORE_S)
        except Exception as err:
            if isinstance(err, BudgetError | BadInputError):
                await _drain(request)
            return _refusal(err, media_type)
        finally:
            held.release()

    async def _read(self, request: Request, held: _Held) -> bytes:
        reader = BodyReader(request.headers.get("content-encoding", ""), self._limits)
        announced = request.headers.get("content-length", "")
        if announced.isascii() and announced.isdigit():
            # A body that is too large is refused before it is read; compressed it can only be larger inside.
            if int(announced) > self._limits.request_bytes:
                raise TooLargeError(
                    f"The request announces {int(announced):,} bytes (limit: {self._limits.request_bytes:,}). "
                    "Send smaller batches (OTEL_BSP_MAX_EXPORT_BATCH_SIZE), or raise the limit (--max-request-mib).",
                    where="content-length",
                )
            held.grow_to(int(announced))
        async with asyncio.timeout(_READ_SECONDS):
            async for piece in request.stream():
                reader.feed(piece)
                held.grow_to(reader.size)
        return reader.finish()


async def _drain(request: Request) -> None:
    """Read and drop what is left of a refused body: a sender that is cut off while it sends never reads the answer."""
    left = _DRAIN_BYTES
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for piece in request.stream():
                left -= len(piece)
                if left < 0:
                    return
    except (TimeoutError, ClientDisconnect, RuntimeError):
        # Starlette raises RuntimeError where the body was read to its end.
        return


class _Held:
    """One request's share of the budget."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._size = 0

    def grow_to(self, size: int) -> None:
        if size > self._size:
            self._budget.grow(size - self._size)
            self._size = size

    def release(self) -> None:
        self._budget.shrink(self._size)


def _refusal(err: Exception, media_type: str) -> Response:
    """The answer to what went wrong. What a sender may try again says when."""
    if isinstance(err, BudgetError):
        message = "Too many requests are waiting to be stored. Send this one again."
        return refused(429, media_type, message, retry_after_s=_RETRY_FULL_S)
    if isinstance(err, TooLargeError):
        return refused(413, media_type, str(err))
    if isinstance(err, BadInputError):
        return refused(415 if err.where in ("content-encoding", "content-type") else 400, media_type, str(err))
    if isinstance(err, StoreBusyError):
        return refused(503, media_type, str(err), retry_after_s=_RETRY_FULL_S)
    if isinstance(err, StoreError):
        return refused(503, media_type, str(err), retry_after_s=_RETRY_STORE_S)
    if isinstance(err, TimeoutError):
        return refused(408, media_type, f"The body did not arrive within {_READ_SECONDS:.0f} s. Send it again.")
    if isinstance(err, ClientDisconnect):
        return refused(400, media_type, "The sender went away before the body was complete.")
    log.error("Could not store a request", exc_info=err)
    return refused(500, media_type, "Retrospan failed on this request; its log says where. Others are not affected.")
