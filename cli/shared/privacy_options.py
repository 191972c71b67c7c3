"""Options of the commands that take traces in. Apart from `options`, so that others do not load the redaction."""

from __future__ import annotations

import click

from ...model.text.secrets import PERSONAL
from .options import F


def privacy_options(command: F) -> F:
    """`--redact KIND` and `--structure-only`: what is not kept of the traces that come in."""
    redact = click.option(
        "--redact",
        "personal",
        multiple=True,
        type=click.Choice(PERSONAL),
        help="Personal data to take out beside secrets; may be repeated.",
    )
    outline = click.option("--structure-only", is_flag=True, help="Keep no content, only its lengths and hashes.")
    return redact(outline(command))
