"""Confirmed lessons in the files that coding assistants read, one source for all of them.

Forms, as their makers document them: Agent Skills (agentskills.io: `name` is the folder, at most 64 lower-case letters,
digits and hyphens; `description` at most 1,024 characters; `metadata` is free; Claude Code also reads `paths`),
Claude Code rules (`paths`), Cursor rules (`description`, `globs`, `alwaysApply`), Copilot instructions (`applyTo`), and
a block in AGENTS.md or CLAUDE.md, which every assistant reads whole and which therefore stays at six lines.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from enum import StrEnum

from ..model.reviews import Lesson
from ..model.text import yamltext
from ..model.text.jsontext import canonical
from ..model.traces import JsonValue
from ..trust.files import slug
from .changes import spelled
from .plaintext import plain_line

IN_FILE = 3
"""Lessons in one file: more focused ones are followed more."""
_OPEN, _CLOSE = "<!-- retrospan lessons", "<!-- /retrospan lessons -->"
_BLOCK = re.compile(re.escape(_OPEN) + r"[^\n]*-->\n.*?" + re.escape(_CLOSE) + r"\n?", re.DOTALL)
MARK = "Written by `retrospan lesson export`"
"""Stands in every file that is ours as a whole; another file is never touched."""


class Channel(StrEnum):
    """Where lessons are written to."""

    SKILLS = "skills"
    RULES = "rules"
    CURSOR = "cursor"
    COPILOT = "copilot"
    AGENTS = "agents"
    CLAUDE = "claude"

    @property
    def shared(self) -> str | None:
        """The file of the project in which the channel is a block; None where it has files of its own."""
        return {"agents": "AGENTS.md", "claude": "CLAUDE.md"}.get(self.value)


PLACES: Mapping[Channel, tuple[str, str]] = {
    Channel.SKILLS: (".claude/skills", "SKILL.md"),
    Channel.RULES: (".claude/rules", ".md"),
    Channel.CURSOR: (".cursor/rules", ".mdc"),
    Channel.COPILOT: (".github/instructions", ".instructions.md"),
}
"""The folder of a channel's files, and how they end."""


def digest_of(lessons: Sequence[Lesson]) -> str:
    """Names what is exported: the same for the same lessons on every channel, another after any change."""
    rows: list[JsonValue] = [
        [lesson.id, lesson.title, lesson.what_to_do, lesson.case, *spelled(lesson.applies_to)]
        for lesson in sorted(lessons, key=lambda entry: entry.id)
    ]
    return hashlib.sha256(canonical(rows)).hexdigest()[:16]


def export_files(channel: Channel, lessons: Sequence[Lesson]) -> dict[str, str]:
    """The files of a channel that has its own, by path below the project's folder.

    Args:
        channel: One of `PLACES`.
        lessons: Confirmed ones; nothing else may be written where an assistant takes it for advice.
    """
    folder, ending = PLACES[channel]
    found = {}
    for name, group in areas(lessons).items():
        path = f"{folder}/{name}/{ending}" if channel is Channel.SKILLS else f"{folder}/{name}{ending}"
        found[path] = _front(channel, name, group) + _body(group)
    return found


def areas(lessons: Sequence[Lesson]) -> dict[str, list[Lesson]]:
    """Lessons by what they are about, at most three together; the names are those of files."""
    grouped: dict[str, list[Lesson]] = defaultdict(list)
    for lesson in sorted(lessons, key=lambda entry: entry.id):
        scope = lesson.applies_to
        about = next(iter((*scope.tools, *scope.agents, *scope.files, *scope.prompts, *scope.modes)), "general")
        grouped[slug(about)[:40].strip("-")].append(lesson)
    found = {}
    for area, group in sorted(grouped.items()):
        for start in range(0, len(group), IN_FILE):
            number = f"-{start // IN_FILE + 1}" if start else ""
            found[f"retrospan-{area}{number}"] = group[start : start + IN_FILE]
    return found


def with_block(text: str, lessons: Sequence[Lesson]) -> str:
    """A file of the project with our block in it, all else as it is; without lessons the block goes.

    The block goes where one stands, else to the end.
    """
    block = _block(lessons) if lessons else ""
    if _BLOCK.search(text):
        return _BLOCK.sub(lambda _: block, text, count=1)
    if not block:
        return text
    gap = "" if not text or text.endswith("\n\n") else "\n" if text.endswith("\n") else "\n\n"
    return f"{text}{gap}{block}"


def has_block(text: str) -> bool:
    """Whether our block stands in a file."""
    return _BLOCK.search(text) is not None


def _block(lessons: Sequence[Lesson]) -> str:
    places = dict.fromkeys(name for lesson in lessons for name in (*lesson.applies_to.tools, *lesson.applies_to.files))
    shown = ", ".join(plain_line(name)[:40] for name in list(places)[:6])
    more = f" and {len(places) - 6} more" if len(places) > 6 else ""
    lines = [
        f"{_OPEN} digest={digest_of(lessons)} -->",
        f"{len(lessons)} confirmed lessons from earlier failures bear on: {shown or 'this project'}{more}.",
        'Before changing one of these: `retrospan lesson search "WHAT FOR" --path FILE --tool NAME`, or the tool '
        "`search_lessons`. That none applies is a normal answer.",
        "After it run the cases that the answer names: `retrospan case run ID`.",
        _CLOSE,
    ]
    return "\n".join(lines) + "\n"


def _front(channel: Channel, name: str, group: Sequence[Lesson]) -> str:
    globs = list(dict.fromkeys(path for lesson in group for path in lesson.applies_to.files))
    about = f"Lessons from earlier failures: {'; '.join(lesson.title for lesson in group)}"[:900]
    tools = ", ".join(dict.fromkeys(tool for lesson in group for tool in lesson.applies_to.tools))
    use = f"{about}. Use before changing {tools[:100] or ', '.join(globs)[:100] or 'what they are about'}."
    if channel is Channel.SKILLS:
        fields: dict[str, object] = {"name": name, "description": use}
        fields |= {"paths": globs} if globs else {}
        fields["metadata"] = {"retrospan-digest": digest_of(group)}
        return f"---\n{yamltext.dump(fields)}---\n\n"
    if channel is Channel.RULES:
        return f"---\n{yamltext.dump({'paths': globs})}---\n\n" if globs else ""
    if channel is Channel.CURSOR:
        # Cursor reads `globs` as one line of patterns with commas, unquoted.
        return f"---\ndescription: {_words(use)}\nglobs: {','.join(map(_glob, globs))}\nalwaysApply: false\n---\n\n"
    return f"---\n{yamltext.dump({'applyTo': ','.join(globs) or '**'})}---\n\n"


def _words(text: str) -> str:
    """A sentence as an unquoted value on one line of front matter."""
    return " ".join(re.sub(r"[^\w.,;()*/-]+", " ", text).split())


def _glob(pattern: str) -> str:
    """A glob as one of several between commas."""
    return re.sub(r"[^\w./*?\[\]@+-]", "", pattern)


def _body(group: Sequence[Lesson]) -> str:
    parts = [f"<!-- {MARK}; digest={digest_of(group)}. Edit the lesson, not this file. -->"]
    for lesson in group:
        applies = ", ".join(spelled(lesson.applies_to))
        lines = [f"## {plain_line(lesson.title)}", "", lesson.what_to_do.strip(), ""]
        lines += [f"- When: {plain_line(applies)}"] if applies else []
        lines += [f"- After the change: `retrospan case run {lesson.case}`"] if lesson.case else []
        lines.append(f"- Why: `retrospan lesson show {lesson.id}`{_from(lesson)}")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _from(lesson: Lesson) -> str:
    return f" (from {plain_line(lesson.origin.project)[:60]})" if lesson.origin.project else ""
