"""`retrospan observe`."""

from __future__ import annotations

import click

from ...services.modes.observing import record_observation
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json
from .mode import person


@click.command(
    "observe",
    epilog="""\b
Examples:
  retrospan observe T412.7 'refund promised before the check' --quote 'you will get your money'
  retrospan observe T9.2 'asked before it wrote' --quote 'Shall I go on?' --good""",
)
@click.argument("step")
@click.argument("label")
@click.option("--quote", required=True, help="Words that stand in the step, letter for letter.")
@click.option("--note", default="", help="Why it matters.")
@click.option("--good", is_flag=True, help="Something done well rather than a failure.")
@click.option("--mode", default=None, metavar="M3", help="The mode it belongs to; else the label decides.")
@click.option("--ask", is_flag=True, help="Queue a review of it as well.")
@store_option
@json_option
def observe_command(
    step: str,
    label: str,
    quote: str,
    note: str,
    good: bool,
    mode: str | None,
    ask: bool,
    store_location: str | None,
    as_json: bool,
) -> None:
    """File what you noticed in STEP under LABEL. Equal labels make one failure mode."""
    with opened(store_location) as store:
        recorded = record_observation(store, step, label, quote, by=person(), note=note, good=good, mode=mode, ask=ask)
    review = recorded.review.short_id if recorded.review else None
    if as_json:
        told = {"id": recorded.observation.short_id, "mode": recorded.mode, "runs": recorded.mode_size}
        print_json({**told, "opened": recorded.opened, "review": review})
        return
    asked = f"; {review} asks people" if review else ""
    echo(f"{recorded.observation.short_id} is in {recorded.mode}, with {recorded.mode_size} runs{asked}.")
