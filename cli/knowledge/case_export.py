"""`retrospan case export`."""

from __future__ import annotations

from pathlib import Path

import click

from ...model.text.display import safe_line
from ...regression.exports.forms import CALLING, DATA, export_cases
from ...regression.target import find_declaration
from ...services.knowledge.cases import choose_cases, list_cases, nearest_knowledge
from ..shared.output import echo


@click.command(
    "export",
    epilog="""\b
Examples:
  retrospan case export cases.jsonl
  retrospan case export test_cases.py --format pytest
  retrospan case export cases_task.py --format inspect --target myapp.agent:run
  retrospan case export promptfooconfig.yaml --format promptfoo --target 'exec: python agent.py'""",
)
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--format", "form", type=click.Choice([*DATA, *CALLING]), default="jsonl", show_default=True)
@click.option("--target", help="What the other runner calls (default: the declared target).")
@click.option("--case", "names", multiple=True, metavar="ID", help="Only this case; may be repeated.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Project folder with .retrospan/ (default: the nearest at or above the current one).",
)
def export_command(path: Path, form: str, target: str | None, names: tuple[str, ...], folder: Path | None) -> None:
    """Write cases for another runner to PATH. What it cannot hold is listed by name."""
    root = folder or nearest_knowledge(Path.cwd())
    cases = choose_cases(list_cases(root), names)
    exported = export_cases(cases, form, lambda: target or find_declaration(root).target)
    path.write_text(exported.text, encoding="utf-8")
    echo(f"{len(cases)} cases to {path}")
    for what in exported.left_out:
        echo(safe_line(f"  not carried: {what}", 200), err=True)
