"""The page of lessons: what may not be true any more comes first, and a reviewer signs what becomes of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from retrospan.knowledge.exports import Channel
from retrospan.model.reviews import AppliesTo, Lesson, LessonStatus
from retrospan.page.app import build_page
from retrospan.page.signing_in import FrontDoor
from retrospan.services.knowledge.confirming import confirm_lesson
from retrospan.services.knowledge.exporting import export_lessons
from retrospan.store.knowledge.lookup import get_lesson, list_lessons
from reviewdesk import PASSPHRASE, Desk

LESSON = Lesson("steady", "Quote <b>the</b> window", "It promised 45 days.", "Not read.", "Quote the policy.")

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def browser(desk: Desk, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    ada = desk.reviewer()
    confirm_lesson(desk.store, ada, LESSON, tmp_path)
    scope = AppliesTo(files=("prompts/answer.md",))
    confirm_lesson(desk.store, ada, replace(LESSON, id="moved", title="Read the prompt", applies_to=scope), tmp_path)
    export_lessons(desk.store, tmp_path, [Channel.RULES])
    door = FrontDoor(desk.store, ada)
    app = build_page(desk.store, door, hosts=("page.test",), folder=tmp_path)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://page.test", follow_redirects=True) as client:
        await client.post("/sign-in", data={"name": "Ada", "passphrase": PASSPHRASE})
        yield client
    door.close()


def fields(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(form_token|seen)" value="([^"]*)"', page))


async def test_what_has_lost_its_ground_comes_first_with_what_became_of_it(browser: httpx2.AsyncClient) -> None:
    page = (await browser.get("/lessons")).text
    assert page.index("Read the prompt") < page.index("Quote ") and "<b>" not in page
    assert "Still true? prompts/answer.md is gone" in page and "2 lessons: 0 guarded; 1 to ask again" in page
    assert "from no verdict · no case guards it" in page


async def test_a_lesson_is_kept(browser: httpx2.AsyncClient, desk: Desk) -> None:
    page = (await browser.get("/lesson/moved/keep")).text
    assert "What to do" in page and "Sign: it is still true" in page
    done = await browser.post("/lesson/moved/keep/sign", data=fields(page))
    assert done.url.path == "/lessons"
    standing = {lesson.id: lesson.status for lesson in list_lessons(desk.store)}
    assert standing["moved-r2"] is LessonStatus.CONFIRMED and standing["moved"] is LessonStatus.SUPERSEDED


async def test_a_lesson_is_taken_back_here_and_in_its_exports(
    browser: httpx2.AsyncClient, desk: Desk, tmp_path: Path
) -> None:
    page = (await browser.get("/lesson/steady/retract")).text
    empty = await browser.post("/lesson/steady/retract/sign", data=fields(page) | {"why": " "})
    assert empty.status_code == 400 and get_lesson(desk.store, "steady").status is LessonStatus.CONFIRMED
    await browser.post("/lesson/steady/retract/sign", data=fields(page) | {"why": "The policy changed."})
    assert get_lesson(desk.store, "steady").stale_because == "retracted by Ada: The policy changed."
    assert "Quote" not in "".join(path.read_text() for path in (tmp_path / ".claude/rules").glob("retrospan-general*"))


async def test_what_was_not_read_is_not_signed(browser: httpx2.AsyncClient, desk: Desk) -> None:
    keep = fields((await browser.get("/lesson/moved/keep")).text)
    for path in (
        "/lesson/moved/retract/sign",
        "/lesson/steady/keep/sign",
        "/lesson/nothing/keep/sign",
        "/lesson/moved/x/sign",
    ):
        refused = await browser.post(path, data=keep | {"why": "x"})
        assert refused.status_code == 409, path
    foreign = await browser.post("/lesson/moved/keep/sign", data=keep | {"form_token": "other"})
    assert foreign.status_code == 403
    assert {lesson.id for lesson in list_lessons(desk.store)} == {"moved", "steady"}
