"""Full text in SQLite: a contentless FTS5 index over unique contents, keyed by body id.

Contentless, since bodies are kept compressed; a deletion therefore has to name the old text again.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..contract import Connection

CREATE_FULL_TEXT = """
CREATE VIRTUAL TABLE IF NOT EXISTS body_text USING fts5(
  text, content='', tokenize="porter unicode61 remove_diacritics 2"
)
"""
INSERT_TEXT = "INSERT INTO body_text(rowid, text) VALUES (?, ?)"
DELETE_TEXT = "INSERT INTO body_text(body_text, rowid, text) VALUES ('delete', ?, ?)"

MERGE_ALL = "INSERT INTO body_text(body_text, rank) VALUES ('merge', ?)"
"""With a negative number of pages: begin to merge all segments into one, that many pages of it now."""
MERGE_MORE = MERGE_ALL
"""With a positive number: go on."""


class SqliteFullText:
    """`store.contract.FullText` by FTS5."""

    def add(self, con: Connection, texts: Iterable[tuple[int, str]], /) -> None:
        con.executemany(INSERT_TEXT, texts)

    def remove(self, con: Connection, texts: Iterable[tuple[int, str]], /) -> None:
        con.executemany(DELETE_TEXT, texts)

    def phrase(self, words: str, /) -> str:
        return quote_phrase(words)

    def any_of(self, expressions: Iterable[str], /) -> str:
        return " OR ".join(expressions)

    def matches(self, name: str, /) -> str:
        return f"SELECT rowid AS body_id FROM body_text WHERE body_text MATCH :{name}"  # noqa: S608

    def ranked(self, name: str, newest: int | None, /) -> str:
        found = f"SELECT rowid AS body_id, bm25(body_text) AS score FROM body_text WHERE body_text MATCH :{name}"  # noqa: S608
        # A limit that is never reached would still keep SQLite from joining while it reads.
        return found if newest is None else f"{found} ORDER BY rowid DESC LIMIT {newest:d}"


def quote_phrase(words: str) -> str:
    """One FTS5 string: FTS5 input is a language, and trace or user text must never be parsed as it.

    >>> quote_phrase('say "hi" NEAR(')
    '"say ""hi"" NEAR("'
    """
    words = words.encode("utf-8", "replace").decode()
    return '"' + words.replace('"', '""').replace("\0", " ") + '"'
