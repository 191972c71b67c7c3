"""`retrospan weights`: what the sources of evidence weigh in a project, and learning it from confirmed causes."""

from __future__ import annotations

import click

from ...analysis.suspects import SOURCES
from ...services.understanding.confirmed_causes import confirmed_causes
from ...services.understanding.weights import Learned, learn_project, weighted_sources
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json, say


@click.command(
    "weights",
    epilog="""\b
Examples:
  retrospan weights support             what each source of evidence weighs
  retrospan weights support --learn     learn it again from confirmed causes""",
)
@click.argument("project")
@click.option("--learn", is_flag=True, help="Learn from the causes that people confirmed, 50 at least.")
@store_option
@json_option
def weights_command(project: str, learn: bool, store_location: str | None, as_json: bool) -> None:
    """Show or learn the weights by which suspects are ranked in PROJECT.

    Learned weights are kept only where they find more of the causes that were held out than the shipped ones.
    """
    with opened(store_location) as store:
        learned = learn_project(store, project) if learn else None
        causes = learned.causes if learned else len(confirmed_causes(store, project))
        weights = {name: weight for name, (_, weight) in weighted_sources(store, project).items()}
    own = any(weight != SOURCES[name][1] for name, weight in weights.items())
    if as_json:
        held = _held_out(learned) if learned else None
        print_json({"project": project, "causes": causes, "learned": own, "weights": weights, "held_out": held})
        return
    if learned:
        say(_told(learned))
    say(f"Weights of {project} ({'learned' if own else 'as shipped'}; {causes} confirmed causes):")
    for name, weight in weights.items():
        echo(f"  {name:<10} {weight:.2f}")


def _held_out(learned: Learned) -> dict[str, object] | None:
    if learned.causes < learned.needed:
        return None
    return {
        "n": learned.causes,
        "hit_1": learned.hit_1,
        "hit_3": learned.hit_3,
        "shipped_hit_1": learned.shipped_hit_1,
        "shipped_hit_3": learned.shipped_hit_3,
    }


def _told(learned: Learned) -> str:
    if learned.causes < learned.needed:
        return (
            f"{learned.causes} confirmed causes; {learned.needed} are needed to learn from. The shipped weights stay."
        )
    kept = "kept" if learned.weights else "no better, so the shipped weights stay"
    return (
        f"On tasks held out, the first suspect is right in {learned.hit_1} of {learned.causes} runs (shipped weights "
        f"{learned.shipped_hit_1}), the first three in {learned.hit_3} (shipped {learned.shipped_hit_3}): {kept}."
    )
