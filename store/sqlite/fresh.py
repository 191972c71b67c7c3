"""The schema of a new store as one script, so that a first start neither imports alembic nor walks all revisions.

The script is made from the revisions: `python -m retrospan.store.sqlite.fresh` writes it, and a test fails where it is
not what they make. One that is behind is no harm: a new store is brought up from there like an old one.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from .driver import driver

SCRIPT = Path(__file__).with_name("fresh.sql")
_HEAD = "-- Made from the revisions by store/sqlite/fresh.py.\nBEGIN;\n"
_ORDER = "type NOT IN ('table', 'view'), type, name"
"""The same on every run: the revisions make the indexes of a table in no order."""


def make_fresh(path: Path) -> None:
    """Give an empty file the newest schema."""
    con = driver.connect(str(path), isolation_level=None)
    try:
        con.executescript(SCRIPT.read_text(encoding="utf-8"))
    finally:
        con.close()


def fresh_script() -> str:
    """What the revisions make of an empty file, as a script."""
    from .upgrade import upgrade_sqlite

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fresh.db"
        upgrade_sqlite(path)
        con = driver.connect(str(path))
        try:
            return script_of(con)
        finally:
            con.close()


def script_of(con: driver.Connection) -> str:
    """The schema of a database, without its rows but for the revision that it is at."""
    # Full text makes the tables that it keeps its index in.
    kept_by_others = {row[1] for row in con.execute("PRAGMA table_list") if row[2] == "shadow"}
    rows = con.execute(f"SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY {_ORDER}")  # noqa: S608 - as above
    # To the letter, since a definition that reads otherwise than in a new store is taken for a damaged one.
    made = [sql for name, sql in rows if name not in kept_by_others]
    (revision,) = con.execute("SELECT version_num FROM alembic_version").fetchone()
    made.append(f"INSERT INTO alembic_version VALUES ('{revision}')")  # noqa: S608 - a name of our own
    return _HEAD + "".join(f"{statement};\n" for statement in made) + "COMMIT;\n"


if __name__ == "__main__":
    SCRIPT.write_text(fresh_script(), encoding="utf-8")
