"""Contents by hash: each distinct text, value and message is stored and indexed once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson
from zstandard import ZstdError

from ...model.errors import DamagedStoreError
from ...model.reading.digest import Bag, BodyKind, Content
from ...model.text.jsontext import scalars
from ...model.traces import JsonValue, Message
from ..caches import Slot
from ..contract import Connection, Store
from ..sqlite.fulltext import INSERT_TEXT
from .codec import decode_body, decode_message, envelope_refs
from .compression import compress, decompress

_COMPRESS_FROM = 160
"""Bytes; below, a compressed body is no smaller."""
_COMPRESSED = 8
"""Added to a body's kind where its data is compressed."""
_CHUNK = 900
_KNOWN_MOST = 100_000

SELECT_IDS = "SELECT hash, id FROM body WHERE hash IN ({marks})"
SELECT_BODIES = "SELECT id, codec, data FROM body WHERE id IN ({marks})"
BODY_GENERATION = "body_generation"
"""In `meta`: raised by each sweep of unused bodies."""
SELECT_GENERATION = "SELECT value FROM meta WHERE key = ?"
NEXT_GENERATION = """
INSERT INTO meta(key, value) VALUES (?, '1') ON CONFLICT(key) DO UPDATE SET value = CAST(value + 1 AS TEXT)
"""
SELECT_NEXT_ID = "SELECT coalesce(max(id), 0) + 1 FROM body"
INSERT_BODY = "INSERT INTO body(id, hash, codec, data) VALUES (?, ?, ?, ?)"


def marks(count: int) -> str:
    """`?,?,?` for an IN list."""
    return ",".join("?" * count)


def store_contents(store: Store, con: Connection, bag: Bag) -> dict[bytes, int]:
    """Write what is new of `bag` and index its text.

    Returns:
        The body id of every content and message of the bag, by hash.

    Cost: one look-up per content that this process has not met lately, one insert per new one.
    """
    known = _known_ids(store, con)
    ids: dict[bytes, int] = {}
    missing: list[bytes] = []
    for key in (*bag.contents, *bag.envelopes):
        if (body_id := known.get(key)) is not None:
            ids[key] = body_id
        else:
            missing.append(key)
    for start in range(0, len(missing), _CHUNK):
        chunk = missing[start : start + _CHUNK]
        ids.update(con.execute(SELECT_IDS.format(marks=marks(len(chunk))), chunk).fetchall())
    new = [key for key in missing if key not in ids]
    if new:
        first = con.execute(SELECT_NEXT_ID).fetchone()[0]
        ids.update(zip(new, range(first, first + len(new)), strict=True))
        _insert(con, bag, new, ids)
    if len(known) > _KNOWN_MOST:
        known.clear()
    known.update((key, ids[key]) for key in missing)
    return ids


class _Met(NamedTuple):
    """Body ids by hash, as this process met them lately."""

    generation: str | None
    ids: dict[bytes, int]


_MET: Slot[_Met] = Slot("body ids", lambda: _Met(None, {}))


def _known_ids(store: Store, con: Connection) -> dict[bytes, int]:
    """Ids met lately. A sweep, in whatever process, raises the generation, and what was known before counts no more."""
    row = con.execute(SELECT_GENERATION, (BODY_GENERATION,)).fetchone()
    generation = row[0] if row else ""
    met = store.caches.get(_MET)
    return met.ids if met.generation == generation else store.caches.put(_MET, _Met(generation, {})).ids


def _insert(con: Connection, bag: Bag, new: Sequence[bytes], ids: dict[bytes, int]) -> None:
    rows, texts = [], []
    for key in new:
        content = bag.contents.get(key)
        if content is None:
            data = orjson.dumps(bag.envelopes[key].parts(ids.__getitem__))
            rows.append((ids[key], key, *_packed(BodyKind.ENVELOPE, data)))
        else:
            rows.append((ids[key], key, *_packed(content.kind, content.data)))
            texts.append((ids[key], indexed_text(content)))
    con.executemany(INSERT_BODY, rows)
    con.executemany(INSERT_TEXT, texts)


def _packed(kind: BodyKind, data: bytes) -> tuple[int, bytes]:
    if len(data) >= _COMPRESS_FROM and len(packed := compress(data)) < len(data):
        return kind | _COMPRESSED, packed
    return int(kind), data


def body_kind(codec: int) -> BodyKind:
    """What a stored body is."""
    return BodyKind(codec & ~_COMPRESSED)


def decode_row(codec: int, data: bytes) -> Any:
    """A stored body's text, value or envelope parts."""
    return decode_body(codec & ~_COMPRESSED, decompress(data) if codec & _COMPRESSED else data)


def plain_of(codec: int, data: bytes) -> tuple[BodyKind, bytes]:
    """A stored body's kind and its data, decompressed."""
    return body_kind(codec), decompress(data) if codec & _COMPRESSED else data


def indexed_text_of(codec: int, data: bytes) -> str:
    """What full text was given for a stored text or value; a deletion from the index has to name it again."""
    plain = decompress(data) if codec & _COMPRESSED else data
    return indexed_text(Content(body_kind(codec), plain, False))


def indexed_text(content: Content) -> str:
    """What full text sees of a content: a text itself, a value's keys and scalars."""
    if content.kind is BodyKind.TEXT:
        return content.data.decode("utf-8", "replace")
    value: JsonValue = decode_body(content.kind, content.data)
    return " ".join(f"{path} {scalar}" for path, scalar in scalars(value))


class Contents:
    """Bodies loaded for reading; equal messages are one object."""

    def __init__(self, con: Connection) -> None:
        self._con = con
        self._bodies: dict[int, Any] = {}
        self._messages: dict[int, Message] = {}

    def load(self, body_ids: Iterable[int]) -> None:
        """Fetch these bodies and what their envelopes point at."""
        deeper: set[int] = set()
        for body_id, codec, data in self._rows({i for i in body_ids if i not in self._bodies}):
            try:
                body = self._bodies[body_id] = decode_row(codec, data)
            except (ZstdError, ValueError, TypeError) as err:
                raise DamagedStoreError("of this content", f"content {body_id} cannot be read: {err}") from err
            if codec & ~_COMPRESSED == BodyKind.ENVELOPE:
                deeper.update(envelope_refs(body))
        if deeper - self._bodies.keys():
            self.load(deeper)

    def value(self, body_id: int) -> JsonValue:
        """A loaded text or value."""
        value: JsonValue = self._held(body_id)
        return value

    def _held(self, body_id: int) -> Any:
        try:
            return self._bodies[body_id]
        except KeyError:
            raise DamagedStoreError("of this content", f"content {body_id} is gone") from None

    def message(self, body_id: int) -> Message:
        """A loaded message."""
        found = self._messages.get(body_id)
        if found is None:
            found = self._messages[body_id] = decode_message(self._held(body_id), self.value)
        return found

    def _rows(self, body_ids: set[int]) -> Iterable[tuple[int, int, bytes]]:
        ordered = sorted(body_ids)
        for start in range(0, len(ordered), _CHUNK):
            chunk = ordered[start : start + _CHUNK]
            yield from self._con.execute(SELECT_BODIES.format(marks=marks(len(chunk))), chunk)
