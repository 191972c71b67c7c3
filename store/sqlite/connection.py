"""Open a store and take turns at it: one writer at a time, any number of readers, several processes on one file."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import platformdirs

from ...model.errors import RetrospanError, StoppedError, StoreBusyError, StoreError, StoreVersionError, UsageError
from ..schema import HEAD
from .driver import Connection, DatabaseError, OperationalError, Row, driver, load_extension, vector_extension

StoreKind = Literal["ordinary", "demo"]

_BUSY_SECONDS = 30.0
_INSTRUCTIONS_BETWEEN_LOOKS = 50_000
"""Of SQLite's machine, about a millisecond: how often a running statement looks whether it was called off."""
APPLICATION_ID = 0x52545350
"""`RTSP` in the file header: tells our files from other SQLite databases."""


def default_location() -> Path:
    """The user's own store: `RETROSPAN_STORE`, else the platform's data folder.

    Whatever the current folder holds is never picked up by itself: a cloned repository could bring a store.
    """
    if named := os.environ.get("RETROSPAN_STORE"):
        return _as_path(named)
    return Path(platformdirs.user_data_dir("retrospan", appauthor=False)) / "store.db"


class Store:
    """One store, shared by the threads of this process.

    Attributes:
        path: The database file.
        id: Random id given at creation; names the store in signatures and trust settings.
        kind: `demo` for throw-away stores, in which a demo reviewer may sign; else `ordinary`.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self.caches: dict[str, object] = {}
        """Process-wide caches of the query modules, one entry each; dropped with the store."""
        self._local = threading.local()
        self._connections: list[Connection] = []
        self._guard = threading.Lock()
        self._write_lock = threading.RLock()
        with self.read() as con:
            facts = dict(con.execute("SELECT key, value FROM meta").fetchall())
        self.id: str = facts["store_id"]
        self.kind: StoreKind = "demo" if facts["kind"] == "demo" else "ordinary"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one consistent state until the block ends. May be nested, also inside `write`."""
        self._look_for_stop()
        con = self._connection()
        if con.in_transaction:
            yield con
            return
        con.execute("BEGIN")
        try:
            yield con
        except OperationalError as err:
            raise _explain(err, self.path) from err
        finally:
            con.execute("ROLLBACK")

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction: all of the block is committed when it ends, or none of it.

        Raises:
            StoreBusyError: if another process kept the lock for 30 s.
            StoreError: if the file cannot be written (disk full, read-only).
        """
        if self.read_only:
            raise StoreError(f"The store {self.path} was opened read-only. Open it without --read-only to change it.")
        with self._write_lock:
            self._look_for_stop()
            con = self._connection()
            try:
                con.execute("BEGIN IMMEDIATE")
                yield con
                con.execute("COMMIT")
            except BaseException as err:
                if con.in_transaction:
                    con.execute("ROLLBACK")
                self.caches.clear()
                if isinstance(err, OperationalError):
                    raise _explain(err, self.path) from err
                raise

    @contextmanager
    def write_if_free(self) -> Iterator[Connection | None]:
        """As `write`, for what may wait: None where somebody else is writing, at once."""
        if not self._write_lock.acquire(blocking=False):
            yield None
            return
        con = self._connection()
        begun = not con.in_transaction and self._begin_at_once(con)
        try:
            yield con if begun else None
            if begun:
                con.execute("COMMIT")
        except OperationalError as err:
            raise _explain(err, self.path) from err
        finally:
            if begun and con.in_transaction:
                con.execute("ROLLBACK")
            self._write_lock.release()

    @staticmethod
    def _begin_at_once(con: Connection) -> bool:
        con.execute("PRAGMA busy_timeout=0")
        try:
            con.execute("BEGIN IMMEDIATE")
        except OperationalError:
            return False
        finally:
            con.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1_000:.0f}")
        return True

    @contextmanager
    def outside_transaction(self) -> Iterator[Connection]:
        """A connection for what SQLite refuses inside a transaction; other writers of this process wait."""
        with self._write_lock:
            try:
                yield self._connection()
            except OperationalError as err:
                raise _explain(err, self.path) from err

    @contextmanager
    def stoppable(self, stop: threading.Event) -> Iterator[None]:
        """Let another thread call off what this thread does in the block, by setting `stop`.

        The running statement ends, a write is undone whole, and no further one begins. A progress handler does it
        rather than `Connection.interrupt`, which is lost when it comes between two statements.

        Raises:
            StoppedError: where the store was used after `stop` was set.
        """
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

    def close(self) -> None:
        """Close every thread's connection. The store must not be used afterwards."""
        with self._guard:
            for con in self._connections:
                con.close()
            self._connections.clear()
        self._local = threading.local()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connection(self) -> Connection:
        con: Connection | None = getattr(self._local, "con", None)
        if con is None:
            con = _connect(self.path, read_only=self.read_only)
            self._local.con = con
            with self._guard:
                self._connections.append(con)
        return con


def open_store(location: str | Path | None = None, *, kind: StoreKind = "ordinary", read_only: bool = False) -> Store:
    """Open the store at `location`, creating it (with `kind`) or migrating it where needed.

    Args:
        location: A path, or None for the user's own store (`default_location`).
        kind: Used only when the store is created here.
        read_only: Refuse every change; the store must exist.

    Raises:
        UsageError: if the location is no path, or a file that is not ours.
        StoreError: if the file cannot be opened or written.
        StoreVersionError: if a newer Retrospan made it.
    """
    path = default_location() if location is None else _as_path(str(location))
    try:
        if not path.exists():
            if read_only:
                raise UsageError(f"No store at {path}. Run `retrospan import` or `retrospan serve` to make one.")
            _create(path, kind)
        _migrate(path, read_only=read_only)
        return Store(path, read_only=read_only)
    except OperationalError as err:
        raise _explain(err, path) from err
    except DatabaseError as err:
        raise StoreError(f"{path} is not a readable store ({err}). Name another with --store.") from err


def _as_path(location: str) -> Path:
    if "://" in location:
        raise UsageError(
            f"The store {location!r} is a database URL, and this build reads files only. Give a path with --store."
        )
    return Path(location).expanduser().absolute()


def _connect(path: Path, *, read_only: bool = False) -> Connection:
    uri = f"{path.as_uri()}?mode={'ro' if read_only else 'rw'}"
    con = driver.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    con.row_factory = Row
    con.execute("PRAGMA journal_size_limit=67108864")
    # Pages that every commit touches are written back once in 32 MiB rather than once in 8.
    con.execute("PRAGMA wal_autocheckpoint=4000")
    # NORMAL in WAL survives kill -9 of the process at any moment; a power cut may take the last transactions.
    con.execute("PRAGMA synchronous=NORMAL")
    con.execute("PRAGMA foreign_keys=ON")
    # What is replaced or deleted is overwritten in the pages that are written anyway; erasing does the rest.
    con.execute("PRAGMA secure_delete=FAST")
    con.execute("PRAGMA temp_store=MEMORY")
    con.execute("PRAGMA cache_size=-32768")
    if extension := vector_extension():
        load_extension(con, extension)
    return con


def _create(path: Path, kind: StoreKind) -> None:
    """Make the file under a temporary name first, so that no process ever meets a half-made store."""
    from .upgrade import upgrade_sqlite

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise StoreError(
            f"Cannot make the folder of {path} ({err.strerror}). Name another place with --store."
        ) from err
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        fd = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        os.close(fd)
        con = driver.connect(str(fresh), isolation_level=None)
        con.execute("PRAGMA page_size=8192")
        con.execute(f"PRAGMA application_id={APPLICATION_ID}")
        con.close()
        upgrade_sqlite(fresh)
        con = driver.connect(str(fresh), isolation_level=None)
        rows = [("store_id", secrets.token_hex(8)), ("kind", kind), ("created_at", str(time.time_ns()))]
        con.executemany("INSERT INTO meta(key, value) VALUES (?, ?)", rows)
        con.execute("PRAGMA journal_mode=WAL")
        con.close()
        if not path.exists():
            os.link(fresh, path)
    except FileExistsError:
        pass
    except OSError as err:
        raise StoreError(f"Cannot make a store at {path} ({err.strerror}). Name another place with --store.") from err
    finally:
        for leftover in path.parent.glob(f"{fresh.name}*"):
            leftover.unlink(missing_ok=True)


def _migrate(path: Path, *, read_only: bool) -> None:
    con = driver.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=_BUSY_SECONDS)
    try:
        if con.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise UsageError(f"{path} is not a Retrospan store. Name another file with --store.")
        found = con.execute("SELECT version_num FROM alembic_version").fetchone()
    finally:
        con.close()
    if found is not None and found[0] == HEAD:
        return
    if read_only:
        raise StoreVersionError(
            f"The store {path} has an older schema. Open it once without --read-only to migrate it."
        )
    from .upgrade import upgrade_sqlite

    upgrade_sqlite(path)


def _explain(err: Exception, path: Path) -> RetrospanError:
    text = str(err)
    if "interrupted" in text:
        return StoppedError("Called off; nothing of it was stored.")
    if "locked" in text or "busy" in text:
        return StoreBusyError(
            f"The store {path} is locked by another process for over {_BUSY_SECONDS:.0f} s. Try again."
        )
    if "full" in text:
        return StoreError(f"The disk with {path} is full. Nothing was stored; free space and send again.")
    if "readonly" in text or "read-only" in text:
        return StoreError(f"The store {path} cannot be written (read-only). Check its permissions.")
    return StoreError(f"The store {path} is in trouble: {text}. Run `retrospan doctor`.")
