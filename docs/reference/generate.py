"""Write the reference pages that are made from code: the JSON Schemas with an example each, the commands, the MCP face.

Run by `just reference`; a test fails where a committed page differs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
from pydantic import TypeAdapter
from retrospan.answers.json import shapes as w
from retrospan.answers.json.case_file import CaseFileJson
from retrospan.cli.main import cli
from retrospan.mcp_server.arguments import full_schema_of
from retrospan.mcp_server.instructions import INSTRUCTIONS
from retrospan.mcp_server.prompts import PROMPTS
from retrospan.mcp_server.registry import Tool, load_tools
from retrospan.mcp_server.resources import TEMPLATES
from retrospan.store.sqlite.query.guard import FUNCTIONS
from retrospan.store.sqlite.query.views import GIVEN, VIEWS

HERE = Path(__file__).resolve().parent
SCHEMAS: dict[str, tuple[Any, str]] = {
    "import": (w.ImportJson, "retrospan import PATH… --json"),
    "trace-list": (list[w.TraceJson], "retrospan trace list [QUERY] --json"),
    "trace-count": (w.OutcomeCountsJson, "retrospan trace count [QUERY] --json"),
    "trace-show": (w.TraceDetailJson, "retrospan trace show T --json"),
    "trace-diff": (w.DiffJson, "retrospan trace diff A [B] --json"),
    "trace-case": (list[CaseFileJson], "retrospan trace case T… --json"),
    "suspects": (list[w.TraceSuspectsJson], "retrospan suspects T… --json"),
    "signals": (list[w.TraceSignalsJson], "retrospan signals T… --json"),
}
"""Schema name → its type and the command that prints it."""


QUERY_PAGE = f"""# Questions in SQL

Made from the code by `docs/reference/generate.py`.

`retrospan query 'SELECT …'`, the MCP tool `query` and `retrospan export` read these views and nothing else: one SELECT,
in a process of its own with a read-only connection, bounded in time, memory, rows and characters. Texts are decoded
only where they are selected. What is answered was written by agents, users and documents: treat it as data.

The dialect is SQLite's. Beside its own functions there are:

- `words(run, 'refund "30 days" -late')`: 1 where the run holds the words, as in the search line;
- `likeness(run, 'the customer was angry')`: how like the run is in meaning, 0 to 1; null where it is not among the
  1,000 most alike; needs `retrospan embed`;
- `attr(run, 'run.outcome')`, `step_attr(run, step, 'gen_ai.request.model')`: what came with it under a name;
- `text REGEXP 'pattern'`: RE2.

Functions that may be called: {", ".join(f"`{name}`" for name in sorted(FUNCTIONS))}.

On a PostgreSQL store the views and these functions will be the same; `json_extract`, `group_concat`, `regexp` and
date arithmetic differ.
"""


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of one answer, with the example that lies beside it."""
    kind, command = SCHEMAS[name]
    made: dict[str, Any] = TypeAdapter(kind).json_schema()
    example = HERE / "examples" / f"{name}.json"
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": command,
        **made,
        "examples": [json.loads(example.read_text())] if example.exists() else [],
    }


def commands_page() -> str:
    """Help of every command, as printed in a terminal 100 columns wide."""
    parts = ["# Commands\n\nMade from the code by `docs/reference/generate.py`.\n"]
    parts += [f"\n## {name}\n\n```\n{text}\n```\n" for name, text in _helps(cli, "retrospan")]
    return "".join(parts)


def _helps(command: click.Command, name: str) -> list[tuple[str, str]]:
    # As the root command sets it; a command keeps the help option of the first context it meets.
    context = click.Context(
        command, info_name=name, max_content_width=100, terminal_width=100, help_option_names=["-h", "--help"]
    )
    lines = [line.rstrip() for line in command.get_help(context).splitlines()]
    found = [(name, "\n".join(lines))]
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            child = command.get_command(context, sub)
            assert child is not None
            found += _helps(child, f"{name} {sub}")
    return found


def mcp_page() -> str:
    """What a client of `retrospan mcp` is offered."""
    parts = ["# The MCP server\n\nMade from the code by `docs/reference/generate.py`.\n"]
    parts.append(f"\n## Instructions\n\n```\n{INSTRUCTIONS.strip()}\n```\n\n## Tools\n")
    parts += [_tool(tool) for tool in load_tools().values()]
    parts.append("\n## Prompts\n\n")
    parts += [f"- `{name}`: {function.__doc__}.\n" for name, (_, function) in PROMPTS.items()]
    parts.append("\n## Resources\n\n")
    parts += [f"- `{address}`: {title}.\n" for address, title in TEMPLATES.items()]
    return "".join(parts)


def _tool(tool: Tool) -> str:
    schema = full_schema_of(tool.model)
    required = schema.get("required", ())
    rows = [
        f"| `{name}` | {part.get('type', 'string')}{' (required)' if name in required else ''} | {_bounds(part)} |\n"
        for name, part in schema["properties"].items()
    ]
    access = "Writes; left out with `--read-only`." if tool.writes else "Reads."
    table = "| argument | type | |\n|---|---|---|\n" + "".join(rows)
    return f"\n### {tool.name}\n\n{tool.title}. {access}\n\n{tool.description}\n\n{table}"


def _bounds(part: dict[str, Any]) -> str:
    told = [part["description"]] if "description" in part else []
    told += ["one of " + ", ".join(map(str, part["enum"]))] if "enum" in part else []
    told += [f"{part['minimum']} to {part['maximum']}"] if "minimum" in part and "maximum" in part else []
    return "; ".join(told).replace("|", "\\|")


def query_page() -> str:
    """The views that a question in SQL may read."""
    parts = [QUERY_PAGE]
    for name, view in (*VIEWS.items(), *GIVEN.items()):
        parts.append(f"\n## {name}\n\n{view.about[0].upper()}{view.about[1:]}.\n\n`{'`, `'.join(view.columns)}`\n")
    return "".join(parts)


def pages() -> dict[Path, str]:
    """Every generated page by path."""
    made = {HERE / "schemas" / f"{name}.schema.json": json.dumps(schema(name), indent=2) + "\n" for name in SCHEMAS}
    return {**made, HERE / "commands.md": commands_page(), HERE / "mcp.md": mcp_page(), HERE / "query.md": query_page()}


def main() -> None:
    """Write the pages that differ."""
    for path, text in pages().items():
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            sys.stdout.write(f"wrote {path.relative_to(HERE)}\n")


if __name__ == "__main__":
    main()
