"""The one way for an assistant to ask an arm; each call is written down with its size.

    door QUESTION question              the question and the form of its answer (not counted)
    door QUESTION about                 what this door offers (counted as definitions, once a question)
    door QUESTION call TOOL JSON        an arm with an MCP server
    door QUESTION sql STATEMENT         the arm with a database
    door QUESTION python CODE           the arm with files; CODE runs in their folder
    door QUESTION answer JSON           the answer, once, at the end

LIFT_RUN names the repetition (1 where it is not set). An output is cut where a shell tool of an assistant would cut it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import anyio
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.shared.exceptions import MCPError
from mcp.types import TextContent

from .prepare import DATABASE, SERVER
from .questions import question_text

MOST = 30_000
"""Characters of one output."""
_SECONDS = 300
LOG, ANSWERS = "log.jsonl", "answers.jsonl"
VERBS = ("question", "about", "call", "sql", "python", "answer")


def main(arguments: list[str]) -> int:
    """Do what is asked, print it and write it down; 1 where the arm answered with an error."""
    if len(arguments) < 3 or arguments[2] not in VERBS:
        print(__doc__)
        return 2
    place, question, verb, *given = Path(arguments[0]), arguments[1], arguments[2], *arguments[3:]
    if verb == "question":
        print(question_text(question))
        return 0
    if verb == "answer":
        return _answer(place, question, given)
    began = time.monotonic()
    text, failed = _asked(place, verb, given)
    shown = text if len(text) <= MOST else f"{text[:MOST]}\n[cut: {len(text) - MOST:,} more characters]"
    seconds = round(time.monotonic() - began, 2)
    said = sum(len(word) for word in given)
    _write(place / LOG, question, verb=verb, sent=said, characters=len(shown), failed=failed, seconds=seconds)
    print(shown)
    return 1 if failed else 0


def _asked(place: Path, verb: str, given: list[str]) -> tuple[str, bool]:
    if verb == "about":
        return _about(place), False
    if verb == "python" and (place / "data").exists():
        return _python(place / "data", given[0] if given else "")
    if verb == "sql" and (place / DATABASE).exists():
        return _sql(place / DATABASE, given[0] if given else "")
    if verb == "call" and (place / SERVER).exists() and given:
        return anyio.run(_call, place, given[0], given[1] if len(given) > 1 else "{}")
    return f"This door has no {verb!r} or it lacks an argument; ask `about`.", True


_DATABASE_TOLD = """\
{schema}
attributes is a JSON object of text values: attributes ->> '$."run.id"'. Every run has a root span (parent_span_id IS
NULL) with run.id and, where known, run.task, run.version and run.outcome; service_name is the project. sql STATEMENT
runs one read-only statement of SQLite."""
_FILES_TOLD = """\
Files: {names}, one run a line: project, id, task, outcome, version, messages (role, content, tool_calls, name,
tool_call_id as in the OpenAI form; arguments are JSON text). python CODE runs Python in their folder and gives what it
prints."""


def _about(place: Path) -> str:
    if (place / SERVER).exists():
        return anyio.run(_tools, place)
    if (place / DATABASE).exists():
        with _opened(place / DATABASE) as con:
            made = con.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
            return _DATABASE_TOLD.format(schema="\n".join(row[0] for row in made))
    return _FILES_TOLD.format(names=", ".join(sorted(path.name for path in (place / "data").iterdir())))


def _python(folder: Path, code: str) -> tuple[str, bool]:
    command = [sys.executable, "-c", code]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, env={})
    except subprocess.TimeoutExpired:
        return f"Stopped after {_SECONDS} seconds.", True
    return done.stdout + done.stderr, done.returncode != 0


def _sql(database: Path, statement: str) -> tuple[str, bool]:
    with _opened(database) as con:
        try:
            cursor = con.execute(statement)
            names = [column[0] for column in cursor.description or ()]
            rows = ["\t".join("" if value is None else str(value) for value in row) for row in cursor]
        except sqlite3.Error as err:
            return f"{type(err).__name__}: {err}", True
    return "\n".join(["\t".join(names), *rows]), False


def _opened(database: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True))


def _client(place: Path) -> Client:
    described = json.loads((place / SERVER).read_text(encoding="utf-8"))
    if "url" in described:
        return Client(described["url"], mode="legacy")
    environment = os.environ | described.get("env", {})
    return Client(StdioServerParameters(command=described["command"], args=described["args"], env=environment))


async def _tools(place: Path) -> str:
    async with _client(place) as client:
        tools = (await client.list_tools()).tools
        told = [client.instructions or ""]
    described = [
        f"{tool.name}: {tool.description}\n{json.dumps(tool.input_schema, separators=(',', ':'))}" for tool in tools
    ]
    return "\n\n".join(filter(None, told + described))


async def _call(place: Path, tool: str, arguments: str) -> tuple[str, bool]:
    try:
        given: Any = json.loads(arguments)
    except json.JSONDecodeError as err:
        return f"The arguments are no JSON object: {err}", True
    async with _client(place) as client:
        try:
            result = await client.call_tool(tool, given)
        except MCPError as err:
            return str(err), True
    text = "".join(block.text for block in result.content if isinstance(block, TextContent))
    return text, bool(result.is_error)


def _answer(place: Path, question: str, given: list[str]) -> int:
    try:
        answer = json.loads(given[0])
    except (IndexError, json.JSONDecodeError) as err:
        print(f"The answer is one JSON value in the form that `question` names: {err}")
        return 1
    _write(place / ANSWERS, question, answer=answer)
    print("Written down.")
    return 0


def _write(path: Path, question: str, **facts: Any) -> None:
    row = {"arm": path.parent.name, "question": question, "run": int(os.environ.get("LIFT_RUN", "1"))}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row | facts, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        sys.exit(main(sys.argv[1:]))
