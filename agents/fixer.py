"""The fix proposer: signed verdicts, confirmed lessons and named files → a patch to read, never applied here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..knowledge.plaintext import plain_line, plain_text
from ..model.reviews import Lesson, Verdict
from ..model.text.display import safe_line
from ..model.text.fence import fenced, inert
from ..store.contract import Store
from ..store.jobs.agent_runs import Spent
from .bridge import own_tool, reading_tools
from .events import Ending, Event, Message
from .loop import Conversation, Setup
from .patching import Edit, EditError, apply_edits, make_patch, new_addresses
from .prompts import fixer_prompt, new_canary
from .spending import Limits, Purse

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

FIX_TOOL = "propose_fix"
FIX_LIMITS = Limits(turns=16, output_tokens=16_000, input_tokens=180_000, seconds=900.0)
_DESCRIPTION = "Hand in the change. Says what cannot be applied; correct it and call it again."
_Text = Annotated[str, Field(min_length=1, max_length=3_000)]


class _EditPart(BaseModel):
    model_config = ConfigDict(extra="ignore")
    file: Annotated[str, Field(max_length=300, description="As listed")]
    old: Annotated[str, Field(min_length=1, max_length=50_000, description="Stands in the file exactly once")]
    new: Annotated[str, Field(max_length=50_000)]
    answers: Annotated[list[str], Field(max_length=20, description="Verdicts and lessons it answers: V12")] = []
    why: Annotated[str, Field(max_length=600)] = ""


class _LessonPart(BaseModel):
    model_config = ConfigDict(extra="ignore")
    title: Annotated[str, Field(min_length=1, max_length=300)]
    what_happened: _Text
    why: _Text
    what_to_do: _Text


class FixReport(BaseModel):
    """What the model hands in."""

    model_config = ConfigDict(extra="ignore")
    edits: Annotated[list[_EditPart], Field(min_length=1, max_length=40)]
    lesson: _LessonPart
    could_break: Annotated[list[_Text], Field(min_length=1, max_length=12)]
    watch: Annotated[list[_Text], Field(max_length=12)] = []


@dataclass(frozen=True, slots=True)
class FixBrief:
    """What a fix is made from."""

    verdicts: Sequence[Verdict]
    lessons: Sequence[Lesson]
    sources: Mapping[str, str]
    """Texts by file name; nothing else can be changed."""


@dataclass(frozen=True, slots=True)
class ProposedEdit:
    """One edit as a reader sees it."""

    file: str
    why: str
    answers: tuple[str, ...]
    """Only verdicts and lessons that were given."""


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that applies, with what to know before applying it."""

    patch: str
    edits: tuple[ProposedEdit, ...]
    title: str
    what_happened: str
    why: str
    what_to_do: str
    could_break: tuple[str, ...]
    watch: tuple[str, ...]
    warnings: tuple[str, ...]
    """Found by code, not told by the model."""


@dataclass(frozen=True, slots=True)
class FixRun:
    """How the work on a fix ended."""

    ending: Ending
    fix: Fix | None
    spent: Spent
    history: Sequence[Message]
    system: str
    problem: str = ""


@dataclass(slots=True)
class Bench:
    """Takes the model's change and tries it on a copy."""

    brief: FixBrief
    fix: Fix | None = None
    refused: list[str] = field(default_factory=list)

    async def take(self, arguments: dict[str, Any]) -> str:
        """Check a change; the answer tells the model what cannot be applied."""
        try:
            self.fix = make_fix(self.brief, FixReport.model_validate(arguments))
        except ValidationError as err:
            first = err.errors(include_url=False)[0]
            place = safe_line(".".join(str(part) for part in first["loc"]), 80)
            return self._refuse(f"{place}: {first['msg']}")
        except EditError as err:
            return self._refuse(str(err))
        return "It applies. Done."

    def _refuse(self, why: str) -> str:
        self.refused.append(why)
        return f"The change was not taken: {why}. Correct it and call propose_fix again."


def make_fix(brief: FixBrief, report: FixReport) -> Fix:
    """The fix that a report comes to.

    Raises:
        EditError: if an edit cannot be made.
    """
    edits = [Edit(part.file, part.old, part.new) for part in report.edits]
    changed = apply_edits(brief.sources, edits)
    patch = make_patch(brief.sources, changed)
    known = {verdict.short_id for verdict in brief.verdicts} | {lesson.id for lesson in brief.lessons}
    proposed = tuple(
        ProposedEdit(part.file, plain_line(part.why), tuple(name for name in part.answers if name in known))
        for part in report.edits
    )
    warnings = [f"adds an address: {safe_line(plain_line(a), 120)}" for a in new_addresses(brief.sources, changed)]
    warnings += [f"an edit of {edit.file} answers no given verdict" for edit in proposed if not edit.answers]
    lesson = report.lesson
    return Fix(
        patch=patch,
        edits=proposed,
        title=plain_line(lesson.title),
        what_happened=plain_text(lesson.what_happened),
        why=plain_text(lesson.why),
        what_to_do=plain_text(lesson.what_to_do),
        could_break=tuple(plain_line(entry) for entry in report.could_break),
        watch=tuple(plain_line(entry) for entry in report.watch),
        warnings=tuple(dict.fromkeys(warnings)),
    )


async def propose_fix(
    client: AsyncAnthropic,
    store: Store,
    brief: FixBrief,
    *,
    model: str,
    purse: Purse,
    limits: Limits = FIX_LIMITS,
    on_event: Callable[[Event], None] = lambda event: None,
) -> FixRun:
    """Have a model propose a change of the files; nothing is written here.

    Raises:
        ModelError: if the endpoint refuses every request.
    """
    bench = Bench(brief)
    canary = new_canary()
    async with reading_tools(store) as tools:
        schema = FixReport.model_json_schema()
        setup = Setup(
            model,
            fixer_prompt(canary),
            [*tools, own_tool(FIX_TOOL, _DESCRIPTION, schema, bench.take)],
            canary,
            FIX_TOOL,
        )
        talk = Conversation(
            client,
            setup,
            [{"role": "user", "content": brief_text(brief)}],
            purse,
            limits,
            answered=lambda: bench.fix is not None,
            on_event=on_event,
        )
        ending = await talk.run()
    problem = talk.problem or (bench.refused[-1] if bench.refused and bench.fix is None else "")
    fix = bench.fix if ending is Ending.ANSWERED else None
    return FixRun(ending, fix, talk.spent, talk.history, setup.system, problem)


def brief_text(brief: FixBrief) -> str:
    """Verdicts, lessons and files for the model, each inside a fence."""
    parts = [fenced([_verdict(verdict)], f"verdict {verdict.short_id}") for verdict in brief.verdicts]
    parts += [fenced([_lesson(lesson)], f"lesson {lesson.id}") for lesson in brief.lessons]
    parts += [fenced([inert(text)], f"file {name}") for name, text in brief.sources.items()]
    return "Propose a change from these.\n\n" + "\n\n".join(parts)


def _verdict(verdict: Verdict) -> str:
    answer = verdict.answer
    rows = [
        ("run", f"T{verdict.trace_id}" if verdict.trace_id else ""),
        ("question", verdict.question),
        ("answer", answer.label.value),
        ("severity", answer.severity.value if answer.severity else ""),
        ("reason", answer.reason),
        ("should have been", answer.expected),
        ("cause", answer.cause.value if answer.cause else ""),
    ]
    return "\n".join(f"{name}: {inert(value)}" for name, value in rows if value)


def _lesson(lesson: Lesson) -> str:
    parts = (lesson.title, lesson.what_happened, lesson.why, f"What to do: {lesson.what_to_do}")
    return "\n".join(inert(part) for part in parts)
