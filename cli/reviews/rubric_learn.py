"""`retrospan rubric learn`: what signed answers suggest for a rubric's next version."""

from __future__ import annotations

import click

from ...model.text.display import safe_line, safe_text
from ...services.judging.rubric_learning import Learned, keep_learned, learn_rubric
from ...services.reviewing.rubrics import reopened_by
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json, say


@click.command("learn")
@click.argument("rubric_id", metavar="ID")
@click.option("--dry-run", is_flag=True, help="Keep no draft.")
@store_option
@json_option
def learn_command(rubric_id: str, dry_run: bool, store_location: str | None, as_json: bool) -> None:
    """Draft the next version of rubric ID from what went wrong with this one.

    Overruled proposals and judges, people who differed and "can't tell" become a few examples in the reviewers' own
    words; what no example settles is listed for whoever writes the rubric. `retrospan rubric confirm` signs the draft.
    """
    with opened(store_location) as store:
        learned = learn_rubric(store, rubric_id)
        kept = not dry_run and keep_learned(store, learned)
        touched = reopened_by(store, learned.current, learned.proposed)
    if as_json:
        print_json(_json(learned) | {"reopens": [f"R{number}" for number in touched]})
        return
    current, proposed = learned.current, learned.proposed
    say(f"{learned.found} telling answers under {current.id}; {len(learned.chosen)} chosen as examples.")
    for one in learned.chosen:
        echo(f"  {one.criterion} ({one.ground.value}, {one.verdict}): {safe_line(one.example, 200)}")
    for point in learned.open_points:
        say(f"{point.criterion}: {point.count} times {point.ground.value}, unsettled. Say in it what decides:")
        for reason in point.reasons:
            echo(f"  {safe_line(reason, 200)}")
    if learned.chosen:
        echo("\n" + safe_text(learned.diff.text))
        say(f"It would ask {len(touched)} decided items again, and no others.")
    if kept:
        say(f"Kept as a draft. Sign it: retrospan rubric confirm {proposed.id}.v{proposed.version}")


def _json(learned: Learned) -> dict[str, object]:
    return {
        "rubric": learned.current.id,
        "version": learned.proposed.version,
        "telling": learned.found,
        "examples": [
            {
                "criterion": one.criterion,
                "example": one.example,
                "ground": one.ground.value,
                "verdict": one.verdict,
            }
            for one in learned.chosen
        ],
        "open": [
            {
                "criterion": point.criterion,
                "ground": point.ground.value,
                "count": point.count,
                "reasons": list(point.reasons),
            }
            for point in learned.open_points
        ],
        "diff": learned.diff.text,
    }
