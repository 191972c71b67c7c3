"""`retrospan judge define|confirm|use`: judges as signed files beside the rubrics."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...knowledge.judges import JudgeDefinition, judge_content
from ...model.errors import RefusedError, UsageError
from ...model.fields import record_of
from ...model.text import yamltext
from ...model.text.display import safe_text
from ...services.judging.defined import confirm_judge, draft_judge, find_definition, list_definitions
from ...services.knowledge.proposing import knowledge_folders
from ...store.contract import Store
from ...store.knowledge.index import index_knowledge
from ..shared.agent_options import AgentRun, agent_options
from ..shared.options import json_option, opened, store_option
from ..shared.output import confirmed, echo, print_json, say
from ..shared.unlocking import unlocked

if TYPE_CHECKING:
    from ...services.judging.functions import Answered

_folder_option = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="The project whose .retrospan folder is meant (default: this folder).",
)


@click.command(
    "define",
    epilog="\b\nExamples:\n  retrospan judge define window --rubric support --criterion refund-window "
    "--model claude-haiku-5-5\n  retrospan judge define window-probe --rubric support --probe --query since:30d",
)
@click.argument("judge_id", metavar="ID")
@click.option("--rubric", default="outcome", show_default=True, help="Id of a confirmed rubric.")
@click.option("--criterion", default="", help="Id of the criterion; may be left out where the rubric has one.")
@click.option("--model", default="", help="A model answers.")
@click.option("--signal", default="", help="A signal answers.")
@click.option("--function", default="", metavar="MODULE:FUNCTION", help="A function of the project answers.")
@click.option("--probe", is_flag=True, help="What verdicts taught answers.")
@click.option("--guidance", default="", help="What a model is told beside the criterion.")
@click.option("--query", default="", help="The runs that it is for.")
@_folder_option
@store_option
@json_option
def define_command(
    judge_id: str,
    rubric: str,
    criterion: str,
    model: str,
    signal: str,
    function: str,
    probe: bool,
    guidance: str,
    query: str,
    folder: Path,
    store_location: str | None,
    as_json: bool,
) -> None:
    """Write judge ID down as `.retrospan/judges/ID.vN.yaml`, its next version, unsigned.

    It names the rubric version, the criterion and what answers. Change it in review like code; it counts once a trusted
    reviewer has signed it: retrospan judge confirm ID.vN.
    """
    judge = JudgeDefinition(
        judge_id, 1, rubric, 1, criterion, model, signal, function, probe, guidance=guidance, query=query
    )
    with opened(store_location) as store:
        drafted, path = draft_judge(store, judge, folder.resolve())
    if as_json:
        print_json(record_of(drafted, path=str(path)))
        return
    say(f"{path} is written, unsigned. Sign it: retrospan judge confirm {drafted.name}")


@click.command("confirm", epilog="\b\nExamples:\n  retrospan judge confirm window.v1 --as Ada")
@click.argument("name", metavar="ID.vN")
@click.option("--as", "reviewer", metavar="NAME", help="Who you are, where several keys lie here.")
@click.option("--yes", is_flag=True, help="Do not ask after the definition is shown.")
@_folder_option
@store_option
def confirm_command(name: str, reviewer: str | None, yes: bool, folder: Path, store_location: str | None) -> None:
    """Sign judge file ID.vN, after showing it."""
    with opened(store_location) as store:
        _read(store, folder)
        draft = next((judge for judge in list_definitions(store) if judge.name == name), None)
        if draft is not None:
            echo(safe_text(yamltext.dump(judge_content(draft))))
            if not yes and not confirmed(f"Sign {name}?"):
                raise RefusedError("Nothing was signed.")
        session = unlocked(store, reviewer)
        try:
            signed = confirm_judge(store, session, name, folder.resolve())
        finally:
            session.lock()
    say(f"{signed.name} is confirmed. Let it answer: retrospan judge use {signed.id} since:30d")


@click.command(
    "use", epilog="\b\nExamples:\n  retrospan judge use window since:7d\n  retrospan judge use window --dry-run"
)
@click.argument("judge_id", metavar="ID")
@click.argument("query", nargs=-1)
@click.option("--limit", type=click.IntRange(1), help="At most so many runs, of a model.")
@_folder_option
@agent_options
@store_option
@json_option
def use_command(
    judge_id: str,
    query: tuple[str, ...],
    limit: int | None,
    folder: Path,
    run: AgentRun,
    store_location: str | None,
    as_json: bool,
) -> int:
    """Let the newest signed version of judge ID answer on the runs that QUERY finds, or on those its file names.

    A draft is refused. Answers are kept under ID; they are proposals, as any judge's are.
    """
    from .judge import Wanted, judge_by_model

    with opened(store_location) as store:
        _read(store, folder)
        judge = find_definition(store, judge_id)
        line = " ".join(query) or judge.query
        if not line and not run.resume:
            raise UsageError(f"Which runs? The file of {judge.name} names none: give a query such as since:7d.")
        if not judge.model:
            done = _computed(store, judge, line, folder)
    if judge.model:
        if run.model not in (None, judge.model):
            raise UsageError(f"{judge.name} is signed for {judge.model}. Define its next version for another model.")
        wanted = Wanted(judge.rubric, judge.rubric_version, judge.criterion, judge.id, judge.guidance)
        asked = replace(run, model=judge.model)
        return judge_by_model(wanted, line, asked, store_location, as_json, limit=limit, again=False)
    if as_json:
        print_json(record_of(done))
    else:
        say(f"{done.judge}: {done.fails} fail, {done.passes} pass, {done.left} left to people.")
    return 0


def _computed(store: Store, judge: JudgeDefinition, line: str, folder: Path) -> Answered:
    from ...regression.target import load_target
    from ...services.embedding.choose import embedder
    from ...services.judging.functions import judge_by_function, judge_by_signal
    from ...services.judging.probing import judge_by_probe

    of, criterion, version, name = judge.rubric, judge.criterion, judge.rubric_version, judge.id
    if judge.signal:
        return judge_by_signal(store, judge.signal, line, rubric=of, criterion=criterion, version=version, name=name)
    if judge.function:
        function = load_target(judge.function, folder.resolve())
        return judge_by_function(store, function, line, rubric=of, criterion=criterion, version=version, name=name)
    model = embedder()
    return judge_by_probe(store, line, model, rubric=of, criterion=criterion, version=version, name=name).answered


def _read(store: Store, folder: Path) -> None:
    folders = knowledge_folders(folder.resolve())
    if folders:
        index_knowledge(store, folders)
