"""`retrospan judge flips|anchors`: ask a judge again, about runs as they are and as they are changed."""

from __future__ import annotations

import click

from ...model.fields import record_of
from ...services.agent_work.jobs import only_one
from ...services.judging.anchors import FEWEST, anchors_of, note_anchors
from ...services.judging.calibrating import find_judge
from ...services.judging.consistency import flips_of, runs_to_try
from ...services.judging.drifting import judge_drift
from ...services.judging.plain_words import consistency_words
from ..shared.agent_options import AgentRun, agent_options, print_spent, spent_json, with_client
from ..shared.options import json_option, opened, store_option
from ..shared.output import print_json, progress_bar, say


@click.command(
    "flips",
    epilog="\b\nExamples:\n  retrospan judge flips refund-window --dry-run\n"
    "  retrospan judge flips refund-window --items 20 --budget-usd 0.50\n\b\n"
    "Exit codes: 0 all was asked, 1 some is left (budget, time, endpoint), 2 wrong usage. The same command goes on.",
)
@click.argument("name")
@click.option("--items", default=10, show_default=True, type=click.IntRange(2, 200), help="Runs to try it on.")
@agent_options
@store_option
@json_option
def flips_command(name: str, items: int, run: AgentRun, store_location: str | None, as_json: bool) -> int:
    """Try whether judge NAME answers alike where it must.

    It is asked again about runs that it has answered, and about the same runs with the evidence in another order, the
    answer padded or praising itself, the agent renamed, its thoughts shown, and a text inside that orders the other
    answer. Each question is asked once for good; calibrate shows what came of it.
    """
    from ...agents.consistency import questions_left, setup_of, try_variants

    with opened(store_location) as store, only_one(store, "judge-variant"):
        judge = find_judge(store, name)
        runs = runs_to_try(judge, items)
        setup_of(store, judge)
        left = questions_left(store, judge, runs)
        if run.dry_run:
            say(f"It would ask at most {left} questions about {len(runs)} runs.")
            return 0
        model = run.resumed_model(str(judge.params.get("model")))
        with progress_bar() as on_progress:
            tried = with_client(
                run,
                lambda client: try_variants(
                    client,
                    store,
                    judge,
                    runs,
                    budget=run.budget(model),
                    parallel=run.parallel,
                    seconds=run.seconds,
                    on_progress=on_progress,
                ),
            )
        found = flips_of(store, judge)
        left = questions_left(store, judge, runs)
    if as_json:
        print_json(
            {
                "judge": name,
                "flips": [record_of(flip, rate=record_of(flip.rate)) for flip in found],
                "left": left,
                "stopped": tried.stopped.value if tried.stopped else None,
                "problems": list(tried.problems[:5]),
                "spent": spent_json(tried.spent),
            }
        )
    else:
        for line in consistency_words(found, name):
            say(line)
        print_spent(tried.spent)
        if left:
            say(f"{left} questions are left ({tried.stopped or 'endpoint'}). The same command goes on.")
    return 1 if left else 0


@click.command(
    "anchors",
    epilog="\b\nExamples:\n  retrospan judge anchors refund-window\n\b\n"
    "Exit codes: 0 nothing has changed, 1 something has or some are left to ask, 2 wrong usage. Made for cron: it asks "
    "once a day, or once in 200 answers.",
)
@click.argument("name")
@click.option("--now", "at_once", is_flag=True, help="Ask though they are not due.")
@agent_options
@store_option
@json_option
def anchors_command(name: str, at_once: bool, run: AgentRun, store_location: str | None, as_json: bool) -> int:
    """Ask judge NAME again about its anchors, at most 30 runs with a signed verdict, where that is due.

    People's answers to them stand, so that another answer of the judge is its own change. `digest` shows the verdict.
    """
    from ...agents.consistency import ask_again, setup_of
    from ...agents.judging import KIND

    with opened(store_location) as store, only_one(store, KIND):
        judge = find_judge(store, name)
        setup_of(store, judge)
        anchors = anchors_of(store, judge)
        if not anchors.enough:
            say(f"{len(anchors.runs)} runs have a verdict and an answer of {name}; it takes {FEWEST}. Review more.")
            return 1
        asked = (anchors.due or at_once) and not run.dry_run
        left = 0
        if asked:
            model = run.resumed_model(str(judge.params.get("model")))
            with progress_bar() as on_progress:

                def progress(done: int, total: int) -> None:
                    on_progress("asking again", done, total)

                done = with_client(
                    run,
                    lambda client: ask_again(
                        client,
                        store,
                        judge,
                        anchors.runs,
                        budget=run.budget(model),
                        parallel=run.parallel,
                        seconds=run.seconds,
                        on_progress=progress,
                    ),
                )
            left = 0 if done.finished else 1
            if not left:
                note_anchors(store, judge)
        found = judge_drift(store, name)
    if as_json:
        print_json(record_of(found, says=found.in_words, asked=asked, due=anchors.due))
    else:
        if not asked:
            state = "due" if anchors.due else f"asked about on {str(anchors.asked_at)[:10]}"
            say(f"{len(anchors.runs)} anchors, {state}.")
        say(found.in_words)
    return 1 if left or found.drift.value != "none" else 0
