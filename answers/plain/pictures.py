"""Pictures that were recorded with a step: found wherever a convention keeps them, and shown only as what they are."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import NamedTuple

from ...model.text.jsontext import parse_if_json
from ...model.traces import JsonValue, Step

LARGEST = 8 << 20
"""Bytes of one picture that is shown."""
MOST = 24
"""Pictures of one step that are shown."""
PLACEHOLDER = re.compile(r"\[(?:image|file|blob)\b[^\]\n]{0,300}\]")
"""What stands in a text where a picture was."""
_DEPTH = 12
_MIME_KEYS = ("mime_type", "mimeType", "media_type", "mediaType", "contentType", "format")
_DATA_KEYS = ("data", "content", "base64", "b64_json", "bytes")
_MARKS: Mapping[str, tuple[bytes, ...]] = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}


class Picture(NamedTuple):
    """One picture, as its own first bytes say what it is; formats that can hold script are none."""

    mime: str
    data: bytes

    @property
    def digest(self) -> bytes:
        """The same for the same picture, wherever it was recorded."""
        return blake2b(self.data, digest_size=16).digest()


def pictures_of(step: Step) -> list[Picture]:
    """The pictures of a step in the order in which they were recorded, each once.

    Cost: linear in the recorded values; only texts that may hold a picture are decoded.
    """
    found: dict[bytes, Picture] = {}
    for value in (dict(step.attributes), step.inputs, step.outputs):
        for text in _encoded(value, 0):
            picture = _decoded(text)
            if picture is not None:
                found.setdefault(picture.digest, picture)
            if len(found) == MOST:
                return list(found.values())
    return list(found.values())


def _encoded(value: JsonValue, depth: int) -> Iterator[str]:
    """Base64 of what may be a picture: a `data:` URL, or the data beside a media type."""
    if depth > _DEPTH:
        return
    if isinstance(value, str):
        if value.startswith("data:image/"):
            yield value.partition(",")[2]
        elif value[:1] in "{[" and ("image" in value or "base64" in value):
            inner = parse_if_json(value)
            if not isinstance(inner, str):
                yield from _encoded(inner, depth + 1)
    elif isinstance(value, dict):
        if _names_a_picture(value):
            yield from (held for key in _DATA_KEYS if isinstance(held := value.get(key), str))
        for inner in value.values():
            yield from _encoded(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _encoded(inner, depth + 1)


def _names_a_picture(part: Mapping[str, JsonValue]) -> bool:
    return any(str(part.get(key, "")).lower().startswith(("image/", "png", "jpeg", "jpg")) for key in _MIME_KEYS)


def _decoded(text: str) -> Picture | None:
    if len(text) > LARGEST * 4 // 3 + 4:
        return None
    try:
        data = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=False)
    except (binascii.Error, ValueError):
        return None
    for mime, marks in _MARKS.items():
        if data.startswith(marks) and (mime != "image/webp" or data[8:12] == b"WEBP"):
            return Picture(mime, data)
    return None
