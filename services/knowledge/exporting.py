"""Lessons written to where assistants read them, and whether what is written there is older than the knowledge."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...knowledge.exports import MARK, PLACES, Channel, export_files, has_block, with_block
from ...model.errors import BadInputError, RefusedError
from ...model.reviews import Lesson, LessonStatus
from ...store.contract import Store
from ...store.knowledge.lookup import claimed_lessons, list_lessons
from ...store.reviews.reviewers import load_trust
from ...trust.files import read_bounded, replace_file

_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class ExportChange:
    """A file that is not as the knowledge has it."""

    path: str
    """Below the project's folder."""
    text: str | None
    """As it should be; None where it should not be there."""


def export_lessons(store: Store, root: Path, channels: Collection[Channel]) -> list[ExportChange]:
    """Write the confirmed lessons to these channels; what is the same stays untouched.

    Our own files go where their lessons did. Of AGENTS.md and CLAUDE.md only our block changes.

    Args:
        store: Whose lessons count by the signatures that its user trusts.
        root: The project's folder; nothing outside it is written, and nothing through a link.
        channels: Where to.

    Returns:
        What was changed.

    Raises:
        RefusedError: if a folder or file on the way is a link.
        StoreError: if the disk refuses.
    """
    changes = list(_changes(root, channels, confirmed_lessons(store)))
    for change in changes:
        _apply(root, change)
    return changes


def old_exports(store: Store, root: Path, *, write: bool = False) -> list[ExportChange]:
    """The files of every channel that this project has exports in, as far as they are older than the knowledge.

    Where nobody is trusted, as on a build machine, files are compared with what the lessons claim: that decides
    nothing but whether they fit together.

    Args:
        store: Where the knowledge is.
        root: The project's folder.
        write: Bring them up to date; only where somebody is trusted.
    """
    channels = exported_channels(root)
    if write:
        return export_lessons(store, root, channels)
    known = bool(load_trust(store).keys)
    lessons = confirmed_lessons(store) if known else claimed_lessons(store)
    return list(_changes(root, channels, lessons))


def confirmed_lessons(store: Store) -> list[Lesson]:
    """What may be exported: signed by somebody trusted, with its ground, replaced or taken back by nobody."""
    return [lesson for lesson in list_lessons(store) if lesson.status is LessonStatus.CONFIRMED]


def exported_channels(root: Path) -> list[Channel]:
    """The channels that a project has exports in."""
    found = []
    for channel in Channel:
        shared = channel.shared
        if shared is not None:
            there = has_block(_read(root / shared) or "")
        else:
            there = next(_own_files(root, channel), None) is not None
        found += [channel] if there else []
    return found


def _changes(root: Path, channels: Collection[Channel], lessons: Sequence[Lesson]) -> Iterator[ExportChange]:
    for channel in channels:
        shared = channel.shared
        if shared is not None:
            before = _read(root / shared) or ""
            after = with_block(before, lessons)
            if after != before:
                yield ExportChange(shared, after)
            continue
        wanted = export_files(channel, lessons)
        for path, text in wanted.items():
            if _read(root / path) != text:
                yield ExportChange(path, text)
        for path in _own_files(root, channel):
            if path not in wanted:
                yield ExportChange(path, None)


def _own_files(root: Path, channel: Channel) -> Iterator[str]:
    """Files of a channel that were written by an export, below `root`."""
    folder, ending = PLACES[channel]
    pattern = f"retrospan-*/{ending}" if channel is Channel.SKILLS else f"retrospan-*{ending}"
    for path in sorted((root / folder).glob(pattern)):
        text = None if path.is_symlink() else _read(path)
        if text is not None and MARK in text:
            yield path.relative_to(root).as_posix()


def _read(path: Path) -> str | None:
    try:
        # Line ends are kept as they are: what is not ours stays to the byte.
        return read_bounded(path, _LIMIT).decode() if path.is_file() else None
    except UnicodeDecodeError as err:
        raise BadInputError(f"{path}: byte {err.start} is not UTF-8. Mend the file, then export again.") from err


def _apply(root: Path, change: ExportChange) -> None:
    target = root / change.path
    for place in (target, *target.parents):
        if place == root:
            break
        if place.is_symlink():
            raise RefusedError(f"{place} is a link. Exports are written to plain files and folders; replace the link.")
    if change.text is None:
        target.unlink()
        if target.name == "SKILL.md" and not any(target.parent.iterdir()):
            target.parent.rmdir()
        return
    replace_file(target.parent, target.name, change.text.encode())
