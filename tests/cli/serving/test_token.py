"""`retrospan token`: shown once, listed without its secret."""

from __future__ import annotations

import json

from click.testing import CliRunner
from retrospan.cli.main import cli


def test_a_token_is_printed_alone_and_never_again() -> None:
    runner = CliRunner()
    made = runner.invoke(cli, ["token", "add", "ci", "--role", "ingest"])
    token = made.stdout.strip()
    assert made.exit_code == 0
    assert token.startswith("rts_")
    assert "not shown again" in made.stderr
    listed = runner.invoke(cli, ["token", "list", "--json"]).stdout
    assert token.split("_", 2)[2] not in listed  # the secret may hold an underscore itself
    (entry,) = json.loads(listed)
    assert (entry["name"], entry["role"], entry["revoked_at"]) == ("ci", "ingest", None)


def test_an_unknown_role_is_wrong_usage() -> None:
    assert CliRunner().invoke(cli, ["token", "add", "ci", "--role", "admin"]).exit_code == 2
