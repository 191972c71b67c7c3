"""`Store check` of a file: pages, rows, contents, spans, runs, full text, vectors, history, each held against another.

Contents, spans, annotations and records have hashes; runs are what their spans make; full text and vectors say the same
as what they were made from. What has neither, such as a reviewer's draft, is seen only where it cannot be read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ...knowledge.documents import text_sha256
from ...model.reading.digest import BodyKind, digest_of
from ..audit.chain import audit_verify
from ..damage import Damage, Part, StoreCheck
from ..traces.commit import annotation_digest
from ..traces.compression import unpack
from ..traces.contents import body_kind, indexed_text_of
from ..traces.revisions import load_order, order_fits, summary_as_stored, trace_rows
from ..traces.spans import load_spans
from ..traces.tables import AnnotationRow
from .connection import SqliteConnection
from .damaged import DERIVED, Gap, bad_contents, open_raw, readable, tables_of
from .driver import Connection, DatabaseError, driver
from .fulltext import CREATE_FULL_TEXT, INSERT_TEXT, words_apart
from .opening import APPLICATION_ID, lacks_log
from .store import SqliteStore

_PACKED = {"suspect_cache": ("report",), "told_steps": ("steps",), "agent_task": ("answer", "checkpoint"),
           "agent_transcript": ("record",)}  # fmt: skip
_COMPUTED = "it is computed anew from the spans"
_AGAIN_SPANS = "the run is made of those that are left; import or send it again to have the others back"
_AGAIN = "the run stays, with a text in its place that says so; import or send it again to have it back"

Step = Callable[[Path, SqliteConnection, StoreCheck], None]


def check_file(path: Path) -> StoreCheck:
    """Look for damage in the file at `path`; changes nothing. Cost: reads all of it, and hashes every content."""
    check = StoreCheck(str(path))
    if lacks_log(path):
        lost = "everything that was written after the log was last written back"
        check.add(Damage("log", "a copy of a store in use, without its log (-wal)", lost, "what the file holds"))
    try:
        con = open_raw(path)
    except DatabaseError as err:
        check.add(Damage("file", f"no database, or its first page is broken ({err})", "all", "nothing; use a backup"))
        return check
    try:
        for part, step in _STEPS:
            with _noting(check, part):
                step(path, con, check)
    finally:
        con.close()
    return check


@contextmanager
def _noting(check: StoreCheck, part: Part) -> Iterator[None]:
    """What stops a step is a damage itself."""
    try:
        yield
    except Exception as err:
        check.add(Damage(part, f"cannot be looked through ({type(err).__name__}: {str(err)[:200]})", "", ""))


def _pages(_path: Path, con: SqliteConnection, check: StoreCheck) -> None:
    if con.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        check.add(Damage("file", "the header does not name it as a Retrospan store", "", "rows are copied"))
    for (line,) in con.execute("PRAGMA integrity_check(50)"):
        if line != "ok":
            check.add(Damage("file", line, "the rows on that page", "every row that can still be read"))


def _rows(_path: Path, con: SqliteConnection, check: StoreCheck) -> None:
    for table, numbered in tables_of(con).items():
        gone = "" if table in DERIVED else f"rows of {table}"
        for row in readable(con, table, numbered=numbered):
            if isinstance(row, Gap):
                upto = "the end" if row.upto > 1 << 61 else row.upto
                saved = _COMPUTED if table in DERIVED else "the rows before and behind"
                check.add(Damage("rows", f"{table}: rows behind {row.after} up to {upto} cannot be read", gone, saved))
            elif table in _PACKED:
                _packed(check, table, row)
    for table, number, parent, _ in con.execute("PRAGMA foreign_key_check"):
        check.add(Damage("rows", f"{table}: row {number} belongs to a {parent} that is gone", "", "it is left out"))


def _facts(_path: Path, con: SqliteConnection, check: StoreCheck) -> None:
    known = {key for (key,) in con.execute("SELECT key FROM meta")}
    for name in sorted({"store_id", "kind"} - known):
        lost = f"its {name}; a salvaged store has one of its own"
        check.add(Damage("rows", f"meta: what the store says of itself is missing ({name})", lost, "all else"))


def _packed(check: StoreCheck, table: str, row: Any) -> None:
    for column in _PACKED[table]:
        try:
            if row[column] is not None:
                unpack(row[column])
        except Exception:
            lost = "" if table in DERIVED else "this record"
            saved = _COMPUTED if table in DERIVED else "the others"
            check.add(Damage("rows", f"{table}: {column} of row {row['row_number']} is broken", lost, saved))


def _contents(_path: Path, con: SqliteConnection, check: StoreCheck) -> None:
    hashes, bad, _ = bad_contents(con)
    check.contents = len(hashes)
    for content in bad:
        check.add(Damage("contents", f"content {content.id} {content.why}", "this text or value", _AGAIN))
    _full_text(con, check, set(hashes))


def _full_text(con: SqliteConnection, check: StoreCheck, bodies: set[int]) -> None:
    rebuilt = "it is made anew from the contents"
    try:
        indexed = {row[0] for row in con.execute("SELECT id FROM body_text_docsize")}
        texts = {
            row[0] for row in con.execute("SELECT id, codec FROM body") if body_kind(row[1]) is not BodyKind.ENVELOPE
        }
        if missing := len((texts & bodies) - indexed):
            check.add(Damage("full text", f"{missing} contents are not found by words", "", rebuilt))
        if orphans := len(indexed - texts):
            check.add(Damage("full text", f"{orphans} entries belong to no content", "", rebuilt))
        if wrong := _wrong_words(con):
            check.add(Damage("full text", f"{wrong} words are counted otherwise than they stand", "", rebuilt))
    except DatabaseError as err:
        check.add(Damage("full text", f"cannot be read ({err})", "", rebuilt))


def _wrong_words(con: SqliteConnection) -> int:
    """Words whose counts differ from those of an index made anew; pages of the index are looked at by `_pages`."""
    fresh = driver.connect(":memory:", isolation_level=None)
    try:
        fresh.execute(CREATE_FULL_TEXT)
        for row in con.execute("SELECT id, codec, data FROM body"):
            if body_kind(row["codec"]) is not BodyKind.ENVELOPE:
                with suppress(Exception):  # told as a content that cannot be read
                    fresh.execute(INSERT_TEXT, (row["id"], words_apart(indexed_text_of(row["codec"], row["data"]))))
        return len(_words(con) ^ _words(fresh))
    finally:
        fresh.close()


def _words(con: Connection) -> set[tuple[str, int, int]]:
    con.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', 'body_text', 'row')")
    try:
        return {tuple(row) for row in con.execute("SELECT term, doc, cnt FROM temp.words")}
    finally:
        con.execute("DROP TABLE temp.words")


def _spans(_path: Path, con: SqliteConnection, check: StoreCheck) -> None:
    known = {row["id"] for row in readable(con, "trace", numbered=True) if not isinstance(row, Gap)}
    check.runs = len(known)
    for trace_id in known:
        (row,) = trace_rows(con, [trace_id])
        try:
            stored = dict(con.execute("SELECT span_id, digest FROM span WHERE trace_id = ?", (trace_id,)).fetchall())
            spans = load_spans(con, trace_id, row["trace_key"])
            missing = _missing(row, stored)
        except Exception as err:
            check.add(Damage("spans", f"T{trace_id} cannot be read ({type(err).__name__})", "parts of it", _AGAIN))
            continue
        check.spans += len(spans)
        if missing:
            check.add(Damage("spans", f"T{trace_id}: {missing} spans are missing", "their steps", _AGAIN_SPANS))
        wrong = [span.span_id for span in spans if digest_of(span) != stored.get(span.span_id)]
        if wrong:
            what = f"T{trace_id}: {len(wrong)} spans are not what their hash says ({wrong[0][:40]})"
            check.add(Damage("spans", what, "what was changed in them", "they are kept as they read"))
        elif not missing and not row["dirty"] and not _reads_as_kept(con, row, stored):
            check.differing_runs += 1
        for note in con.execute("SELECT rowid, * FROM annotation WHERE trace_id = ?", (trace_id,)):
            if _digest_of(note) != note["digest"]:
                check.add(Damage("rows", f"annotation of T{trace_id} is not what its hash says", "what it said", ""))


def _missing(row: Any, span_ids: Collection[str]) -> int:
    """How many spans fewer there are than the run was made of when it was last put together."""
    if row["dirty"] or not row["reading"]:
        return 0
    order = load_order(row)
    named = {name for place in order.places for name in (place.span_id, *place.absorbed)} | order.folded.keys()
    return max(0, len(named) - len(span_ids))


def _reads_as_kept(con: SqliteConnection, row: Any, span_ids: Collection[str]) -> bool:
    made = summary_as_stored(con, row)
    return order_fits(row, span_ids) and all(row[name] == value for name, value in made.items())


def _digest_of(note: Any) -> bytes:
    return annotation_digest(AnnotationRow(**{name: note[name] for name in AnnotationRow._fields}))


def _vectors(_path: Path, con: SqliteConnection, check: StoreCheck) -> None:
    import numpy as np

    broken = 0
    for row in readable(con, "embedding", numbered=True):
        if isinstance(row, Gap):
            continue
        vector = np.frombuffer(row["vector"], "<f2") if len(row["vector"]) % 2 == 0 else np.zeros(0)
        length = float(np.linalg.norm(vector.astype("f4"))) if vector.size else 0.0
        # A unit vector keeps its length within 1 % at half precision; its bits are its signs.
        fits = vector.size and abs(length - 1) < 0.01 and np.packbits(vector > 0).tobytes() == row["bits"]
        broken += not fits
    if broken:
        check.add(Damage("vectors", f"{broken} vectors are broken", "", "`retrospan embed` makes them anew"))


def _history(path: Path, con: SqliteConnection, check: StoreCheck) -> None:
    check.verdicts = con.execute("SELECT count(*) FROM verdict").fetchone()[0]
    for row in con.execute("SELECT folder, kind, name, sha256, text FROM knowledge_file"):
        if text_sha256(row["text"]) != row["sha256"]:
            saved = "read anew from its folder" if row["folder"] else "the others"
            check.add(Damage("files", f"{row['kind']} {row['name']} is not what its hash says", "", saved))
    with SqliteStore(path, read_only=True) as store:
        for problem in audit_verify(store).problems:
            check.add(Damage("history", problem, "that part of the history", "what can be read, as it reads"))


_STEPS: tuple[tuple[Part, Step], ...] = (
    ("file", _pages),
    ("rows", _facts),
    ("rows", _rows),
    ("contents", _contents),
    ("spans", _spans),
    ("vectors", _vectors),
    ("history", _history),
)
