"""`retrospan fix`: let a model propose a patch from what people confirmed, in a folder to read; nothing is applied."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...model.errors import RetrospanError
from ...model.text.display import safe_line
from ...regression.teaching.keeping import case_drafts
from ...services.agent_work.fixing import WrittenFix, check_output, lessons_to_keep, verdicts_to_fix, write_fix
from ...services.agent_work.jobs import keep_transcript
from ...store.contract import Store
from ...store.jobs.agent_runs import Spent
from ..shared.agent_options import AgentRun, print_spent, spent_json, with_client
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json

if TYPE_CHECKING:
    from ...agents.fixer import Fix, FixBrief, FixRun

_EPILOG = """\b
Examples:
  retrospan fix V12 --file prompts/system.md --out fix-refund-window
  retrospan fix --file agent/prompts.py --file agent/tools.py --lesson refund-window --out fix-1
  git apply fix-1/fix.patch                  after you have read it
"""
_BY = "agent:fixer"


@click.command("fix", epilog=_EPILOG)
@click.argument("verdicts", nargs=-1, metavar="[VERDICT]...")
@click.option(
    "--file",
    "files",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A prompt or tool file that may change; read, never written. May be repeated.",
)
@click.option("--lesson", "lessons", multiple=True, help="A confirmed lesson to keep to; may be repeated.")
@click.option(
    "--root", type=click.Path(path_type=Path, exists=True, file_okay=False), help="The patch is relative to it."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A new folder for patch, notes and drafts.")
@click.option("--model", help="The model to ask (default: environment, retrospan.toml, then the role's own).")
@click.option("--budget-usd", type=click.FloatRange(0.0, min_open=True), help="Money for it [default: 1.00]")
@click.option("--budget-tokens", type=click.IntRange(1), help="Input and output tokens for it.")
@store_option
@json_option
def fix_command(
    verdicts: tuple[str, ...],
    files: tuple[Path, ...],
    lessons: tuple[str, ...],
    root: Path | None,
    out: Path,
    model: str | None,
    budget_usd: float | None,
    budget_tokens: int | None,
    store_location: str | None,
    as_json: bool,
) -> int:
    """Propose a change of prompts and tools that answers VERDICTS (default: the newest confirmed fails).

    Writes fix.patch, notes.md, a lesson draft and case drafts to a new folder. The files themselves stay as they are:
    read the patch, apply it yourself, and run the cases.
    """
    from ...agents.fixer import FixBrief, propose_fix
    from ...agents.patching import read_sources
    from ...agents.prices import find_price
    from ...agents.settings import Role
    from ...agents.spending import Purse

    check_output(out)
    run = AgentRun(model, budget_usd, budget_tokens, 1, None, False, False)
    sources = read_sources(files, root or Path.cwd())
    with opened(store_location) as store:
        chosen = verdicts_to_fix(store, verdicts)
        brief = FixBrief(chosen, lessons_to_keep(store, lessons, list(sources)), sources)
        name = run.choose_model(Role.FIXER)
        purse = Purse(run.budget(name), find_price(name))
        done = with_client(run, lambda client: propose_fix(client, store, brief, model=name, purse=purse))
        _keep(store, name, done)
        if done.fix is None:
            raise RetrospanError(f"No change came of it ({done.ending.value}). {done.problem}".strip())
        written = _write(store, out, brief, done.fix)
    _print(done.fix, written, done.spent, as_json)
    return 0


def _keep(store: Store, model: str, done: FixRun) -> None:
    from ...agents.transcripts import transcript_of

    keep_transcript(
        store,
        transcript_of(
            "fixer", model, done.system, done.history, task="propose a fix", ending=done.ending.value, spent=done.spent
        ),
    )


def _write(store: Store, out: Path, brief: FixBrief, fix: Fix) -> WrittenFix:
    return write_fix(
        store,
        out,
        patch=fix.patch,
        notes=_notes(fix),
        title=fix.title,
        what_happened=fix.what_happened,
        why=fix.why,
        what_to_do=fix.what_to_do,
        verdicts=brief.verdicts,
        cases=case_drafts(store, brief.verdicts),
        files=sorted({edit.file for edit in fix.edits}),
        by=_BY,
    )


def _notes(fix: Fix) -> str:
    parts = [f"# {fix.title}", "Proposed by a model; read it before you apply it. Nothing has been applied."]
    parts += _listed("What changes", [_edit_line(edit) for edit in fix.edits])
    parts += _listed("What to look at twice", fix.warnings)
    parts += _listed("What could break", fix.could_break)
    parts += _listed("What to watch", fix.watch)
    parts += ["## Next", "Apply it with `git apply fix.patch`, then run the regression cases."]
    return "\n\n".join(parts) + "\n"


def _edit_line(edit: Any) -> str:
    answers = f" (answers {', '.join(edit.answers)})" if edit.answers else ""
    return f"{edit.file}: {edit.why or 'no reason given'}{answers}"


def _listed(title: str, rows: Sequence[str]) -> list[str]:
    return [f"## {title}", "\n".join(f"- {row}" for row in rows)] if rows else []


def _print(fix: Fix, written: WrittenFix, spent: Spent, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "patch": str(written.paths[0]),
                "paths": [str(path) for path in written.paths],
                "edits": [{"file": e.file, "why": e.why, "answers": list(e.answers)} for e in fix.edits],
                "could_break": list(fix.could_break),
                "watch": list(fix.watch),
                "warnings": list(fix.warnings),
                "lesson": written.lesson,
                "applied": False,
                "spent": spent_json(spent),
            }
        )
        return
    for edit in fix.edits:
        echo(f"  {safe_line(_edit_line(edit))}")
    for warning in fix.warnings:
        echo(f"  look twice: {safe_line(warning)}")
    for entry in fix.could_break:
        echo(f"  could break: {safe_line(entry)}")
    echo("\nWritten, nothing applied:")
    for path in written.paths:
        echo(f"  {safe_line(str(path))}")
    print_spent(spent)
