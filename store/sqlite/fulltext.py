"""Full text in SQLite: a contentless FTS5 index over unique contents, keyed by body id.

Contentless, since bodies are kept compressed; a deletion therefore has to name the old text again.

`unicode61` takes a run of letters for one word, so that in scripts without blanks only whole sentences would be found.
Their characters are indexed one by one, and a word of them is looked for as the phrase of its characters: it is found
wherever it stands. FTS5's `trigram` would find no word of two characters and triple the index of every other text.
"""

from __future__ import annotations

import re
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


_WITHOUT_BLANKS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff"
    "\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
"""Thai, Lao, Burmese, Khmer, kana, Han, and Hangul, whose words carry their endings."""


def words_apart(text: str) -> str:
    """The text as the index gets it: a blank around each character of a script that sets none between words.

    >>> words_apart("订单42 ok")
    ' 订  单 42 ok'
    """
    return text if text.isascii() else _WITHOUT_BLANKS.sub(r" \g<0> ", text)


class SqliteFullText:
    """`store.contract.FullText` by FTS5."""

    def add(self, con: Connection, texts: Iterable[tuple[int, str]], /) -> None:
        con.executemany(INSERT_TEXT, ((row_id, words_apart(text)) for row_id, text in texts))

    def remove(self, con: Connection, texts: Iterable[tuple[int, str]], /) -> None:
        con.executemany(DELETE_TEXT, ((row_id, words_apart(text)) for row_id, text in texts))

    def phrase(self, words: str, /) -> str:
        return quote_phrase(words_apart(words))

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
