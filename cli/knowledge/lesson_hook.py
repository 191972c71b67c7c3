"""`retrospan lesson hook`: what is known of a file, at the moment that an assistant is about to edit it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ...answers.before_change import before_change_text
from ...knowledge.changes import change_of
from ...model.text.jsontext import parse
from ...services.knowledge.before_change import before_change
from ...services.privacy.read_notes import note_lessons
from ..shared.options import opened, store_option
from ..shared.output import print_json
from .lesson_shared import folder_option, read_folder

_LIMIT = 1 << 20


@click.command("hook")
@folder_option
@store_option
def hook_command(folder: Path, store_location: str | None) -> None:
    """Read a PreToolUse event of Claude Code on stdin; add the lessons of the file that is about to change.

    Prints nothing where none applies, and never stops an edit: what must not happen is a regression case's business.
    """
    path = _edited(sys.stdin.read(_LIMIT), folder.resolve())
    if path is None:
        return
    with opened(store_location) as store:
        read_folder(store, folder)
        found = before_change(store, change_of(paths=[path]))
        shown = [hit.lesson.id for hit in found.hits]
        note_lessons(store, shown, actor="hook", channel="hook", paths=[path])
    if found.hits:
        told = {"hookEventName": "PreToolUse", "additionalContext": before_change_text(found)}
        print_json({"hookSpecificOutput": told})


def _edited(event: str, root: Path) -> str | None:
    """The file that an event is about, below the project's folder; None for any other event."""
    try:
        content = parse(event)
    except ValueError:
        return None
    given = content.get("tool_input") if isinstance(content, dict) else None
    path = given.get("file_path") if isinstance(given, dict) else None
    if not isinstance(path, str) or not path:
        return None
    whole = (root / path).resolve()
    return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else None
