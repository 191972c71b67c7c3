"""Build the arms of the experiment in a folder outside the repository, each with a `door` to ask through.

    PYTHONPATH=benchmarks python -m lift.prepare FOLDER [--arms files sql retrospan retrospan-otlp]
    PYTHONPATH=benchmarks python -m lift.prepare FOLDER --send phoenix URL --server phoenix-mcp.json

An arm that is there already is left as it is. `--send` posts the same spans to another product that runs at URL, and
takes its MCP server from a file of the form {"command": "…", "args": ["…"], "env": {}} (stdio) or {"url": "…"}.
"""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from datasets import Case
from retrospan.services.receiving.importing import import_paths
from retrospan.services.serving.application import serving
from retrospan.store.opening import open_store
from sending import send

from .corpus import PROJECTS, cases_of, record_of
from .spans import Row, request_of, spans_of

BENCHMARKS = Path(__file__).resolve().parents[1]
PROGRAM = Path(sys.executable).with_name("retrospan")
SERVER = "server.json"
"""How the MCP server of an arm is started or reached."""
DATABASE = "spans.db"
_TABLE = """CREATE TABLE spans (
  trace_id TEXT, span_id TEXT, parent_span_id TEXT, name TEXT, service_name TEXT,
  start_time_unix_nano INTEGER, end_time_unix_nano INTEGER, status_code TEXT, attributes TEXT)"""


def main() -> None:
    """Build what is asked for and say where."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("--arms", nargs="*", choices=list(ARMS), default=list(ARMS))
    options.add_argument("--send", nargs=2, metavar=("ARM", "URL"))
    options.add_argument("--server", type=Path, help="with --send: how its MCP server is reached")
    chosen = options.parse_args()
    if chosen.send:
        name, url = chosen.send
        _build(chosen.folder / name, lambda place: _other_product(place, url, chosen.server))
        return
    for name in chosen.arms:
        _build(chosen.folder / name, ARMS[name])


def _build(place: Path, make: Callable[[Path], None]) -> None:
    if place.exists():
        print(f"{place} is there already; delete it to build it anew")
        return
    place.mkdir(parents=True)
    try:
        make(place)
    except BaseException:
        shutil.rmtree(place)
        raise
    door = place / "door"
    words = [sys.executable, "-m", "lift.door", str(place.resolve())]
    door.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(BENCHMARKS))} exec {shlex.join(words)} "$@"\n')
    door.chmod(0o755)
    print(f"{door} QUESTION about")


def _runs() -> Iterator[tuple[str, int, Case]]:
    for project in PROJECTS:
        for number, case in enumerate(cases_of(project)):
            yield project, number, case


def _files(place: Path) -> None:
    (place / "data").mkdir()
    for project in PROJECTS:
        lines = [json.dumps(record_of(project, case), ensure_ascii=False) for case in cases_of(project)]
        (place / "data" / f"{project}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _sql(place: Path) -> None:
    with closing(sqlite3.connect(place / DATABASE)) as con, con:
        con.execute(_TABLE)
        for project, number, case in _runs():
            rows = [_stored(project, row) for row in spans_of(project, number, case)]
            con.executemany("INSERT INTO spans VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        con.execute("CREATE INDEX spans_trace ON spans (trace_id)")


def _stored(project: str, row: Row) -> tuple[str | int | None, ...]:
    status, attributes = "ERROR" if row.failed else "UNSET", json.dumps(row.attributes, ensure_ascii=False)
    ids = (row.trace_id, row.span_id, row.parent_span_id)
    return (*ids, row.name, project, row.start_ns, row.end_ns, status, attributes)


def _retrospan(place: Path) -> None:
    files = place / "import"
    files.mkdir()
    _files(files)
    with open_store(place / "store.db") as store:
        for project in PROJECTS:
            import_paths(store, [files / "data" / f"{project}.jsonl"], project=project)
    shutil.rmtree(files)
    _finished(place)


def _retrospan_otlp(place: Path) -> None:
    with open_store(place / "store.db") as store, serving(store) as url:
        send(url, (request_of(project, number, case) for project, number, case in _runs()))
    _finished(place)


def _finished(place: Path) -> None:
    """Analysed and with vectors, as `serve` leaves a store; then the way to its server."""
    store = str(place.resolve() / "store.db")
    subprocess.run([PROGRAM, "embed", "--store", store], check=True)
    _serve_by(place, {"command": str(PROGRAM), "args": ["mcp", "--store", store], "env": {}})


def _other_product(place: Path, url: str, server: Path | None) -> None:
    if server is None:
        raise SystemExit("--send needs --server FILE: how the product's MCP server is started or reached.")
    described = json.loads(server.read_text(encoding="utf-8"))
    send(url, (request_of(project, number, case) for project, number, case in _runs()))
    _serve_by(place, described)


def _serve_by(place: Path, described: dict[str, object]) -> None:
    (place / SERVER).write_text(json.dumps(described, indent=2), encoding="utf-8")


ARMS: dict[str, Callable[[Path], None]] = {
    "files": _files,
    "sql": _sql,
    "retrospan": _retrospan,
    "retrospan-otlp": _retrospan_otlp,
}


if __name__ == "__main__":
    main()
