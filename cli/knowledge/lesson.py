"""`retrospan lesson`: what was learned, and what people do with it."""

from __future__ import annotations

import click

from ..lazy import LazyGroup

_EPILOG = """\b
Examples:
  retrospan lesson list
  retrospan lesson list "refund window" --drafts --json
  retrospan lesson search "accept partial refunds" --tool issue_refund
  retrospan lesson show never-promise-a-refund-window
"""
_COMMANDS = {
    "list": ("knowledge.lesson_list:list_command", "List what was learned"),
    "search": ("knowledge.lesson_list:search_command", "Before a change: what applies, and what to run after it"),
    "show": ("knowledge.lesson_list:show_command", "Show one lesson with its origin"),
    "confirm": ("knowledge.lesson_acts:confirm_command", "Sign a draft, or countersign another project's lesson"),
    "keep": ("knowledge.lesson_acts:keep_command", "Sign that a lesson still holds"),
    "retract": ("knowledge.lesson_acts:retract_command", "Take a lesson back, here and in every export"),
    "merge": ("knowledge.lesson_acts:merge_command", "Draft one lesson out of several"),
    "doubts": ("knowledge.lesson_acts:doubts_command", "Still true? What changed since lessons were learned"),
    "lift": ("verification.lesson_lift:lift_command", "Does a lesson help? Its case with and without it"),
    "export": ("knowledge.lesson_export:export_command", "Write lessons to where assistants read them"),
    "hook": ("knowledge.lesson_hook:hook_command", "For an assistant's hook: lessons on the file it edits"),
    "start": ("knowledge.lesson_bundles:start_command", "What of the team's knowledge fits a new project"),
    "pack": ("knowledge.lesson_bundles:pack_command", "Put confirmed knowledge into one file"),
    "unpack": ("knowledge.lesson_bundles:unpack_command", "Take knowledge out of such a file"),
    "source": ("knowledge.lesson_bundles:source_command", "Read another project's knowledge folder here"),
}


@click.group("lesson", cls=LazyGroup, commands_map=_COMMANDS, epilog=_EPILOG)
def lesson_group() -> None:
    """Lessons: confirmed findings written as advice, with their origin.

    They are files in git, `.retrospan/lessons/*.md`. One without a valid signature of a trusted reviewer is a draft.
    """
