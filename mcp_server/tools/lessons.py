"""The tools of what was learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ...model.text.bounds import TEXT_LIMIT
from ..arguments import unlisted
from ..registry import Caller, tool

if TYPE_CHECKING:
    from ...model.reviews import AppliesTo, LessonOrigin

_TAGS = {"tool": "tools", "prompt": "prompts", "task": "tasks", "mode": "modes", "file": "files"}
_Text = Annotated[str, Field(max_length=TEXT_LIMIT)]


@tool("Look up lessons")
def search_lessons(
    caller: Caller,
    query: Annotated[str, Field(max_length=1_000)] = "",
    changing: Annotated[list[str], Field(max_length=30, description="Files, tool:NAME, prompts")] = [],  # noqa: B006
    lesson: Annotated[str | None, Field(max_length=100)] = None,
    drafts: Annotated[bool, unlisted()] = False,
    limit: Annotated[int, unlisted(ge=1, le=30)] = 6,
) -> str:
    """What earlier failures taught; before you change an agent's code, prompts or tools."""
    from ...answers.lessons import lesson_text, lessons_text
    from ...model.reviews import LessonStatus
    from ...services.knowledge.lesson_search import find_lessons
    from ...store.knowledge import lookup

    _index(caller)
    if lesson is not None:
        return lesson_text(lookup.get_lesson(caller.store, lesson))
    hits = find_lessons(caller.store, query, tags=changing, include_drafts=drafts, limit=limit + 1)
    every = [] if hits else lookup.list_lessons(caller.store)
    known = sum(entry.status is LessonStatus.CONFIRMED for entry in every)
    asked = ", ".join([*([query] if query.strip() else []), *changing])
    more = "Others match too: narrow the words, or raise limit to 30." if len(hits) > limit else ""
    text = lessons_text(hits[:limit], asked=asked, known=known, drafts=len(every) - known)
    return f"{text}\n{more}".rstrip()


def _index(caller: Caller) -> None:
    """Take in what changed in the knowledge folders; a file counts only by its signature."""
    if caller.folder is not None and not caller.store.read_only:
        from ...services.knowledge.proposing import knowledge_folders
        from ...store.knowledge.index import index_knowledge

        index_knowledge(caller.store, knowledge_folders(caller.folder))


@tool("Propose a lesson", writes=True)
def propose_lesson(
    caller: Caller,
    title: Annotated[str, Field(max_length=300)],
    what_happened: _Text,
    why: _Text,
    what_to_do: _Text,
    trace: Annotated[str | None, Field(max_length=200)] = None,
    verdict: Annotated[str | None, Field(max_length=100)] = None,
    applies_to: Annotated[list[str], Field(max_length=50, description="tool:NAME file:PATH prompt: task:")] = [],  # noqa: B006
    case: Annotated[str | None, Field(max_length=100_000, description="YAML")] = None,
    rubric: Annotated[str | None, unlisted(max_length=100_000)] = None,
) -> str:
    """Draft a lesson and its regression case for a person to sign; your own words, no trace text."""
    from ...knowledge.rubrics import parse_rubric
    from ...model.cases import parse_case
    from ...model.reviews import Lesson
    from ...services.knowledge.proposing import LessonDraft
    from ...services.knowledge.proposing import propose_lesson as propose

    lesson = Lesson(
        id="",
        title=title,
        what_happened=what_happened,
        why=why,
        what_to_do=what_to_do,
        applies_to=_applies(applies_to),
        origin=_origin(caller, trace, verdict),
    )
    draft = LessonDraft(
        lesson,
        parse_case(case, source="case") if case else None,
        parse_rubric(rubric, source="rubric")[0] if rubric else None,
    )
    kept = propose(caller.store, draft, by=caller.actor)
    others = [f"case {kept.case}"] if kept.case else []
    others += [f"rubric {kept.rubric}"] if kept.rubric else []
    named = f" with {' and '.join(others)}" if others else ""
    return (
        f"Lesson {kept.lesson.id} is kept as a draft{named}. A person confirms it: `retrospan review`. "
        f'See it: search_lessons(lesson="{kept.lesson.id}")'
    )


def _applies(tags: list[str]) -> AppliesTo:
    from ...model.errors import UsageError, did_you_mean
    from ...model.reviews import AppliesTo

    found: dict[str, list[str]] = {}
    for tag in tags:
        kind, colon, name = tag.partition(":")
        if not colon or kind not in _TAGS or not name.strip():
            hint = did_you_mean(kind[:60], _TAGS)
            raise UsageError(f"applies_to holds {tag[:60]!r}; {hint}. Write for example tool:issue_refund.")
        found.setdefault(_TAGS[kind], []).append(name.strip())
    return AppliesTo(**{name: tuple(dict.fromkeys(values)) for name, values in found.items()})


def _origin(caller: Caller, trace: str | None, verdict: str | None) -> LessonOrigin:
    """The origin by ids that outlive this store's short ones."""
    from ...model.reviews import LessonOrigin
    from ...services.reviewing.subjects import find_step, load_subject
    from ...store.reading.summaries import locate_trace
    from ...store.reviews.verdicts import get_verdict

    uid = get_verdict(caller.store, verdict).uid if verdict else None
    if trace is None:
        return LessonOrigin(verdict=uid)
    subject = load_subject(caller.store, trace)
    address = locate_trace(caller.store, trace)
    spans = () if address.step is None else (find_step(subject, str(address.step)).span_id,)
    return LessonOrigin(uid, subject.summary.external_id, subject.summary.project, spans)
