"""Texts in scripts without blanks are indexed anew, character by character, so that their words are found."""

from __future__ import annotations

from alembic import op
from retrospan.model.reading.digest import BodyKind
from retrospan.store.sqlite.fulltext import DELETE_TEXT, INSERT_TEXT, words_apart
from retrospan.store.traces.contents import body_kind, indexed_text_of

revision = "0021_words_apart"
down_revision = "0020_typed"

_BATCH = 1_000


def upgrade() -> None:
    con, last = op.get_bind(), 0
    statement = "SELECT id, codec, data FROM body WHERE id > ? ORDER BY id LIMIT ?"
    while rows := con.exec_driver_sql(statement, (last, _BATCH)).fetchall():
        last = rows[-1][0]
        for body_id, codec, data in rows:
            if body_kind(codec) is BodyKind.ENVELOPE:
                continue
            text = indexed_text_of(codec, data)
            if (apart := words_apart(text)) != text:
                con.exec_driver_sql(DELETE_TEXT, (body_id, text))
                con.exec_driver_sql(INSERT_TEXT, (body_id, apart))
