"""The tools of what was learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ...model.text.bounds import TEXT_LIMIT
from ..arguments import unlisted
from ..registry import Caller, tool

if TYPE_CHECKING:
    from ...knowledge.changes import Change
    from ...model.reviews import LessonOrigin
    from ...services.knowledge.proposing import LessonDraft

_Text = Annotated[str, Field(max_length=TEXT_LIMIT)]


@tool("Look up lessons")
def search_lessons(
    caller: Caller,
    intent: Annotated[str, Field(max_length=1_000, description="What the change is for")] = "",
    paths: Annotated[list[str], Field(max_length=30)] = [],  # noqa: B006
    tools: Annotated[list[str], Field(max_length=30, description="Also agent:NAME, prompt:, mode:")] = [],  # noqa: B006
    changing: Annotated[list[str], unlisted(max_length=30)] = [],  # noqa: B006
    query: Annotated[str, unlisted(max_length=1_000)] = "",
    lesson: Annotated[str | None, Field(max_length=100)] = None,
    drafts: Annotated[bool, unlisted()] = False,
    limit: Annotated[int, unlisted(ge=1, le=30)] = 6,
) -> str:
    """What earlier failures taught; before you change an agent's code, prompts or tools."""
    from ...answers.before_change import before_change_text
    from ...answers.lessons import lesson_text
    from ...knowledge.changes import change_of
    from ...services.knowledge.before_change import MOST, before_change
    from ...services.knowledge.doubting import with_doubts
    from ...services.verification.lesson_story import stories_of
    from ...store.knowledge.lookup import get_lesson

    _index(caller)
    if lesson is not None:
        (found,) = with_doubts(caller.store, [get_lesson(caller.store, lesson)], caller.folder)
        (story,) = stories_of(caller.store, [found])
        caller.taught([found.id], by="search_lessons")
        return lesson_text(found, story)
    change = change_of(changing, paths=paths, tools=tools, intent=" ".join(part for part in (intent, query) if part))
    if drafts or (change.words_alone and not intent.strip()):
        return _listed(caller, change, drafts=drafts, limit=limit)
    known = before_change(caller.store, change, most=min(limit, MOST), root=caller.folder)
    caller.taught([hit.lesson.id for hit in known.hits], by="search_lessons", paths=change.scope.files)
    return before_change_text(known)


def _listed(caller: Caller, change: Change, *, drafts: bool, limit: int) -> str:
    """Lessons by words and names, also those that may not bear on a change."""
    from ...answers.lessons import lessons_text
    from ...knowledge.changes import spelled
    from ...model.reviews import LessonStatus
    from ...services.knowledge.lesson_search import find_lessons
    from ...store.knowledge.lookup import list_lessons

    tags = [*change.names, *spelled(change.scope)]
    hits = find_lessons(caller.store, change.intent, tags=tags, include_drafts=drafts, limit=limit + 1)
    every = [] if hits else list_lessons(caller.store)
    known = sum(entry.status is LessonStatus.CONFIRMED for entry in every)
    more = "Others match too: narrow the words, or raise limit to 30." if len(hits) > limit else ""
    text = lessons_text(hits[:limit], asked=change.told(), known=known, drafts=len(every) - known)
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
    applies_to: Annotated[list[str], Field(max_length=50, description="tool:NAME file:GLOB agent: prompt:")] = [],  # noqa: B006
    case: Annotated[str | None, Field(max_length=100_000, description="YAML")] = None,
    rubric: Annotated[str | None, unlisted(max_length=100_000)] = None,
) -> str:
    """Draft a lesson and its regression case for a person to sign; your own words, no trace text."""
    from ...knowledge.changes import scope_of
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
        applies_to=scope_of(applies_to),
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
    like = f" Like {', '.join(kept.like)}: a person may merge them." if kept.like else ""
    return (
        f"Lesson {kept.lesson.id} is kept as a draft{named}.{like}{_trial(caller, draft)} A person confirms it: "
        "`retrospan review`. "
        f'See it: search_lessons(lesson="{kept.lesson.id}")'
    )


def _trial(caller: Caller, draft: LessonDraft) -> str:
    """Whether the proposed case tells the run that the lesson comes from, from one that went well."""
    if draft.case is None:
        return ""
    from ...model.text.fence import inert_line
    from ...regression.teaching.trying import try_stored

    own = draft.case.provenance
    trace = own.trace or draft.lesson.origin.trace_key
    origin = own.model_copy(update={"trace": trace})
    tried = try_stored(caller.store, draft.case.model_copy(update={"provenance": origin}))
    if tried is None:
        return ""
    told = inert_line(tried.in_words, 300)
    return f" Its case cannot be signed so: {told}. Propose better checks." if tried.why_not else f" Its case: {told}."


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
