"""`retrospan review --web`: the review page, in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...ingest.otlp.guard import LOOPBACK_NAMES
from ...model.errors import UsageError
from ...page.app import build_page
from ...page.signing_in import FrontDoor
from ...services.serving.listening import Server, base_url, is_loopback, listen
from ...store.contract import Store
from ...trust.session import ReviewSession
from ..shared.output import echo


@dataclass(frozen=True, slots=True)
class PageOptions:
    """How the page is reached."""

    host: str
    port: int
    allowed_hosts: tuple[str, ...]
    behind_tls: bool


def serve_page(store: Store, inviter: ReviewSession | None, invited: Sequence[str], options: PageOptions) -> None:
    """Serve the page until it is stopped, after printing an invitation link for each person invited.

    Raises:
        UsageError: where the page would be reached over the network without TLS.
    """
    with listen(options.host, options.port) as sock:
        local = is_loopback(sock)
        if not local and not options.behind_tls:
            raise UsageError(
                f"On {options.host} passphrases would cross the network in the clear. Listen on 127.0.0.1 behind a "
                "proxy that speaks TLS (docs/how-to/review-page.md), or say --behind-tls if one already does."
            )
        door = FrontDoor(store, inviter)
        address = base_url(sock)
        if options.allowed_hosts and options.behind_tls:
            address = f"https://{options.allowed_hosts[0]}"
        echo(f"The review page is at {address}")
        for name in invited:
            echo(f"Invitation for {name} (works once, for 7 days): {address}/invite/{door.invite(name)}")
        hosts = (*LOOPBACK_NAMES, options.host, *options.allowed_hosts)
        try:
            Server(build_page(store, door, hosts=hosts, secure=options.behind_tls)).run(sockets=[sock])
        finally:
            door.close()
