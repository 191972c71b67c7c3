"""`retrospan token`: who may send to, and read from, a server that asks for it."""

from __future__ import annotations

from dataclasses import asdict

import click

from ...store.settings.tokens import Role, add_token, list_tokens, revoke_token
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json, say

_EPILOG = """\b
Examples:
  retrospan token add ci --role ingest
  retrospan token add assistant --role agent --days 90
  retrospan token list
  retrospan token revoke ci
"""


@click.group("token", epilog=_EPILOG)
def token_group() -> None:
    """Tokens for `retrospan serve`: to send traces from other machines, and always for /mcp."""


@token_group.command("add", epilog=_EPILOG)
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="What it may do.")
@click.option("--days", type=click.IntRange(1, 3_650), help="How long it lasts (default: until it is revoked).")
@store_option
@json_option
def add_command(name: str, role: str, days: int | None, store_location: str | None, as_json: bool) -> None:
    """Make the token NAME and print it, once.

    ingest sends traces; read uses the read-only tools at /mcp; agent uses all of them. No token can confirm a verdict.
    """
    with opened(store_location, create=True) as store:
        token = add_token(store, name, Role(role), days=days)
    if as_json:
        print_json({"name": name, "role": role, "token": token})
        return
    echo(token)
    say(f"This is token {name!r} ({role}). It is not shown again. Send it as a header:", err=True)
    say("  Authorization: Bearer TOKEN", err=True)
    if role == Role.INGEST:
        say("  OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20TOKEN", err=True)


@token_group.command("list")
@store_option
@json_option
def list_command(store_location: str | None, as_json: bool) -> None:
    """List tokens: names and roles, never the tokens themselves."""
    with opened(store_location, create=True) as store:
        tokens = list_tokens(store)
    if as_json:
        print_json([asdict(token) for token in tokens])
        return
    for token in tokens:
        state = f"revoked {token.revoked_at}" if token.revoked_at else f"until {token.expires_at or 'revoked'}"
        say(f"{token.name}  {token.role}  made {token.created_at}  {state}")
    if not tokens:
        say("No tokens. Make one with `retrospan token add NAME --role ingest|read|agent`.", err=True)


@token_group.command("revoke")
@click.argument("name")
@store_option
def revoke_command(name: str, store_location: str | None) -> None:
    """Make the token NAME invalid, from the next request on."""
    with opened(store_location, create=True) as store:
        revoke_token(store, name)
    say(f"Token {name!r} is no longer valid.")
