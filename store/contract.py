"""The seam under everything that is kept: what a store's engine offers, whatever database stands behind it.

Statements in the rooms of `store/` are text that every engine speaks: values are named (`:name`), a list is asked for
with `IN :names`, ids of new rows come by `RETURNING`, doubles are left out by `ON CONFLICT`, and rows are read by
column name. What engines do not share stands in `store/sqlite/`, reached through the attributes of `Store`.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal, Protocol

from ..model.questions import Finder, Question, QuestionAnswer
from .caches import Caches
from .damage import Copied, Restored, Salvaged, StoreCheck
from .rows import R, Table

StoreKind = Literal["ordinary", "demo"]
Values = Mapping[str, Any] | Sequence[Any]
"""What a statement is given: values by name, or, for rows in bulk, one by one in the order of the columns."""


class Row(Protocol):
    """One row, read by column name."""

    def __getitem__(self, key: Any, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __len__(self) -> int: ...
    def keys(self) -> Iterable[str]: ...


class Cursor(Protocol):
    """The rows of a statement, read once."""

    @property
    def rowcount(self) -> int:
        """How many rows an UPDATE, DELETE or INSERT touched."""

    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """Runs statements inside the transaction that handed it out."""

    as_written: str
    """What to order a table's rows by, so that they come as they were written."""

    def execute(self, statement: str, values: Values = (), /) -> Cursor:
        """Run one statement.

        Args:
            statement: Text in the shared form; `IN :names` takes a list, of whole numbers, texts or bytes.
            values: By name.
        """

    def executemany(self, statement: str, rows: Iterable[Values], /) -> Cursor:
        """Run one statement for each of many rows. No `IN :names` here."""

    def insert_rows(self, into: Table[R], rows: Iterable[R], /) -> int:
        """Write many rows the fastest way there is; returns how many were written, with those that were overwritten."""

    def reserve_ids(self, table: str, count: int, /) -> range:
        """So many ids that no row of `table` has, nobody else's until the transaction ends."""


class FullText(Protocol):
    """The words of contents, by body id.

    Expressions are in the engine's own language; texts of traces and of users enter one by `phrase` only.
    """

    def add(self, con: Connection, texts: Iterable[tuple[int, str]], /) -> None:
        """Index the texts of new contents."""

    def remove(self, con: Connection, texts: Iterable[tuple[int, str]], /) -> None:
        """Take contents out again; each with the text that it was added with."""

    def phrase(self, words: str, /) -> str:
        """The expression that finds these words, one after the other."""

    def any_of(self, expressions: Iterable[str], /) -> str:
        """The expression that finds what one of these finds."""

    def matches(self, name: str, /) -> str:
        """A SELECT of `body_id`: the contents that the expression bound as `:name` finds, in no order."""

    def ranked(self, name: str, newest: int | None, /) -> str:
        """A SELECT of `body_id` and `score`, lower is better.

        Args:
            name: As what the expression is bound.
            newest: Rank only so many of the newest contents found; None for all.
        """


class VectorScan(Protocol):
    """Which vectors of the table `embedding` come near one, by their sign bits."""

    def nearest(self, con: Connection, model: str, bits: bytes, most: int, project: str | None, /) -> list[int]:
        """Ids of rows by how many bits differ, fewest first, later rows before earlier ones; of a project, or all.

        Cost: one pass over the bits, 48 bytes a vector.
        """


class Erasing(Protocol):
    """What an erasure needs of the engine."""

    def begin(self, con: Connection, /) -> None:
        """For the rest of the transaction: overwrite what is deleted; rows may go before those that point at them."""

    def tables_with(self, con: Connection, column: str, /) -> list[str]:
        """The tables of this schema that have a column of this name, without those that only grow."""


class Keeping(Protocol):
    """What an engine does for a store as a whole, also for one that can no longer be opened."""

    def check(self, location: Path) -> StoreCheck:
        """Look for damage everywhere; changes nothing. Cost: reads and hashes the whole store."""

    def salvage(self, location: Path, target: Path) -> Salvaged:
        """Bring all that can still be read into a new store at `target`; the damaged one stays as it is.

        Raises:
            UsageError: if something lies at `target`.
            StoreError: if nothing can be read at all.
        """

    def restore(self, copy: Path, location: Path) -> Restored:
        """Put a copy that `Store.back_up` made in the place of a store, which is moved aside.

        Raises:
            StoreError: if the copy is damaged, or the store is in use.
        """

    def accept(self, location: Path) -> None:
        """Use a copy that was made without its log as it is."""


class Store(Protocol):
    """One store, shared by the threads of this process."""

    id: str
    """Random, given at creation; names the store in signatures and trust settings."""
    kind: StoreKind
    """`demo` for throw-away stores, in which a demo reviewer may sign; else `ordinary`."""
    read_only: bool
    caches: Caches
    text: FullText
    vectors: VectorScan
    erasing: Erasing

    @property
    def name(self) -> str:
        """What answers call the store: the last part of its location."""

    @property
    def location(self) -> str:
        """Where the store is, and what opens it again: a path, or an address without its password."""

    def read(self) -> AbstractContextManager[Connection]:
        """A connection that sees one consistent state until the block ends. May be nested, also inside `write`."""

    def write(self) -> AbstractContextManager[Connection]:
        """A transaction: all of the block is committed when it ends, or none of it.

        Raises:
            StoreBusyError: if others kept the store for too long.
            StoreError: if nothing can be written (disk full, read-only).
        """

    def write_if_free(self) -> AbstractContextManager[Connection | None]:
        """As `write`, for what may wait: None where somebody else is writing, at once."""

    def stoppable(self, stop: threading.Event) -> AbstractContextManager[None]:
        """Let another thread call off what this thread does in the block, by setting `stop`.

        Raises:
            StoppedError: where the store was used after `stop` was set.
        """

    def exclusive(self, name: str) -> AbstractContextManager[bool]:
        """Be the only one, among all processes, that does the work called `name`; False where another does it now.

        The right ends with the block, and with the process however it ends.
        """

    def lost_guards(self) -> Collection[str]:
        """Names of the guards that keep tables append-only and are not there any more; none in a sound store."""

    def change_mark(self) -> object:
        """Equal to an earlier one as long as nothing was written since; compare marks of one thread only."""

    def scrub(self, *, compact: bool = False) -> bool:
        """Overwrite what deletions have left behind.

        Args:
            compact: Rewrite the whole store instead, which also gives its free space back; needs as much space again.

        Returns:
            False where others kept an old state in use, so that something may be left.
        """

    def back_up(self, target: Path) -> Copied:
        """Write a whole copy of what is committed into a new file, while other processes may go on writing.

        Raises:
            UsageError: if something lies at `target`.
            StoreError: if it cannot be written; nothing of it is left then.
        """

    def trouble(self) -> str:
        """What a quick look finds wrong with the engine's own structures; empty where nothing. See `Keeping.check`."""

    def ask(self, question: Question, find: Finder) -> QuestionAnswer:
        """Answer a question in SQL over the views that every engine offers; reads only.

        Raises:
            UsageError: if the question names or does what it may not.
            QuestionError: if it cannot be run, or takes too long or too much.
        """

    def question_views(self) -> Mapping[str, Sequence[str]]:
        """The views that a question may read, each with its columns."""

    def close(self) -> None:
        """Close every thread's connection. The store must not be used afterwards."""

    def __enter__(self) -> Store: ...
    def __exit__(self, *_: object) -> None: ...
