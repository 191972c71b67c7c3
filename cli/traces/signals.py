"""`retrospan signals`: what is notable in traces, how often each signal was right, and which are muted."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ...answers.json.values import signals_json
from ...model.errors import UsageError
from ...model.text.display import safe_line
from ...services.understanding.analysing import signals_of
from ...services.understanding.signal_precision import (
    LEAST_REVIEWS,
    MUTED_BELOW,
    Precision,
    mute_signals,
    muted_signals,
    signal_precision,
    unmute_signals,
)
from ...store.contract import Store
from ...store.reading.summaries import get_summaries
from ..shared.notices import notice_rules
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json
from .suspects import chosen_traces

_VERBS = {"mute": mute_signals, "unmute": unmute_signals}


@click.command(
    "signals",
    epilog="""\b
Examples:
  retrospan signals T12
  retrospan signals --all --json
  retrospan signals --precision       how often each was right by your reviewers
  retrospan signals mute loop         leave a signal out; unmute brings it back""",
)
@click.argument("traces", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every trace of the store.")
@click.option("--query", default="", help="Traces that this search line finds.")
@click.option("--precision", is_flag=True, help="How often each signal was right by valid human verdicts.")
@store_option
@json_option
def signals_command(
    traces: tuple[str, ...],
    every: bool,
    query: str,
    precision: bool,
    store_location: str | None,
    as_json: bool,
) -> None:
    """Show what is notable in traces: computed facts with quoted evidence, no model needed.

    `mute NAME…` and `unmute NAME…` in place of traces leave signals out of every answer of the store, or bring them
    back.
    """
    with opened(store_location) as store:
        if traces[:1] and traces[0] in _VERBS:
            _set(store, traces[0], traces[1:], as_json)
        elif precision:
            _show_precision(signal_precision(store), as_json)
        else:
            notice_rules(store)
            _show(store, chosen_traces(store, traces, every, query), as_json)


def _set(store: Store, verb: str, names: Sequence[str], as_json: bool) -> None:
    if not names:
        raise UsageError(f"Name the signals to {verb}: retrospan signals {verb} loop")
    _VERBS[verb](store, names)
    muted = sorted(muted_signals(store))
    if as_json:
        print_json({"muted": muted})
    else:
        echo(f"Muted: {', '.join(muted) or 'none'}.")


def _show_precision(rows: Sequence[Precision], as_json: bool) -> None:
    if as_json:
        print_json([_precision_json(row) for row in rows])
        return
    echo("Of the judged runs that show a signal, how many people called a failure (95 % interval):")
    for row in rows:
        share = row.share
        told = (
            "no reviews yet"
            if share is None
            else f"{share:4.0%} [{row.low:.0%}–{row.high:.0%}] ({row.right}/{row.reviews})"
        )
        kind = "" if row.failure else "  notable, no failure"
        mute = f"  muted by {row.because}" if row.muted else f"  kept by {row.because}" if row.because else ""
        echo(f"  {row.signal:<22} {told}{kind}{mute}")
    echo(f"A failure signal is muted where the upper bound is below {MUTED_BELOW:.0%} after {LEAST_REVIEWS} reviews.")


def _precision_json(row: Precision) -> dict[str, object]:
    return {
        "signal": row.signal,
        "failure": row.failure,
        "reviews": row.reviews,
        "right": row.right,
        "precision": row.share,
        "interval": [row.low, row.high],
        "muted": row.muted,
        "because": row.because,
    }


def _show(store: Store, chosen: Sequence[int], as_json: bool) -> None:
    found = signals_of(store, chosen)
    summaries = get_summaries(store, chosen)
    if as_json:
        print_json([signals_json(summary, found[summary.id]) for summary in summaries])
        return
    for summary in summaries:
        echo(f"{summary.short_id}  {safe_line(summary.input, 90)}")
        for signal in found[summary.id]:
            place = summary.short_id if signal.step is None else f"{summary.short_id}.{signal.step}"
            mark = "!" if signal.failure else "·"
            echo(f"  {mark} {signal.signal:<22} {place:<8} {safe_line(signal.reason, 140)}")
        if not found[summary.id]:
            echo("  nothing notable")
