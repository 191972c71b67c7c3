"""The parent's side of a question: a process started when it is first needed, and ended where it takes too long."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, cast

from ....model.errors import QuestionError, StoreError, UsageError
from ....model.questions import Finder, Question, QuestionAnswer
from .worker import read_frame, write_frame

_GRACE = 3.0
"""Seconds beyond a question's own that its process gets before it is ended: SQLite looks at the clock now and then."""
_START = 20.0


class QueryProcess:
    """Answers the questions of one process, one after the other."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._fresh = True

    def ask(self, question: Question, find: Finder) -> QuestionAnswer:
        """The answer to a question.

        Raises:
            UsageError: if the question names or does what it may not.
            QuestionError: if SQLite cannot run it, or it takes too long or too much.
        """
        with self._turn:
            return self._answer(question, find)

    def close(self) -> None:
        """End the process."""
        with self._turn:
            self._end()

    def _answer(self, question: Question, find: Finder) -> QuestionAnswer:
        limits = question.limits
        process = self._running()
        patience = limits.seconds + _GRACE + (_START if self._fresh else 0.0)
        timer = threading.Timer(patience, process.kill)
        timer.daemon = True
        request = {
            "sql": question.sql,
            "projects": question.projects,
            "given": question.given,
            "rows": limits.rows,
            "cell": limits.cell,
            "bytes": limits.size,
            "seconds": limits.seconds,
        }
        timer.start()
        try:
            reply = self._talk(process, request, find)
        finally:
            timer.cancel()
        if reply is None:
            self._end()
            raise QuestionError(
                f"The question took more than {limits.seconds:.0f} s or more memory than it may. "
                "Narrow it: fewer runs, a filter before a join, no text in ORDER BY."
            )
        self._fresh = False
        if "refused" in reply:
            raise UsageError(reply["refused"])
        if "failed" in reply:
            raise QuestionError(reply["failed"])
        rows = tuple(tuple(row) for row in reply["rows"])
        return QuestionAnswer(tuple(reply["columns"]), rows, reply["more"])

    def _talk(self, process: subprocess.Popen[bytes], request: Mapping[str, Any], find: Finder) -> Any:
        into, out = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        try:
            write_frame(into, request)
            while (reply := read_frame(out)) is not None and "ask" in reply:
                ((kind, words),) = reply["ask"].items()
                write_frame(into, list(find(kind, words).items()))
        except (BrokenPipeError, ValueError):
            return None
        return reply

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._fresh = True
            command = [sys.executable, "-m", f"{__package__}.worker", str(self._path)]
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env={name: value for name, value in os.environ.items() if name in _ENVIRONMENT},
                )
            except OSError as err:
                raise StoreError(f"The process for questions does not start ({err}). Run `retrospan doctor`.") from err
        return self._process

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:
                    continue
        self._process = None


_ENVIRONMENT = frozenset({"PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV"})
"""What the process gets of the environment: no keys, no tokens."""
