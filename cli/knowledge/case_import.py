"""`retrospan case import`."""

from __future__ import annotations

from pathlib import Path

import click

from ...knowledge.folders import KnowledgeKind, find_files, write_knowledge
from ...model.cases import Case, dump_case
from ...model.errors import BadInputError
from ...model.text.display import safe_line
from ...regression.imports.drafts import Imported
from ...regression.imports.json_rows import read_rows
from ...regression.imports.promptfoo_tests import read_promptfoo
from ...trust.files import read_bounded
from ..shared.options import json_option
from ..shared.output import echo, print_json

_MOST_BYTES = 64 << 20
_SHOWN = 50


@click.command(
    "import",
    epilog="""\b
Examples:
  retrospan case import promptfooconfig.yaml
  retrospan case import golden.jsonl --folder ../shop""",
)
@click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--format",
    "form",
    type=click.Choice(["auto", "promptfoo", "jsonl"]),
    default="auto",
    show_default=True,
    help="auto: JSON lines by the ending .jsonl, else promptfoo.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="Project folder (default: the current one).",
)
@json_option
def import_command(path: Path, form: str, folder: Path, as_json: bool) -> int:
    """Read another runner's tests as drafts into .retrospan/cases. What has no check here is listed by name.

    A reference answer of at most 60 characters becomes a text that the answer contains, a longer one a judge's
    question. Drafts count for nothing before a reviewer signs them. Exits 1 where no draft came of it.
    """
    imported = _read(path, form)
    taken = {file.name for file in find_files(folder) if file.kind is KnowledgeKind.CASE}
    written = [case for case in imported.cases if case.id not in taken]
    left_out = [
        *imported.left_out,
        *(f"{case.id}: there is such a case" for case in imported.cases if case.id in taken),
    ]
    paths = [write_knowledge(folder, KnowledgeKind.CASE, case.id, dump_case(case)) for case in written]
    if as_json:
        print_json({"drafts": [_json(*pair) for pair in zip(written, paths, strict=True)], "left_out": left_out})
    else:
        echo(f"{len(written)} drafts in {folder / '.retrospan' / 'cases'}. `retrospan case run --drafts` runs them.")
        for what in left_out[:_SHOWN]:
            echo(safe_line(f"  not carried: {what}", 200), err=True)
        if len(left_out) > _SHOWN:
            echo(f"  and {len(left_out) - _SHOWN} more; --json lists all", err=True)
    return 0 if written else 1


def _read(path: Path, form: str) -> Imported:
    try:
        text = read_bounded(path, _MOST_BYTES).decode()
    except UnicodeDecodeError as err:
        raise BadInputError(f"{path}: byte {err.start} is not UTF-8. Save it as UTF-8.", where=str(path)) from None
    rows = form == "jsonl" or (form == "auto" and path.suffix == ".jsonl")
    return read_rows(text, source=path.name) if rows else read_promptfoo(text, source=path.name)


def _json(case: Case, path: Path) -> dict[str, object]:
    return {"id": case.id, "title": case.title, "path": str(path), "checks": len(case.checks)}
