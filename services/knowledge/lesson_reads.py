"""Who was given a lesson, by which channel, before which edit; as far as it can be known.

Known are answers of tools and commands, the hook, and skills and resources read over MCP. A file that an export wrote
is read without anybody noticing. Git says that an edit followed, not that it followed from the lesson.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...model.reviews import Lesson
from ...store.audit.access import AccessKind, accesses_of
from ...store.contract import Store

_MOST = 200
_GIT_SECONDS = 20


@dataclass(frozen=True, slots=True)
class LessonRead:
    """A lesson was given to somebody."""

    at: str
    actor: str
    """`agent:claude`, `cli:ada`, `hook`."""
    channel: str
    """The tool or command, `hook`, `skill`, `resource`."""
    paths: tuple[str, ...]
    """The files that were about to change, where they were named."""
    edit: str | None = None
    """The first commit after it that touches one of them, or a file of the lesson where none was named."""


def reads_of(store: Store, lesson: Lesson, root: Path | None = None) -> list[LessonRead]:
    """When a lesson was given to somebody, newest first, at most 200 times.

    Args:
        store: Whose access log is asked. The same reader's repeated looks within an hour are one line.
        lesson: Which.
        root: The project's folder, to ask git which commit followed; None asks nothing.

    Cost: one query; one call of git for each read with a file.
    """
    found = []
    for entry in accesses_of(store, AccessKind.LESSON, limit=_MOST * 10):
        if lesson.id in entry.subject.split():
            channel, *paths = entry.detail.split(" ")
            commit = None if root is None else _next_commit(root, entry.at, paths or lesson.applies_to.files)
            found.append(LessonRead(entry.at, entry.actor, channel, tuple(paths), commit))
            if len(found) == _MOST:
                break
    return found


def reads_in_words(reads: Sequence[LessonRead]) -> str:
    """`given 3 times: 2 by search_lessons, 1 by hook; last 2026-11-30T12:00:00Z; 1 edit followed`."""
    if not reads:
        return "given to nobody yet, as far as can be known"
    channels = dict.fromkeys(entry.channel for entry in reads)
    counts = ", ".join(f"{sum(entry.channel == name for entry in reads)} by {name}" for name in channels)
    edits = len({entry.edit for entry in reads if entry.edit})
    followed = f"; {edits} edits followed" if edits else ""
    return f"given {len(reads)} times: {counts}; last {reads[0].at}{followed}"


def _next_commit(root: Path, moment: str, paths: Sequence[str]) -> str | None:
    """The first commit after a moment that touches one of these files; None where there is none, or no git."""
    if not paths:
        return None
    names = [f":(glob){path}" for path in paths]
    command = ["git", "-C", str(root), "log", "--reverse", "--format=%h", f"--since={moment}", "--", *names]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_GIT_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return next(iter(done.stdout.split()), None) if done.returncode == 0 else None
