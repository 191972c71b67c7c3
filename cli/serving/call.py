"""`retrospan call`: one tool, in process, for agents that prefer a shell."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ...mcp_server.registry import Caller, load_tools, run_tool
from ...model.errors import UsageError
from ...model.text.jsontext import parse
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json

_EPILOG = """\b
Examples:
  retrospan call                                  list the tools
  retrospan call search_traces --args '{"query": "outcome:fail since:7d"}'
  retrospan call get_trace --args '{"trace": "T412", "steps": "7-9"}'
  echo '{"trace": "T412"}' | retrospan call open_case --args -
"""


@click.command("call", epilog=_EPILOG)
@click.argument("tool", required=False)
@click.option(
    "--args", "arguments", default="{}", metavar="JSON", help="The arguments as a JSON object; - reads stdin."
)
@click.option("--read-only", is_flag=True, help="Open the store read-only and refuse the tools that write.")
@store_option
@json_option
def call_command(tool: str | None, arguments: str, read_only: bool, store_location: str | None, as_json: bool) -> None:
    """Call TOOL as an assistant would, and print its text. Without TOOL, list the tools and their arguments."""
    tools = load_tools()
    if tool is None:
        usable = load_tools(read_only=read_only).values()
        rows = [{"name": item.name, "description": item.description, "input_schema": item.schema} for item in usable]
        if as_json:
            print_json(rows)
        else:
            for item in usable:
                echo(f"{item.name}({', '.join(item.schema['properties'])})\n    {item.description}")
        return
    given = _object(sys.stdin.read() if arguments == "-" else arguments)
    with opened(store_location, read_only=read_only) as store:
        text = run_tool(Caller(store, client="cli", folder=Path.cwd()), tools, tool, given)
    if as_json:
        print_json({"tool": tool, "text": text})
    else:
        echo(text)


def _object(text: str) -> dict[str, Any]:
    try:
        value = parse(text)
    except ValueError as err:
        raise UsageError(f'--args is no JSON ({err}). Write it as \'{{"trace": "T412"}}\'.') from None
    if not isinstance(value, dict):
        raise UsageError('--args is no JSON object. Write it as \'{"trace": "T412"}\'.')
    return dict(value)
