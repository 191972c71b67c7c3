"""Signed checkpoints: what the history of a store was at some moment, kept where the store is not, in git for example.

A file of checkpoints has one JSON object a line, and only grows. Each says how long chain and access log were and what
their last hashes were. A store that was rolled back or rebuilt since cannot show those hashes at those places.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ...model.errors import BadInputError, RefusedError, StoreError
from ...trust.files import read_bounded
from ...trust.root import Trust
from ...trust.session import ReviewSession
from ...trust.signing import Signature, check_signature, sign_manifest
from ..contract import Store
from .chain import audit_verify, heads_at

_LIMIT = 16 << 20
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


class CheckpointContent(BaseModel):
    """What is signed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    store: str
    links: int = Field(ge=0)
    head: str = Field(pattern="^[0-9a-f]{64}$")
    access_entries: int = Field(ge=0)
    access_head: str = Field(pattern="^[0-9a-f]{64}$")


class Checkpoint(BaseModel):
    """One line of a checkpoint file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    format: str = Field(default="retrospan.checkpoint/1", pattern=r"^retrospan\.checkpoint/1$")
    content: CheckpointContent
    signature: Signature


@dataclass(frozen=True, slots=True)
class CheckedCheckpoints:
    """How the store stands against a file of checkpoints."""

    count: int
    newest: str
    """When the last one was signed."""
    problems: tuple[str, ...]


def make_checkpoint(store: Store, session: ReviewSession, *, now: str) -> Checkpoint:
    """A checkpoint of the store as it is.

    Raises:
        RefusedError: if its history is not sound: a signature under it would say that all is well.
    """
    report = audit_verify(store)
    if not report.sound:
        raise RefusedError(
            f"The history is not sound ({report.problems[0]}), so no checkpoint of it is signed. "
            "Run `retrospan audit verify`."
        )
    content = CheckpointContent(
        store=store.id,
        links=report.links,
        head=report.head,
        access_entries=report.access_entries,
        access_head=report.access_head,
    )
    signature = sign_manifest(session, "checkpoint", content.model_dump(), signed_at=now)
    return Checkpoint(content=content, signature=signature)


def append_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Add a line to a checkpoint file, making it where there is none.

    Raises:
        BadInputError: if the file holds something else.
        StoreError: if the disk refuses.
    """
    if path.exists():
        read_checkpoints(path)
    line = json.dumps(checkpoint.model_dump(mode="json"), separators=(",", ":")) + "\n"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _NO_FOLLOW, 0o644)
        with os.fdopen(handle, "wb") as out:
            out.write(line.encode())
            out.flush()
            os.fsync(out.fileno())
    except OSError as err:
        raise StoreError(f"Cannot write {path}: {err.strerror}. Name a file in a folder that you may write.") from err


def read_checkpoints(path: Path) -> list[Checkpoint]:
    """The checkpoints of a file, oldest first.

    Raises:
        BadInputError: with `where` as `file:line`.
    """
    found = []
    for number, line in enumerate(read_bounded(path, _LIMIT).splitlines(), start=1):
        try:
            found.append(Checkpoint.model_validate_json(line))
        except ValidationError as err:
            where = f"{path}:{number}"
            raise BadInputError(f"{where}: this is no checkpoint. Restore the file from git.", where=where) from err
    if not found:
        raise BadInputError(f"{path} holds no checkpoint. Make one with `retrospan audit checkpoint`.", where=str(path))
    return found


def check_checkpoints(store: Store, checkpoints: Sequence[Checkpoint], trust: Trust) -> CheckedCheckpoints:
    """Whether the store still has the history that each checkpoint speaks of."""
    problems: list[str] = []
    for number, entry in enumerate(checkpoints, start=1):
        content, what = entry.content, f"checkpoint {number} ({entry.signature.signed_at})"
        check = check_signature("checkpoint", content.model_dump(), entry.signature, trust)
        if check.signed_by is None:
            problems.append(f"{what} proves nothing: {check.reason}")
        elif content.store != store.id:
            problems.append(f"{what} is of another store ({content.store}); this one is {store.id}")
        else:
            head, access_head = heads_at(store, content.links, content.access_entries)
            if head != content.head:
                problems.append(f"{what} had {content.links} links that are not here: rolled back or rebuilt since")
            if access_head != content.access_head:
                problems.append(f"{what} had {content.access_entries} log entries that are not here")
    return CheckedCheckpoints(len(checkpoints), checkpoints[-1].signature.signed_at, tuple(problems))
