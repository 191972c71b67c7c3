"""Brakes: what is tried too often waits, whoever else tries what."""

from __future__ import annotations

from typing import Any

import anyio
from retrospan.services.serving.limiting import Limiter
from retrospan.services.serving.listening import Server


def test_a_flood_of_other_keys_makes_no_key_forget_its_tries() -> None:
    limiter = Limiter(5, 300, lambda: 0.0)
    assert [limiter.take("ada") for _ in range(5)] == [0] * 5
    for number in range(6_000):
        limiter.take(f"nobody {number}")
    assert limiter.take("ada") > 0


def test_nobody_chooses_the_address_they_come_from() -> None:
    """Tries are counted and noted by address; a header that a client sends must not be it."""
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope["client"], scope["scheme"]))

    config = Server(app).config
    config.load()
    headers = [(b"x-forwarded-for", b"203.0.113.9"), (b"x-forwarded-proto", b"https")]
    scope = {"type": "http", "client": ("127.0.0.1", 5), "scheme": "http", "headers": headers, "asgi": {}}
    anyio.run(config.loaded_app, scope, None, None)
    assert seen == [(("127.0.0.1", 5), "http")]
