"""Commands shown in the README and the docs exist, with the options they are shown with; links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from retrospan.cli.main import cli

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
_FENCE = re.compile(r"```(?:sh|bash|console)\n(.*?)```", re.DOTALL)
_LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def shown_commands() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for block in _FENCE.findall(page.read_text()):
            for line in block.replace("\\\n", " ").splitlines():
                command = re.sub(r"^(\$ )?(uv run )?", "", line.strip().partition("  #")[0].strip())
                if command.startswith("retrospan "):
                    found.append((str(page.relative_to(ROOT)), command))
    return found


@pytest.mark.parametrize(("page", "line"), shown_commands())
def test_a_shown_command_exists_with_its_options(page: str, line: str) -> None:
    words = [word for word in shlex.split(line)[1:] if word not in ("&", "|")]
    command: click.Command = cli
    context = click.Context(cli)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        assert found is not None, f"{page}: no command {words[0]!r} in {line!r}"
        command, words = found, words[1:]
        context = click.Context(command, info_name=command.name)
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    known |= {"-h", "--help", "--version"}
    used = {word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    assert used <= known, f"{page}: {sorted(used - known)} in {line!r}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_inside_the_repository_lead_somewhere(page: Path) -> None:
    broken = [link for link in _LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert broken == []


def test_each_line_on_security_names_a_test_that_is_there() -> None:
    page = (ROOT / "docs" / "security.md").read_text()
    named = re.findall(r"(tests/[\w/]+\.py)::(\w+)", page)
    missing = [f"{file}::{name}" for file, name in named if f"def {name}(" not in (ROOT / file).read_text()]
    assert named and missing == []
    section = page.split("## What is prevented")[1].split("## ")[0]
    silent = [line for line in re.split(r"\n- ", section)[1:] if "`tests/" not in line]
    assert silent == []
