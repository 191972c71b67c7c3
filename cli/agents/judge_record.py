"""`retrospan judge show|calibrate|plan`: what a judge is worth beside people, and what to label next."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, get_args

import click

from ...analysis.judging.choosing import Refused
from ...analysis.judging.drift import Drift
from ...model.fields import record_of
from ...model.reviews import ItemState
from ...model.text.display import safe_line
from ...services.judging.calibrating import Calibration, calibrate, judge_versions
from ...services.judging.drifting import judge_drift
from ...services.judging.plain_words import in_words, narrower, picture
from ...services.judging.slices import FEWEST, Slice, SliceBy, slices_of
from ...services.reviewing.asking import list_reviews
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json, say

_SHOWN = 10


def _prompt() -> str:
    from ...agents.judging import key_of_prompt

    return key_of_prompt()


@click.command("show", epilog="\b\nExamples:\n  retrospan judge show\n  retrospan judge show --json")
@store_option
@json_option
def show_command(store_location: str | None, as_json: bool) -> None:
    """List the judges that have answered here: each version with its rubric, criterion, model and answers."""
    with opened(store_location) as store:
        versions = judge_versions(store)
    rows = [
        {
            "judge": version.name,
            "rubric": f"{version.params['rubric']} v{version.params['version']}",
            "criterion": version.params["criterion"],
            "model": version.params.get("model"),
            "signal": version.params.get("signal"),
            "function": version.params.get("function"),
            "probe": "probe" in version.params,
            "since": version.since,
            "answers": len(version.labels),
            "current_prompt": not version.params.get("model") or version.key.startswith(_prompt()),
        }
        for version in versions
    ]
    if as_json:
        print_json(rows)
        return
    if not rows:
        say("No judge has answered yet. Ask one: retrospan judge 'since:7d'")
    for row in rows:
        note = "" if row["current_prompt"] else "; its prompt has changed since"
        say(
            f"{safe_line(str(row['judge']), 40)}: {safe_line(str(row['criterion']), 40)} of "
            f"{safe_line(str(row['rubric']), 60)}, {safe_line(_by(row), 60)}, "
            f"{row['answers']} runs since {str(row['since'])[:10]}{note}"
        )


def _by(row: dict[str, Any]) -> str:
    if row["model"] or row["signal"]:
        return str(row["model"] or f"signal {row['signal']}")
    return "learned from verdicts" if row["probe"] else f"function {row['function']}"


@click.command(
    "calibrate",
    epilog="\b\nExamples:\n  retrospan judge calibrate refund-window\n"
    "  retrospan judge calibrate refund-window --where project:support --test\n\b\n"
    "Exit codes: 0 a rate can be told and nothing is out of date, 1 otherwise, 2 wrong usage.",
)
@click.argument("name")
@click.option("--where", default="", help="A search line: only this slice of the runs.")
@click.option("--test", is_flag=True, help="Look at the half that is kept for the last look; it is noted.")
@click.option("--by", type=click.Choice(get_args(SliceBy)), help="Also apart for each of these.")
@store_option
@json_option
def calibrate_command(
    name: str, where: str, test: bool, by: SliceBy | None, store_location: str | None, as_json: bool
) -> int:
    """Hold the answers of judge NAME against people's signed verdicts on the same runs.

    Says in plain words whether it may be trusted, what the failure rate is once its errors are corrected, or why no
    rate can be told and how many verdicts would change that, and where it and people differ.
    """
    with opened(store_location) as store:
        found = calibrate(store, name, where=where, test=test, prompt=_prompt())
        slices = slices_of(store, found, by) if by else []
    if as_json:
        told = [record_of(entry, wrong=record_of(entry.wrong)) for entry in slices]
        print_json(_json(found) | {"slices": told})
    else:
        for line in in_words(found):
            say(line)
        echo()
        for line in picture(found):
            say(line)
        _say_slices(slices, by)
        _say_disagreements(found)
    return 1 if found.stale or isinstance(found.rate, Refused) else 0


@click.command(
    "drift",
    epilog="\b\nExamples:\n  retrospan judge 'verdict:any since:90d' --criterion refund-window --again\n"
    "  retrospan judge drift refund-window\n\b\nExit codes: 0 nothing has changed, 1 something has, 2 wrong usage.",
)
@click.argument("name")
@store_option
@json_option
def drift_command(name: str, store_location: str | None, as_json: bool) -> int:
    """Say whether judge NAME answers otherwise than it did, or what it judges has changed.

    Rests on its answers over time: runs with a verdict that it was asked about again (`--again`) show the judge's own
    change, new runs the system's.
    """
    with opened(store_location) as store:
        found = judge_drift(store, name)
    if as_json:
        print_json(record_of(found, says=found.in_words))
    else:
        say(found.in_words)
    return 0 if found.drift is Drift.NONE else 1


@click.command("plan", epilog="\b\nExamples:\n  retrospan judge plan refund-window --minutes 20")
@click.argument("name")
@click.option("--minutes", default=20.0, show_default=True, type=click.FloatRange(1, 10_000), help="To spend.")
@store_option
@json_option
def plan_command(name: str, minutes: float, store_location: str | None, as_json: bool) -> None:
    """Say which waiting items to label next for judge NAME, and what the minutes would bring.

    Of the items that chance drew, in an order that is random too: so the rate stays honest wherever you stop.
    """
    with opened(store_location) as store:
        found = calibrate(store, name, prompt=_prompt())
        waiting = list_reviews(store, state=ItemState.OPEN, queue=found.queue or None, limit=1_000)
    useful = [item for item in waiting if item.trace_id in found.judge.labels and item.inclusion_probability]
    useful.sort(key=lambda item: hashlib.sha256(f"{name} {item.id}".encode()).digest())
    chosen = useful[: max(1, int(minutes / found.minutes_each))]
    if as_json:
        items = [
            {"item": item.short_id, "trace": f"T{item.trace_id}", "p": item.inclusion_probability} for item in chosen
        ]
        print_json({"judge": name, "says": narrower(found, minutes), "items": items})
        return
    say(narrower(found, minutes))
    if not chosen:
        say(
            "No waiting item has an answer of this judge and a known chance: retrospan queue fill, then judge its runs."
        )
    for item in chosen[:_SHOWN]:
        say(f"  {item.short_id} T{item.trace_id}: stands for {1 / (item.inclusion_probability or 1):.0f} runs")
    if len(chosen) > _SHOWN:
        say(f"  and {len(chosen) - _SHOWN} more")


def _say_slices(slices: Sequence[Slice], by: str | None) -> None:
    if not by:
        return
    echo()
    say(f"By {by} (of {FEWEST} runs or more; {len(slices)} looked at, one stands out only beyond what that many give):")
    for entry in slices[:_SHOWN]:
        note = "  stands out" if entry.stands_out else ""
        say(
            f"  {safe_line(entry.name, 60)}: differs from people on {entry.wrong.value:.0%} of {entry.runs} runs "
            f"(in truth {entry.wrong.low:.0%} to {entry.wrong.high:.0%}){note}"
        )


def _say_disagreements(found: Calibration) -> None:
    if not found.disagreements:
        return
    echo()
    say(f"Where they differ ({len(found.disagreements)} in the half that may be looked at):")
    for run in found.disagreements[:_SHOWN]:
        why = f": {safe_line(run.people.reason, 100)}" if run.people.reason else ""
        say(f"  T{run.trace_id} people {run.human.value}, judge {run.judge.value}{why}")


def _json(found: Calibration) -> dict[str, Any]:
    return {
        "judge": found.judge.name,
        "key": found.judge.key,
        "says": in_words(found),
        "dev": record_of(found.dev, trusted=found.dev.trusted),
        "test": record_of(found.test, trusted=found.test.trusted) if found.test else None,
        "test_used": found.test_used,
        "rate": record_of(found.rate, refused=isinstance(found.rate, Refused)),
        "queue": found.queue,
        "population": found.population,
        "stale": list(found.stale),
        "abstention": [record_of(point) for point in found.abstention],
        "flips": [record_of(flip, rate=record_of(flip.rate)) for flip in found.flips],
        "disagreements": [
            {"trace": f"T{run.trace_id}", "human": run.human.value, "judge": run.judge.value}
            for run in found.disagreements
        ],
    }
