"""Lessons: advice with its origin, as Markdown with front matter. The text follows a template."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..model.errors import BadInputError
from ..model.fields import record_of
from ..model.lessons import ADVICE_WORDS, TITLE_LIMIT
from ..model.reviews import AppliesTo, Lesson, LessonOrigin, LessonStatus, SignatureState, TrueFor
from ..model.text import yamltext
from ..model.text.display import safe_line
from ..model.traces import JsonValue
from ..trust.signing import SignatureCheck
from .documents import Document
from .plaintext import plain_line, plain_text
from .rubrics import SLUG

SECTIONS = ("What happened", "Why", "What to do")
QUARANTINED = "-quarantined"
"""Ends the name of a note that holds a lesson of its folder back; see `held_back`."""
_ORIGIN = {"trace_key": "trace"}
"""Parts of an origin that files call otherwise."""
_SECTION = re.compile(r"(?m)^## (.+)$")
_Line = Annotated[str, Field(max_length=300)]
_Lines = Annotated[tuple[_Line, ...], Field(max_length=50)]
_Slugs = Annotated[tuple[Annotated[str, Field(pattern=SLUG, max_length=80)], ...], Field(max_length=10)]


class _AppliesTo(BaseModel):
    model_config = ConfigDict(extra="forbid")
    tools: _Lines = ()
    prompts: _Lines = ()
    tasks: _Lines = ()
    modes: _Lines = ()
    files: _Lines = ()
    agents: _Lines = ()


class _TrueFor(BaseModel):
    model_config = ConfigDict(extra="forbid")
    prompts: _Lines = ()
    tool_sets: _Lines = ()
    models: _Lines = ()


class _Origin(BaseModel):
    model_config = ConfigDict(extra="forbid")
    verdict: _Line | None = None
    trace: str | None = None
    project: str | None = None
    spans: _Lines = ()
    more_verdicts: _Lines = ()


class _Front(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str = Field(pattern=SLUG, max_length=80)
    title: _Line = Field(min_length=1)
    status: LessonStatus = LessonStatus.PROPOSED
    applies_to: _AppliesTo = Field(default_factory=_AppliesTo)
    origin: _Origin = Field(default_factory=_Origin)
    case: str | None = Field(default=None, pattern=SLUG, max_length=80)
    supersedes: str | None = Field(default=None, pattern=SLUG, max_length=80)
    merges: _Slugs = ()
    true_for: _TrueFor = Field(default_factory=_TrueFor)
    proposed_by: _Line | None = None


def lesson_of(document: Document, check: SignatureCheck) -> Lesson:
    """The lesson in a document; without a valid signature it is a proposal, whatever it says.

    Raises:
        BadInputError: one line per mistake in the front matter, or a section that is missing.
    """
    source = f"{document.name}.md"
    front, body = document.content.get("front"), cast(str, document.content.get("body", ""))
    try:
        fields = _Front.model_validate(front)
    except ValidationError as err:
        lines = [
            f"{source}: {safe_line('.'.join(map(str, mistake['loc'])), 80)}: {mistake['msg']}"
            for mistake in err.errors(include_url=False)[:5]
        ]
        raise BadInputError("\n".join(lines), where=source) from None
    happened, why, to_do = _sections(body, source)
    valid = check.state is SignatureState.VALID
    told = fields.origin.model_dump()
    return Lesson(
        id=fields.id,
        title=fields.title,
        what_happened=happened,
        why=why,
        what_to_do=to_do,
        applies_to=AppliesTo(**fields.applies_to.model_dump()),
        origin=LessonOrigin(**({"trace_key": told.pop("trace")} | told)),
        case=fields.case,
        supersedes=fields.supersedes,
        merges=fields.merges,
        true_for=TrueFor(**fields.true_for.model_dump()),
        status=fields.status if valid else LessonStatus.PROPOSED,
        state=check.state,
        signed_by=check.signed_by if valid else None,
        proposed_by=fields.proposed_by,
    )


def held_back(document: Document) -> tuple[str, str] | None:
    """Of a note of quarantine: the lesson that it holds back, and why; None for any other file.

    It needs no signature, and counts for a lesson of the same folder alone.
    """
    front = document.content.get("front")
    if not document.folder or not document.name.endswith(QUARANTINED) or not isinstance(front, dict):
        return None
    if front.get("status") != LessonStatus.STALE.value or not isinstance(front.get("supersedes"), str):
        return None
    sections = _SECTION.split(str(document.content.get("body", "")))
    told = dict(zip(sections[1::2], sections[2::2], strict=True))
    return str(front["supersedes"]), plain_line(told.get("Why", ""))[:300]


def clean_lesson(lesson: Lesson) -> Lesson:
    """The lesson with every text made visible, inert and free of addresses to follow."""
    return replace(
        lesson,
        title=plain_line(lesson.title)[:300],
        what_happened=plain_text(lesson.what_happened),
        why=plain_text(lesson.why),
        what_to_do=plain_text(lesson.what_to_do),
        applies_to=AppliesTo(**{name: _clean(names) for name, names in record_of(lesson.applies_to).items()}),
        true_for=TrueFor(**{name: _clean(names) for name, names in record_of(lesson.true_for).items()}),
    )


def unfit(lesson: Lesson) -> str:
    """Why a lesson is too long to be read where it has to be; empty where it is not.

    Asked of what is written from now on: files of before keep reading.
    """
    if len(lesson.title) > TITLE_LIMIT:
        return f"The title has {len(lesson.title)} characters; at most {TITLE_LIMIT} fit a line. Shorten it."
    words = len(lesson.what_to_do.split())
    if words > ADVICE_WORDS:
        return f"'What to do' has {words} words; at most {ADVICE_WORDS} are read. Move reasons to 'why'."
    return ""


def dump_lesson(lesson: Lesson, signature: dict[str, JsonValue] | None = None) -> str:
    """The file of a lesson: front matter, then the three sections of the template."""
    front: dict[str, Any] = {"id": lesson.id, "title": lesson.title, "status": lesson.status.value}
    origin = {_ORIGIN.get(name, name): value for name, value in _told(lesson.origin).items()}
    parts = {"applies_to": _told(lesson.applies_to), "origin": origin, "true_for": _told(lesson.true_for)}
    front |= {name: value for name, value in parts.items() if value}
    front |= {name: value for name in ("case", "supersedes", "proposed_by") if (value := getattr(lesson, name))}
    front |= {"merges": list(lesson.merges)} if lesson.merges else {}
    if signature is not None:
        front["signature"] = signature
    texts = (lesson.what_happened, lesson.why, lesson.what_to_do)
    body = "\n\n".join(f"## {title}\n\n{text.strip()}" for title, text in zip(SECTIONS, texts, strict=True))
    return f"---\n{yamltext.dump(front)}---\n\n{body}\n"


def _told(part: AppliesTo | LessonOrigin | TrueFor) -> dict[str, Any]:
    """The fields that say something, lists as YAML writes them."""
    found = record_of(part).items()
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found if value}


def _sections(body: str, source: str) -> tuple[str, str, str]:
    pieces = _SECTION.split(body)
    found = {title.strip(): text.strip() for title, text in zip(pieces[1::2], pieces[2::2], strict=True)}
    missing = [title for title in SECTIONS if title not in found]
    if missing:
        known = ", ".join(f"`## {title}`" for title in SECTIONS)
        raise BadInputError(f"{source}: section {missing[0]!r} is missing; a lesson has {known}.", where=source)
    return found[SECTIONS[0]], found[SECTIONS[1]], found[SECTIONS[2]]


def _clean(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for entry in names if (name := plain_line(entry)[:300])))
