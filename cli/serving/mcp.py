"""`retrospan mcp`: serve an assistant over stdio."""

from __future__ import annotations

from pathlib import Path

import click

from ...services.receiving.self_tracing import tracing_itself
from ..shared.options import opened, otel_option, store_option


@click.command(
    "mcp",
    epilog="""\b
Examples:
  retrospan mcp
  retrospan mcp --read-only --store ~/traces/store.db
  claude mcp add retrospan -- retrospan mcp""",
)
@click.option("--read-only", is_flag=True, help="Open the store read-only and leave out the tools that write.")
@click.option("--page", default="", metavar="URL", help="Address of the review page, for the link on a review card.")
@otel_option
@store_option
def mcp_command(read_only: bool, page: str, otel: bool, store_location: str | None) -> None:
    """Serve the tools to an MCP client on stdin and stdout."""
    from ...mcp_server.server import serve_stdio

    with opened(store_location, read_only=read_only, create=True) as store, tracing_itself(otel):
        serve_stdio(store, read_only=read_only, folder=Path.cwd(), page=page)
