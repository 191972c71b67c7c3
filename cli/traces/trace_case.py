"""`retrospan trace case`."""

from __future__ import annotations

import click

from ...answers.case_file import BUDGET, case_text
from ...answers.json.case_file import case_json
from ...model.text.budget import MAX_BUDGET
from ...services.privacy.read_notes import at_hand, note_reading
from ...services.understanding.opening import open_case
from ...services.understanding.step_texts import told_steps
from ...store.reading.summaries import resolve_trace
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json


@click.command(
    "case",
    epilog="""\b
Examples:
  retrospan trace case T12
  retrospan trace case T12 T15 --json""",
)
@click.argument("traces", nargs=-1, required=True)
@click.option(
    "--budget", default=BUDGET, show_default=True, type=click.IntRange(600, MAX_BUDGET), help="Tokens for each run."
)
@store_option
@json_option
def case_command(traces: tuple[str, ...], budget: int, store_location: str | None, as_json: bool) -> None:
    """The case file of failing runs: what failed and by whose word, the outline, which rules were broken, where the
    values of the change in question come from, how the nearest good run differs, causes that people signed on alike
    runs, and three hypotheses, each with what would prove or refute it.

    What the tool open_case hands to an assistant; says "position only" where nothing more is known.
    """
    with opened(store_location) as store:
        ids = [resolve_trace(store, trace) for trace in traces]
        cases = [open_case(store, trace_id) for trace_id in ids]
        texts = (
            [] if as_json else [case_text(case, told_steps(store, case.trace.summary), budget=budget) for case in cases]
        )
        note_reading(store, ids, actor=at_hand("cli"), detail="trace case")
    if as_json:
        print_json([case_json(case) for case in cases])
        return
    echo("\n\n".join(texts))
