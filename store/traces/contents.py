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
from ..generations import BODIES, generation
from ..rows import Table
from .codec import decode_body, decode_message, envelope_refs
from .compression import compress, decompress

_COMPRESS_FROM = 160
"""Bytes; below, a compressed body is no smaller."""
_COMPRESSED = 8
"""Added to a body's kind where its data is compressed."""
_KNOWN_MOST = 100_000

SELECT_IDS = "SELECT hash, id FROM body WHERE hash IN :hashes"
SELECT_BODIES = "SELECT id, codec, data FROM body WHERE id IN :ids"


class BodyRow(NamedTuple):
    """A content as it is written."""

    id: int
    hash: bytes
    codec: int
    data: bytes


BODIES_TABLE = Table("body", BodyRow)


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
    if missing:
        ids.update((row["hash"], row["id"]) for row in con.execute(SELECT_IDS, {"hashes": missing}))
    new = [key for key in missing if key not in ids]
    if new:
        ids.update(zip(new, con.reserve_ids("body", len(new)), strict=True))
        _insert(store, con, bag, new, ids)
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
    now = generation(con, BODIES)
    met = store.caches.get(_MET)
    return met.ids if met.generation == now else store.caches.put(_MET, _Met(now, {})).ids


def _insert(store: Store, con: Connection, bag: Bag, new: Sequence[bytes], ids: dict[bytes, int]) -> None:
    rows, texts = [], []
    for key in new:
        content = bag.contents.get(key)
        if content is None:
            data = orjson.dumps(bag.envelopes[key].parts(ids.__getitem__))
            rows.append(BodyRow(ids[key], key, *_packed(BodyKind.ENVELOPE, data)))
        else:
            rows.append(BodyRow(ids[key], key, *_packed(content.kind, content.data)))
            texts.append((ids[key], indexed_text(content)))
    con.insert_rows(BODIES_TABLE, rows)
    store.text.add(con, texts)


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
        wanted = sorted({i for i in body_ids if i not in self._bodies})
        for row in self._con.execute(SELECT_BODIES, {"ids": wanted}) if wanted else ():
            try:
                body = self._bodies[row["id"]] = decode_row(row["codec"], row["data"])
            except (ZstdError, ValueError, TypeError) as err:
                raise DamagedStoreError("of this content", f"content {row['id']} cannot be read: {err}") from err
            if body_kind(row["codec"]) is BodyKind.ENVELOPE:
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
