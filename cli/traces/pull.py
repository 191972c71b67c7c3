"""`retrospan pull` and `retrospan push`: traces from another product, verdicts back to it."""

from __future__ import annotations

import os

import click

from ...ingest.connectors.registry import PRODUCTS, open_connector
from ...services.privacy.erasing import parse_age
from ...services.privacy.redacting import Redactor
from ...services.receiving.pulling import Pulled, pull_traces, write_back
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json, progress_bar, say
from ..shared.privacy_options import privacy_options
from .import_ import print_findings

_KEY_VARIABLES = {"phoenix": "PHOENIX_API_KEY"}
_product = click.argument("product", type=click.Choice(PRODUCTS))
_url = click.argument("url")
_project = click.option("--project", required=True, help="The project there.")
_api_key_env = click.option(
    "--api-key-env", metavar="NAME", help="The environment variable with the API key (default: PHOENIX_API_KEY)."
)


@click.command(
    "pull",
    epilog="""\b
Examples:
  retrospan pull phoenix http://127.0.0.1:6006 --project support --since 7d
  retrospan pull phoenix http://127.0.0.1:6006 --project support""",
)
@_product
@_url
@_project
@click.option("--since", metavar="AGE", help="How far back to begin, as 7d or 12h (default: everything).")
@click.option("--again", is_flag=True, help="Begin at --since even if later ones were pulled; brings new annotations.")
@_api_key_env
@privacy_options
@store_option
@json_option
def pull_command(
    product: str,
    url: str,
    project: str,
    since: str | None,
    again: bool,
    api_key_env: str | None,
    personal: tuple[str, ...],
    structure_only: bool,
    store_location: str | None,
    as_json: bool,
) -> int:
    """Fetch the traces of a project with their annotations, and say what is failing in them.

    The next pull fetches only what is new. A pull that is repeated or was interrupted changes nothing twice.
    """
    connector = open_connector(product, url, _api_key(product, api_key_env))
    with opened(store_location, create=True) as store, progress_bar() as on_progress:
        report = pull_traces(
            store,
            connector,
            project,
            since=None if since is None else parse_age(since),
            again=again,
            redact=Redactor(personal, outline_key=store.id.encode() if structure_only else None),
            on_progress=on_progress,
        )
    if as_json:
        print_json(_json(report))
    else:
        _print(report)
    return 1 if report.errors else 0


@click.command(
    "push",
    epilog="""\b
Example:
  retrospan push phoenix http://127.0.0.1:6006 --project support""",
)
@_product
@_url
@_project
@click.option("--local-project", help="The project here, where it has another name.")
@_api_key_env
@store_option
@json_option
def push_command(
    product: str,
    url: str,
    project: str,
    local_project: str | None,
    api_key_env: str | None,
    store_location: str | None,
    as_json: bool,
) -> None:
    """Write human verdicts back as annotations: those whose signature is valid today. Repeating it replaces them."""
    connector = open_connector(product, url, _api_key(product, api_key_env))
    with opened(store_location, create=True) as store:
        done = write_back(store, connector, project, local_project=local_project)
    if as_json:
        print_json({"verdicts": done.verdicts, "annotations": done.annotations, "unknown": done.unknown})
        return
    echo(f"{done.verdicts} valid verdicts; {done.annotations} annotations written.")
    if done.unknown:
        echo(f"{done.unknown} are on spans that are not there.")


def _api_key(product: str, variable: str | None) -> str | None:
    """The key, from the environment only: an argument would show in the list of processes.

    Raises:
        click.UsageError: if a variable is named and empty.
    """
    key = os.environ.get(variable or _KEY_VARIABLES[product])
    if variable and not key:
        raise click.UsageError(f"The environment variable {variable} is not set.")
    return key


def _print(report: Pulled) -> None:
    echo(f"{report.traces} new traces, {report.updated} updated; {report.spans} spans fetched.")
    if report.redacted:
        echo(f"{report.redacted} secrets were taken out before anything was stored.")
    if report.erased:
        echo(f"{report.erased} traces were left out: they were deleted here on purpose.")
    for error in report.errors[:10]:
        say(f"  skipped {error.where}: {error.what}", err=True)
    print_findings(report.findings)


def _json(report: Pulled) -> dict[str, object]:
    return {
        "since": report.since.isoformat(),
        "traces": report.traces,
        "updated": report.updated,
        "spans": report.spans,
        "redacted": report.redacted,
        "erased": report.erased,
        "errors": [{"file": error.file, "where": error.where, "what": error.what} for error in report.errors],
        "findings": [
            {"signal": finding.signal, "traces": finding.traces, "of": finding.of, "example": finding.example}
            for finding in report.findings
        ],
    }
