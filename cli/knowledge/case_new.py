"""`retrospan case new`."""

from __future__ import annotations

from pathlib import Path

import click

from ...knowledge.folders import KnowledgeKind, find_files, write_knowledge
from ...model.cases import dump_case
from ...model.errors import UsageError
from ...model.text.display import safe_line
from ...model.traces import Trace
from ...regression.drafting import draft_case
from ...regression.teaching.trying import try_case
from ...services.privacy.read_notes import at_hand, note_reading
from ...store.contract import Store
from ...store.reading.conversations import whole_before
from ...store.reading.summaries import get_trace, resolve_trace
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json


@click.command(
    "new",
    epilog="""\b
Examples:
  retrospan case new T31 --id refund-window --says '30 days'
  retrospan case new T31 --id refund-window --good T2
  retrospan case new T7 --id mail-sent --question 'Was the e-mail really sent?'""",
)
@click.argument("trace")
@click.option("--id", "case_id", required=True, help="Lower-case words joined by hyphens; names the file.")
@click.option("--title", help="One line (default: the run's first input).")
@click.option("--says", multiple=True, help="Text that a right answer contains; may be repeated.")
@click.option("--never-says", multiple=True, help="Text that a right answer does not contain; may be repeated.")
@click.option("--good", help="A run of the same task that went well: checks come from where the two differ.")
@click.option("--question", help="What a judge is asked, after the other checks.")
@click.option("--frozen", is_flag=True, help="Keep the tool results of the run instead of letting the tools answer.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="Project folder (default: the current one).",
)
@store_option
@json_option
def new_command(
    trace: str,
    case_id: str,
    title: str | None,
    says: tuple[str, ...],
    never_says: tuple[str, ...],
    good: str | None,
    question: str | None,
    frozen: bool,
    folder: Path,
    store_location: str | None,
    as_json: bool,
) -> None:
    """Draft a regression case from a failing run, with checks that it would not pass.

    The draft is written to .retrospan/cases; a reviewer's signature makes it count.
    """
    with opened(store_location) as store:
        bad = _trace(store, trace)
        well = _trace(store, good) if good else None
        taken = [trace.summary.id for trace in (bad, well) if trace is not None]
        earlier = whole_before(store, bad.summary.id)
        note_reading(store, taken, actor=at_hand("cli"), detail="case new")
    try:
        case = draft_case(
            bad,
            case_id=case_id,
            title=title or safe_line(bad.summary.input, 80) or case_id,
            question=question,
            says=says,
            never_says=never_says,
            good=well,
            live=not frozen,
            earlier=earlier,
        )
    except ValueError as err:
        raise UsageError(f"No case can be made of {bad.summary.short_id}: {err}.") from err
    if any(file.kind is KnowledgeKind.CASE and file.name == case.id for file in find_files(folder)):
        raise UsageError(f"There is a case {case.id!r} in {folder} already. Choose another --id.")
    path = write_knowledge(folder, KnowledgeKind.CASE, case.id, dump_case(case))
    tried = try_case(case, bad, well)
    if as_json:
        on_good = tried.good.outcome.value if tried.good else None
        print_json({"id": case.id, "path": str(path), "on_its_run": tried.bad.outcome.value, "on_good_run": on_good})
        return
    echo(f"{path}\nTried: {safe_line(tried.in_words, 300)}. Edit it, then `retrospan case run`.")


def _trace(store: Store, name: str) -> Trace:
    return get_trace(store, resolve_trace(store, name))
