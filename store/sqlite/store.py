"""A store in one SQLite file: one writer at a time, any number of readers, several processes."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ...model.errors import DamagedStoreError, StoppedError, StoreError
from ...model.questions import Finder, Question, QuestionAnswer
from ..caches import Caches
from ..contract import Erasing, FullText, StoreKind, VectorScan
from ..damage import Copied
from .append_only import SELECT_TRIGGERS, trigger_names
from .connection import BUSY_SECONDS, SqliteConnection, connect
from .copies import back_up
from .driver import DatabaseError, OperationalError, driver
from .erasing import SqliteErasing
from .errors import explain, is_trouble
from .fulltext import SqliteFullText
from .logmark import mark_log, settle_log, write_back
from .scrub import scrub_file
from .vectors import SqliteVectors

if TYPE_CHECKING:
    from .query.process import QueryProcess

_INSTRUCTIONS_BETWEEN_LOOKS = 50_000
"""Of SQLite's machine, about a millisecond: how often a running statement looks whether it was called off."""


class SqliteStore:
    """One SQLite file, shared by the threads of this process.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self.caches = Caches()
        self.text: FullText = SqliteFullText()
        self.vectors: VectorScan = SqliteVectors(self.caches)
        self.erasing: Erasing = SqliteErasing()
        self._local = threading.local()
        self._connections: list[SqliteConnection] = []
        self._guard = threading.Lock()
        self._write_lock = threading.RLock()
        # Also run when the process ends without `close`: SQLite then removes the log, and the mark has to go with it.
        self._leave = weakref.finalize(self, _leave, self._connections, self._guard, read_only)
        self._questions: QueryProcess | None = None
        with self.read() as con:
            facts = dict(con.execute("SELECT key, value FROM meta").fetchall())
        if lost := [name for name in ("store_id", "kind") if name not in facts]:
            self.close()
            raise DamagedStoreError(self.name, f"what it says of itself is missing: {', '.join(lost)}")
        self.id: str = facts["store_id"]
        self.kind: StoreKind = "demo" if facts["kind"] == "demo" else "ordinary"

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def location(self) -> str:
        return str(self.path)

    @contextmanager
    def read(self) -> Iterator[SqliteConnection]:
        self._look_for_stop()
        con = self._connection()
        if con.in_transaction:
            yield con
            return
        con.execute("BEGIN")
        try:
            yield con
        except DatabaseError as err:
            if is_trouble(err):
                raise explain(err, self.location) from err
            raise
        finally:
            if con.in_transaction:
                con.execute("ROLLBACK")

    @contextmanager
    def write(self) -> Iterator[SqliteConnection]:
        if self.read_only:
            raise StoreError(f"The store {self.path} was opened read-only. Open it without --read-only to change it.")
        with self._write_lock:
            self._look_for_stop()
            con = self._connection()
            try:
                con.execute("BEGIN IMMEDIATE")
                marked = mark_log(con)
                yield con
                con.execute("COMMIT")
                if marked:
                    write_back(con)
            except BaseException as err:
                if con.in_transaction:
                    con.execute("ROLLBACK")
                self.caches.clear()
                if isinstance(err, DatabaseError) and is_trouble(err):
                    raise explain(err, self.location) from err
                raise

    @contextmanager
    def write_if_free(self) -> Iterator[SqliteConnection | None]:
        if not self._write_lock.acquire(blocking=False):
            yield None
            return
        con = self._connection()
        begun = not con.in_transaction and self._begin_at_once(con)
        try:
            marked = begun and mark_log(con)
            yield con if begun else None
            if begun:
                con.execute("COMMIT")
            if marked:
                write_back(con)
        except DatabaseError as err:
            if isinstance(err, OperationalError) or is_trouble(err):
                raise explain(err, self.location) from err
            raise
        finally:
            if begun and con.in_transaction:
                con.execute("ROLLBACK")
            self._write_lock.release()

    @staticmethod
    def _begin_at_once(con: SqliteConnection) -> bool:
        con.execute("PRAGMA busy_timeout=0")
        try:
            con.execute("BEGIN IMMEDIATE")
        except OperationalError:
            return False
        finally:
            con.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1_000:.0f}")
        return True

    @contextmanager
    def outside_transaction(self) -> Iterator[SqliteConnection]:
        """A connection for what SQLite refuses inside a transaction; other writers of this process wait."""
        with self._write_lock:
            try:
                yield self._connection()
            except OperationalError as err:
                raise explain(err, self.location) from err

    @contextmanager
    def stoppable(self, stop: threading.Event) -> Iterator[None]:
        # A progress handler rather than `Connection.interrupt`, which is lost when it comes between two statements.
        con = self._connection()
        self._local.stop = stop
        con.set_progress_handler(stop.is_set, _INSTRUCTIONS_BETWEEN_LOOKS)
        try:
            yield
        finally:
            con.set_progress_handler(None, 0)
            self._local.stop = None

    def _look_for_stop(self) -> None:
        stop: threading.Event | None = getattr(self._local, "stop", None)
        if stop is not None and stop.is_set():
            raise StoppedError("Called off; nothing further was done.")

    @contextmanager
    def exclusive(self, name: str) -> Iterator[bool]:
        # A second file: a lock in the store's own would keep every writer out for as long as the work lasts.
        path = self.path.with_name(f".{self.path.name}.{name}-lock")
        con = driver.connect(str(path), isolation_level=None, timeout=0)
        try:
            try:
                con.execute("BEGIN EXCLUSIVE")
            except OperationalError:
                yield False
                return
            yield True
        finally:
            con.close()

    def scrub(self, *, compact: bool = False) -> bool:
        return scrub_file(self.write, self.outside_transaction, compact=compact)

    def lost_guards(self) -> frozenset[str]:
        with self.read() as con:
            return trigger_names() - {row["name"] for row in con.execute(SELECT_TRIGGERS)}

    def ask(self, question: Question, find: Finder) -> QuestionAnswer:
        from .query.process import QueryProcess

        with self._guard:
            if self._questions is None:
                self._questions = QueryProcess(self.path)
        return self._questions.ask(question, find)

    def question_views(self) -> Mapping[str, Sequence[str]]:
        from .query.views import GIVEN, VIEWS

        return {name: tuple(view.columns) for name, view in (*VIEWS.items(), *GIVEN.items())}

    def change_mark(self) -> object:
        con = self._connection()
        return con.execute("PRAGMA data_version").fetchone()[0], con.total_changes, id(con)

    def back_up(self, target: Path) -> Copied:
        return back_up(self._connection(), target, name=self.location)

    def trouble(self) -> str:
        try:
            with self.read() as con:
                lines = [row[0] for row in con.execute("PRAGMA quick_check(3)")]
        except StoreError as err:
            return str(err)
        return "" if lines == ["ok"] else "; ".join(line.replace("\n", " ") for line in lines)

    def close(self) -> None:
        if self._questions is not None:
            self._questions.close()
            self._questions = None
        self._leave()
        self._local = threading.local()

    def __enter__(self) -> SqliteStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connection(self) -> SqliteConnection:
        con: SqliteConnection | None = getattr(self._local, "con", None)
        if con is None:
            con = connect(self.path, read_only=self.read_only)
            self._local.con = con
            with self._guard:
                self._connections.append(con)
        return con


def _leave(connections: list[SqliteConnection], guard: threading.Lock, read_only: bool) -> None:
    """End every connection; whoever may write says first that the log will hold nothing more of its own."""
    with guard:
        if connections and not read_only and not connections[0].in_transaction:
            settle_log(connections[0])
        for con in connections:
            con.close()
        connections.clear()
