"""Bundles: knowledge in one file, for where git does not reach. A tar with a manifest of digests.

A bundle proves nothing by itself: each file in it counts by its own signature, as everywhere. The manifest tells a
broken or altered bundle from a whole one. No trace content is in it: verdict records hold hashes, and cases with frozen
results are left out unless they are asked for.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..model.errors import BadInputError
from .folders import MAX_FILES, FoundFile, KnowledgeKind

MANIFEST = "manifest.json"
MAX_BUNDLE = 64 << 20


class BundledFile(BaseModel):
    """A file of a bundle."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    kind: str
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Manifest(BaseModel):
    """What a bundle holds and where it was made."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    format: Literal["retrospan.bundle/1"] = "retrospan.bundle/1"
    project: str = Field(max_length=200)
    made_at: str = Field(max_length=40)
    files: list[BundledFile] = Field(max_length=5 * MAX_FILES)


def pack(files: Sequence[FoundFile], *, project: str, now: str) -> bytes:
    """The bundle of some knowledge files; equal files and time give equal bytes."""
    ordered = sorted(files, key=lambda file: (file.kind.value, file.name))
    manifest = Manifest(
        project=project,
        made_at=now,
        files=[BundledFile(kind=file.kind.value, name=file.name, sha256=_sha256(file.text)) for file in ordered],
    )
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=6) as tar:
        _add(tar, MANIFEST, manifest.model_dump_json(indent=2))
        for file in ordered:
            _add(tar, _member(file.kind, file.name), file.text)
    return out.getvalue()


def unpack(data: bytes) -> tuple[Manifest, dict[tuple[KnowledgeKind, str], str]]:
    """The manifest and texts of a bundle. Nothing is written, no name in it becomes a path.

    Raises:
        BadInputError: if it is no bundle, is too large, or holds other files than its manifest says.
    """
    texts: dict[str, str] = {}
    size = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as tar:
            for member in tar:
                source = tar.extractfile(member) if member.isreg() else None
                if source is None or member.name in texts or len(texts) > 5 * MAX_FILES:
                    raise BadInputError(f"The bundle holds {member.name[:80]!r}, as no bundle does. Ask for a new one.")
                text = source.read(MAX_BUNDLE - size + 1)
                size += len(text)
                if size > MAX_BUNDLE:
                    raise BadInputError(f"The bundle has more than {MAX_BUNDLE} bytes unpacked. Pack less of it.")
                texts[member.name] = text.decode()
        manifest = Manifest.model_validate_json(texts.pop(MANIFEST, ""))
    except (tarfile.TarError, OSError, EOFError, ValueError, ValidationError) as err:
        if isinstance(err, BadInputError):
            raise
        raise BadInputError("This is no bundle of `retrospan lesson pack`, or a broken one.") from err
    found = {}
    for entry in manifest.files:
        if entry.kind not in set(KnowledgeKind):
            raise BadInputError(f"The bundle has files of kind {entry.kind[:40]!r}, which is not known here.")
        kind = KnowledgeKind(entry.kind)
        text_of = texts.pop(_member(kind, entry.name), None)
        if text_of is None or _sha256(text_of) != entry.sha256:
            raise BadInputError(f"The {kind.value} {entry.name!r} is not as its manifest says. Ask for a new bundle.")
        found[kind, entry.name] = text_of
    if texts:
        raise BadInputError(f"The bundle holds {next(iter(texts))[:80]!r}, which its manifest does not name.")
    return manifest, found


def _member(kind: KnowledgeKind, name: str) -> str:
    return f"{kind.folder}/{name}{kind.suffix}"


def _add(tar: tarfile.TarFile, name: str, text: str) -> None:
    data = text.encode()
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
