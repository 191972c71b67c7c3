"""The process that answers questions in SQL: `python -m retrospan.store.sqlite.query.worker STORE`.

It reads one request a line-less frame from stdin and writes one answer to stdout. It opens the store read-only, sees it
through views, and may take only so much memory; whoever started it ends it where a question takes too long.
"""

from __future__ import annotations

import contextlib
import secrets
import struct
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import orjson

from ....model.errors import UsageError
from ...traces.compression import decompress, unpack
from ...traces.contents import decode_row
from ..connection import connect
from ..driver import DatabaseError, driver
from .guard import authorizer, check_words
from .views import GIVEN, TEXT, columns_of, create_given, create_views

_MEMORY = 1 << 30
"""Bytes of address space that the process may take."""
_LOOK_EVERY = 20_000
"""Of SQLite's instructions: how often a running question looks at the clock."""
_FAILURES: tuple[type[Exception], ...] = (*DatabaseError, ValueError, OverflowError)
_LENGTH = struct.Struct(">I")
_FIRST_SPAN = """
SELECT detail FROM span WHERE trace_id = ? ORDER BY parent_span_id IS NOT NULL, started_at, sequence LIMIT 1
"""
_SPAN_OF_STEP = """
SELECT s.detail, t.project FROM step_row r JOIN span s ON s.trace_id = r.trace_id AND s.span_id = r.span_id
JOIN trace t ON t.id = r.trace_id WHERE r.trace_id = ? AND r.step = ?
"""


def read_frame(stream: IO[bytes]) -> Any:
    """The next value of a stream of frames; None at its end."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    return orjson.loads(stream.read(_LENGTH.unpack(head)[0]))


def write_frame(stream: IO[bytes], value: object) -> None:
    """Write one value."""
    data = orjson.dumps(value)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


class Questions:
    """A read-only connection with its views, for runs of some projects.

    Args:
        path: The store's file.
        projects: Runs of these alone are seen; None for all.
        ask: Gets what a question needs of the parent: words or meaning in, run numbers or likenesses out.
    """

    def __init__(self, path: Path, projects: Sequence[str] | None, ask: Callable[[dict[str, Any]], Any]) -> None:
        self._con = connect(path, read_only=True)
        self._secret = f"r{secrets.token_hex(8)}_"
        self._ask = ask
        self._projects = None if projects is None else frozenset(projects)
        self._kept: dict[tuple[str, str], dict[int, float]] = {}
        self._body = driver.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)
        names = self._con.execute("SELECT lower(name) FROM sqlite_master").fetchall()
        self._forbidden = frozenset(row[0] for row in names)
        self._con.execute("PRAGMA temp_store=FILE")
        self._con.execute("PRAGMA cache_size=-16384")
        self._register()
        for statement in (*create_given(self._secret), *create_views(self._secret, projects)):
            self._con.execute(statement)
        self._authorizer = authorizer(self._secret, self._forbidden)
        self._names = {f'"{self._secret}': '"', self._secret: ""}

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The rows of one question, cut at what it may return.

        Args:
            request: `sql`; `rows`, `cell` and `bytes` that it may return; `seconds`; `given`, rows by view.
        """
        self._kept.clear()
        try:
            check_words(request["sql"], self._forbidden)
            self._give(request["given"])
            deadline = time.monotonic() + request["seconds"]
            self._con.set_progress_handler(lambda: time.monotonic() > deadline, _LOOK_EVERY)
            self._con.set_authorizer(self._authorizer)
            try:
                return self._rows(request)
            finally:
                self._con.set_authorizer(None)
                self._con.set_progress_handler(None, 0)
                if self._con.in_transaction:
                    self._con.execute("ROLLBACK")
        except UsageError as err:
            return {"refused": str(err)}
        except MemoryError:
            return {"failed": "out of memory"}
        except _FAILURES as err:
            return {"failed": self._public(str(err))}

    def _rows(self, request: Mapping[str, Any]) -> dict[str, Any]:
        cursor = self._con.cursor()
        cursor.row_factory = None
        cursor.execute(request["sql"])
        rows: list[list[Any]] = []
        room, more = request["bytes"], ""
        for row in cursor:
            if len(rows) == request["rows"]:
                more = "rows"
                break
            shown = [_cell(value, request["cell"]) for value in row]
            room -= sum(len(cell) if isinstance(cell, str) else 8 for cell in shown)
            if room < 0:
                more = "bytes"
                break
            rows.append(shown)
        return {"columns": [entry[0] for entry in cursor.description or ()], "rows": rows, "more": more}

    def _give(self, given: Mapping[str, Sequence[Sequence[Any]]]) -> None:
        for name in GIVEN:
            marks = ", ".join("?" * len(columns_of(name)))
            self._con.execute(f'DELETE FROM "{self._secret}{name}"')  # noqa: S608 - our own names
            self._con.executemany(f'INSERT INTO "{self._secret}{name}" VALUES ({marks})', given.get(name, ()))  # noqa: S608

    def _public(self, text: str) -> str:
        for hidden, shown in self._names.items():
            text = text.replace(hidden, shown)
        return text

    def _register(self) -> None:
        make = self._con.create_function
        make(TEXT, 1, self._text, deterministic=True)
        make("attr", 2, self._attribute)
        make("step_attr", 3, self._step_attribute)
        make("words", 2, lambda run, words: int(run in self._found("words", words)))
        make("likeness", 2, lambda run, words: self._found("likeness", words).get(run))
        make("regexp", 2, _matches, deterministic=True)

    def _text(self, kept: Any) -> Any:
        """A text by what stands in its row: itself, the body that holds it, or its compressed bytes."""
        if isinstance(kept, int):
            row = self._body.execute("SELECT codec, data FROM body WHERE id = ?", (kept,)).fetchone()
            return None if row is None else _as_text(decode_row(row[0], row[1]))
        if isinstance(kept, bytes):
            return decompress(kept).decode("utf-8", "replace")
        return kept

    def _found(self, kind: str, words: Any) -> dict[int, float]:
        key = (kind, str(words))
        if key not in self._kept:
            self._kept[key] = {int(run): score for run, score in self._ask({kind: key[1]})}
        return self._kept[key]

    def _attribute(self, run: Any, name: Any) -> Any:
        """What came with a run under a name: in its metadata, else in its first span's attributes."""
        row = self._body.execute("SELECT project, facts FROM trace WHERE id = ?", (run,)).fetchone()
        if row is None or (self._projects is not None and row[0] not in self._projects):
            return None
        facts: Any = unpack(row[1]) if row[1] else {}
        found = _named(facts.get("metadata") if isinstance(facts, dict) else None, str(name))
        if found is not None:
            return _as_text(found)
        first = self._body.execute(_FIRST_SPAN, (run,)).fetchone()
        return self._of_span(first, str(name))

    def _step_attribute(self, run: Any, step: Any, name: Any) -> Any:
        row = self._body.execute(_SPAN_OF_STEP, (run, step)).fetchone()
        if row is None or (self._projects is not None and row[1] not in self._projects):
            return None
        return self._of_span(row, str(name))

    def _of_span(self, row: Any, name: str) -> Any:
        if row is None:
            return None
        record: Any = unpack(row[0])
        long = record.get("A", {}).get(name)
        return self._text(long) if long is not None else _as_text(_named(record.get("a"), name))


def _named(values: Any, name: str) -> Any:
    """A value by its name, or by the way to it: `run.outcome` in `{"run": {"outcome": …}}`."""
    if not isinstance(values, dict):
        return None
    if name in values:
        return values[name]
    head, _, rest = name.partition(".")
    return _named(values.get(head), rest) if rest else None


def _as_text(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | float) else orjson.dumps(value).decode()


def _cell(value: Any, most: int) -> Any:
    if isinstance(value, bytes):
        return f"({len(value)} bytes)"
    if isinstance(value, str) and len(value) > most:
        return f"{value[:most]}…+{len(value) - most}"
    return value


def _matches(pattern: Any, text: Any) -> int | None:
    import re2

    return None if text is None else int(re2.search(str(pattern), str(text)) is not None)


def _bound() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Answer questions until stdin ends."""
    _bound()
    asks, answers = sys.stdin.buffer, sys.stdout.buffer

    def ask(question: dict[str, Any]) -> Any:
        write_frame(answers, {"ask": question})
        return read_frame(asks)

    opened: dict[tuple[str, ...] | None, Questions] = {}
    while (request := read_frame(asks)) is not None:
        projects = None if request["projects"] is None else tuple(request["projects"])
        if projects not in opened:
            opened.clear()
            opened[projects] = Questions(Path(sys.argv[1]), projects, ask)
        write_frame(answers, opened[projects].answer(request))


if __name__ == "__main__":
    main()
