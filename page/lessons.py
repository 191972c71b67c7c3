"""The page's routes of lessons: what was learned, what may not be true any more, and what a reviewer signs of it."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from ..knowledge.lessons import dump_lesson
from ..model.errors import RetrospanError, UnknownIdError
from ..model.lessons import LessonStatus
from ..model.reviews import Lesson
from ..services.knowledge.doubting import with_doubts
from ..services.knowledge.exporting import old_exports
from ..services.knowledge.proposing import knowledge_folders
from ..services.knowledge.revising import keep_lesson, retract_lesson
from ..services.verification.lesson_story import LessonStory, lessons_in_words, stories_of
from ..store.contract import Store
from ..store.knowledge.index import index_knowledge
from ..store.knowledge.lookup import get_lesson, list_lessons
from ..trust.session import ReviewSession
from . import passkeys
from .server import HEADERS, ReviewPage, read_form
from .signing_in import SignedIn, same_text

STANDING = {
    LessonStatus.CONFIRMED: "",
    LessonStatus.PROPOSED: " (not confirmed yet)",
    LessonStatus.SUPERSEDED: " (another one took its place)",
    LessonStatus.STALE: " (taken back or held back)",
}
"""What is said beside a lesson's title."""
_ACTS = ("keep", "retract")


async def lessons(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    """All lessons that count, those with a reason to ask again first."""
    found = await run_in_threadpool(_stories, page.desk.store, page.desk.folder)
    doubted = sum(bool(story.lesson.doubts) for story in found)
    return page.html("lessons.html", who=who, stories=found, told=lessons_in_words(found, doubted))


async def lesson(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    """One lesson, to be kept or taken back."""
    return await _shown(page, request, who)


async def passkey(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    """What the device is asked before a lesson is signed."""
    found = await run_in_threadpool(_signable, page.desk.store, request)
    challenge = passkeys.challenge_of(_mark(found, _act(request), who.form_token))
    return JSONResponse(passkeys.question(who.session.fingerprint, page.site(request), challenge), headers=HEADERS)


async def sign(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    """Sign that a lesson is still true, or take it back; exports of the project follow at once."""
    form = await read_form(request)
    found = await run_in_threadpool(_signable, page.desk.store, request)
    mark = _mark(found, _act(request), who.form_token)
    if not same_text(form.get("seen", ""), mark):
        return await _shown(page, request, who, 409, "The lesson has changed since you read it. Read it again.")
    try:
        if passkeys.has_passkey(who.session.fingerprint):
            answer = form.get("passkey", "")
            passkeys.check(who.session.fingerprint, page.site(request), passkeys.challenge_of(mark), answer)
        await run_in_threadpool(
            _signed, page.desk.store, who.session, page.desk.folder, found, _act(request), form.get("why", "")
        )
    except RetrospanError as err:
        return await _shown(page, request, who, 400, str(err))
    return RedirectResponse("/lessons", 303, HEADERS)


async def _shown(
    page: ReviewPage, request: Request, who: SignedIn, status: int = 200, problem: str | None = None
) -> Response:
    found = await run_in_threadpool(_signable, page.desk.store, request)
    (doubted,) = await run_in_threadpool(with_doubts, page.desk.store, [found], page.desk.folder)
    (story,) = await run_in_threadpool(stories_of, page.desk.store, [doubted])
    return page.html(
        "lesson.html",
        status,
        who=who,
        problem=problem,
        story=story,
        act=_act(request),
        seen=_mark(found, _act(request), who.form_token),
        passkey=passkeys.has_passkey(who.session.fingerprint),
    )


def _act(request: Request) -> str:
    act = str(request.path_params["act"])
    if act not in _ACTS:
        raise UnknownIdError("act", act, known=", ".join(_ACTS), next_step="Open the list of lessons again.")
    return act


def _signable(store: Store, request: Request) -> Lesson:
    """A lesson that can be kept or taken back.

    Raises:
        UnknownIdError: if there is none.
    """
    found = get_lesson(store, str(request.path_params["lesson"]))
    if found.status is not LessonStatus.CONFIRMED and not found.quarantined:
        known = "it is not in force any more"
        raise UnknownIdError("lesson", found.id, known=known, next_step="Open the list of lessons again.")
    return found


def _mark(lesson: Lesson, act: str, key: str) -> str:
    """Stands in the form for what was read and what is done with it."""
    shown = f"{act}\n{lesson.status.value}\n{dump_lesson(lesson)}"
    return hmac.new(key.encode(), shown.encode(), hashlib.sha256).hexdigest()


def _stories(store: Store, folder: Path) -> list[LessonStory]:
    if not store.read_only:
        index_knowledge(store, knowledge_folders(folder))
    found = [lesson for lesson in list_lessons(store) if lesson.status is LessonStatus.CONFIRMED or lesson.quarantined]
    doubted = with_doubts(store, found, folder)
    return stories_of(store, sorted(doubted, key=lambda entry: (not entry.quarantined, not entry.doubts)))


def _signed(store: Store, session: ReviewSession, folder: Path, lesson: Lesson, act: str, why: str) -> None:
    if act == "keep":
        keep_lesson(store, session, lesson.id, folder)
    else:
        retract_lesson(store, session, lesson.id, why, folder)
    old_exports(store, folder, write=True)
