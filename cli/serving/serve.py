"""`retrospan serve`: receive traces over OTLP/HTTP."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable

import click
from starlette.applications import Starlette
from starlette.requests import Request

from ...ingest.otlp.guard import LOOPBACK_NAMES, token_of
from ...services.finding.top_failures import top_findings
from ...services.privacy.redacting import Redactor
from ...services.receiving.self_tracing import tracing_itself
from ...services.serving.application import ServeOptions, build_app
from ...services.serving.listening import Server, base_url, is_loopback, listen
from ...store.contract import Store
from ...store.settings.tokens import Role, verify_token
from ..shared.limit_options import chosen_limits, serve_limit_options
from ..shared.options import opened, otel_option, store_option
from ..shared.output import echo
from ..shared.privacy_options import privacy_options
from ..traces.import_ import print_findings

_TRACES_NOTED = 1_000
_COLLECT_AFTER = (20_000, 20, 50)
"""Objects until a collection of the youngest, and collections until one of the next older."""
_AT_LEAST_ONE = click.IntRange(1)
_EPILOG = """\b
Examples:
  retrospan serve
  retrospan serve --port 4319 --project support
  OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 python my_agent.py
"""


@click.command("serve", epilog=_EPILOG)
@store_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=4318, show_default=True, type=click.IntRange(0, 65_535), help="0 takes a free one.")
@click.option("--project", help="For traces that name no project and no service.")
@click.option(
    "--allowed-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME",
    help="A further host name this server is reached by; may be repeated.",
)
@privacy_options
@click.option("--mcp/--no-mcp", "with_mcp", default=True, help="Serve assistants at /mcp, with a token.")
@click.option("--background/--no-background", default=True, help="Analyse traces some seconds after their last span.")
@serve_limit_options
@otel_option
def serve_command(
    store_location: str | None,
    host: str,
    port: int,
    project: str | None,
    allowed_hosts: tuple[str, ...],
    personal: tuple[str, ...],
    structure_only: bool,
    with_mcp: bool,
    background: bool,
    otel: bool,
    **most: int,
) -> None:
    """Receive traces over OTLP/HTTP, on /v1/traces and /v1/logs (protobuf or JSON, gzip).

    A request is answered after its spans are stored and can be found. GET /healthz answers 200 when ready. Beyond
    this machine (--host) senders need a token: `retrospan token add NAME --role ingest`. Stops on Ctrl-C or SIGTERM,
    after finishing what it accepted.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    with listen(host, port) as sock, opened(store_location, create=True) as store, tracing_itself(otel):
        local = is_loopback(sock)
        seen: dict[int, None] = {}
        options = ServeOptions(
            project=project,
            limits=chosen_limits(**most),
            background=background,
            hosts=(*LOOPBACK_NAMES, host, *allowed_hosts) if local or allowed_hosts else None,
            redact=Redactor(personal, outline_key=store.id.encode() if structure_only else None),
            on_commit=lambda trace_ids: _note(seen, trace_ids),
            may_ingest=None if local else _ingest_token(store),
        )
        app = _with_mcp(store, options) if with_mcp else build_app(store, options)
        _collect_seldom()
        echo(f"Receiving OTLP on {base_url(sock)} into {store.location}")
        if not local:
            echo(f"Listening on {host}: senders need a token (`retrospan token add`), and nothing is encrypted here.")
        Server(app).run(sockets=[sock])
        _say_findings(store, list(seen))


def _collect_seldom() -> None:
    """Decoding a request makes tens of thousands of objects without a cycle; looking for one each 700 takes 3 %."""
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)


def _note(seen: dict[int, None], trace_ids: frozenset[int]) -> None:
    """Keep the newest traces, oldest first."""
    for trace_id in trace_ids:
        seen.pop(trace_id, None)
        seen[trace_id] = None
    while len(seen) > _TRACES_NOTED:
        del seen[next(iter(seen))]


def _say_findings(store: Store, trace_ids: list[int]) -> None:
    """What was failing among the newest traces, as far as it was found."""
    if not trace_ids:
        return
    echo(f"{len(trace_ids)}{'+' if len(trace_ids) == _TRACES_NOTED else ''} traces came; `retrospan trace list`.")
    if findings := top_findings(store, trace_ids):
        print_findings(findings)


def _with_mcp(store: Store, options: ServeOptions) -> Starlette:
    from ...mcp_server.http import http_app, store_tokens

    # Host and Origin are checked for the whole server, before anything is routed.
    face = http_app(store, store_tokens(store), hosts=None)
    return build_app(store, options, routes=face.routes, lifespans=[lambda: face.router.lifespan_context(face)])


def _ingest_token(store: Store) -> Callable[[Request], bool]:
    def may_ingest(request: Request) -> bool:
        token = verify_token(store, token_of(request.headers))
        return token is not None and token.role is Role.INGEST

    return may_ingest
