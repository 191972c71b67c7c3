"""HTTP connections that end: a head that never comes, or a body that nobody reads, would hold a place for ever."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 15.0
"""How long a client may take from connecting, or from the first byte of a further request, to the end of its head."""
LINGER_SECONDS = 5.0
"""How long what is left of a refused body is still taken, so that its sender comes to read the answer."""


class BoundedProtocol(H11Protocol):
    """uvicorn's protocol with two more clocks; its own covers idle connections between requests only."""

    _head: asyncio.TimerHandle | None = None
    _linger: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._head, self._linger):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        unread = self.conn.their_state is h11.SEND_BODY
        super().on_response_complete()
        if unread and self._linger is None:
            self._linger = self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def _watch_head(self) -> None:
        waiting = self.conn.their_state is h11.IDLE and self.timeout_keep_alive_task is None
        if waiting and self._head is None:
            self._head = self.loop.call_later(HEAD_SECONDS, self.transport.abort)
        elif not waiting and self._head is not None:
            self._head.cancel()
            self._head = None
