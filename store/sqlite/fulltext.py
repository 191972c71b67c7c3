"""Full text in SQLite: a contentless FTS5 index over unique contents, keyed by body id.

Contentless, since bodies are kept compressed; a deletion therefore has to name the old text again.
"""

from __future__ import annotations

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


def quote_phrase(words: str) -> str:
    """One FTS5 string: FTS5 input is a language, and trace or user text must never be parsed as it.

    >>> quote_phrase('say "hi" NEAR(')
    '"say ""hi"" NEAR("'
    """
    words = words.encode("utf-8", "replace").decode()
    return '"' + words.replace('"', '""').replace("\0", " ") + '"'
