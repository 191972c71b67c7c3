"""What the page keeps, gives back and opens: nothing typed is lost, nothing is signed twice, everything can be read."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx2
import pytest
from clocks import Clock
from conversations import Builder, answers, calls, says
from retrospan.model.clock import utc_now
from retrospan.page.app import build_page
from retrospan.page.signing_in import IDLE_SECONDS, FrontDoor
from retrospan.services.reviewing.asking import request_review
from retrospan.services.reviewing.people import add_reviewer, unlock_reviewer, vouch_for
from retrospan.services.reviewing.saving import saved_words
from retrospan.store.contract import Store
from retrospan.store.reviews.claims import LEASE
from retrospan.store.reviews.verdicts import confirmed_verdicts, list_verdicts
from retrospan.trust.keys import KdfCost

PASSPHRASE = "four plain words here"
LEAFLET = (
    "**Ibuprofen**\n\n| dose | mg |\n|---|---:|\n| one | 400 |\n\n"
    + "Take it with food. " * 400
    + "Never with warfarin."
)
RULES = "Keep to the house rules. " * 300 + "A period is 30 days."

pytestmark = pytest.mark.anyio


@pytest.fixture
def shop(store: Store, traces: Builder) -> Store:
    add_reviewer(store, "Ada", PASSPHRASE, pin=True, cost=KdfCost(n=2**10))
    add_reviewer(store, "Bo", PASSPHRASE, cost=KdfCost(n=2**10))
    vouch_for(store, unlock_reviewer("Ada", PASSPHRASE), "Bo")
    for number in range(3):
        traces.add(
            says("system", RULES),
            says("user", f"May I take it, number {number}? [here](https://evil.test) &#x202e;"),
            calls("get_leaflet", medicine="ibuprofen"),
            answers(LEAFLET),
            says("assistant", "# Yes\n\n1. You *may*, for 45 days."),
        )
        request_review(store, number + 1, f"Question {number}: was it safe?", by="rule:ward")
    return store


class Browser:
    """One person's browser."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client

    async def sign_in(self, name: str = "Ada") -> Browser:
        await self.client.post("/sign-in", data={"name": name, "passphrase": PASSPHRASE})
        return self

    async def get(self, path: str) -> str:
        return (await self.client.get(path)).text

    async def post(self, path: str, **fields: str) -> httpx2.Response:
        page = await self.get("/mine")
        token = re.search(r'name="form_token" value="([^"]*)"', page)
        return await self.client.post(path, data={"form_token": token[1] if token else ""} | fields)

    async def answer(self, item: int, mark: str = "pass", **fields: str) -> httpx2.Response:
        name = re.search(r'name="([^"]+)" value="pass" data-key', await self.get(f"/item/{item}"))
        assert name
        return await self.post(f"/item/{item}/answer", **{name[1]: mark}, **fields)

    async def sign(self, item: int) -> httpx2.Response:
        seen = re.search(r'name="seen" value="([^"]*)"', await self.get(f"/item/{item}"))
        assert seen
        return await self.post(f"/item/{item}/sign", seen=seen[1])


@pytest.fixture
async def open_browser(shop: Store, clock: Clock) -> AsyncIterator[object]:
    door = FrontDoor(shop, None, clock)
    app = build_page(shop, door, hosts=("page.test",))
    clients: list[httpx2.AsyncClient] = []

    def opened() -> Browser:
        transport = httpx2.ASGITransport(app=app)
        clients.append(httpx2.AsyncClient(transport=transport, base_url="http://page.test", follow_redirects=True))
        return Browser(clients[-1])

    yield opened
    for client in clients:
        await client.aclose()
    door.close()


@pytest.fixture
async def ada(open_browser: object) -> Browser:
    return await open_browser().sign_in()  # type: ignore[operator, no-any-return]


@pytest.fixture
async def bo(open_browser: object) -> Browser:
    return await open_browser().sign_in("Bo")  # type: ignore[operator, no-any-return]


async def test_instructions_and_results_can_be_read_to_the_end(ada: Browser) -> None:
    page = await ada.get("/item/1")
    assert "A period is 30 days." in page
    assert "Never with warfarin." in page
    assert "more characters" not in page


async def test_markdown_is_set_and_nothing_becomes_a_link(ada: Browser) -> None:
    page = await ada.get("/item/1")
    assert "<strong>Ibuprofen</strong>" in page
    assert '<td class="to-right" dir="auto">400</td>' in page
    assert '<p class="as-h1" dir="auto">Yes</p>' in page
    assert "[here](https://evil.test) &amp;#x202e;" in page
    assert 'href="https' not in page


async def test_a_step_opens_with_everything_recorded(ada: Browser) -> None:
    links = re.findall(r'href="(/item/1/run/0/step/\d+)"', await ada.get("/item/1"))
    pages = [await ada.get(link) for link in dict.fromkeys(links)]
    assert any("Never with warfarin." in page for page in pages)
    assert any("What it was asked" in page or "What went in" in page for page in pages)


async def test_a_search_opens_and_marks_what_it_finds(ada: Browser) -> None:
    page = await ada.get("/item/1?find=Warfarin")
    assert "<mark>warfarin</mark>" in page
    assert re.search(r"“Warfarin” stands \d times? in it", page)


async def test_an_unfinished_answer_keeps_the_form(ada: Browser, shop: Store) -> None:
    refused = await ada.answer(1, "fail", severity="critical", expected="Say no.")
    assert refused.status_code == 400
    for kept in ('value="fail" data-key="f" checked', '<option value="critical" selected>', "Say no.</textarea>"):
        assert kept in refused.text
    assert "Say no.</textarea>" in await ada.get("/item/1")
    assert "begun" in await ada.get("/")


async def test_what_is_typed_is_saved_and_outlives_the_page(ada: Browser, open_browser: object) -> None:
    await ada.get("/item/1")
    saved = await ada.post("/item/1/save", typed="yes", reason="Half a sent")
    assert saved.status_code == 200
    other = await open_browser().sign_in()  # type: ignore[operator]
    assert "Half a sent</textarea>" in await other.get("/item/1")


async def test_a_session_that_ended_loses_no_words_and_leads_back(ada: Browser, clock: Clock, shop: Store) -> None:
    await ada.get("/item/1")
    clock.now += IDLE_SECONDS + 1
    late = await ada.client.post("/item/1/answer", data={"form_token": "x", "reason": "Typed late", "severity": "high"})
    assert late.status_code == 401
    assert "were signed out" in late.text
    hidden = dict(re.findall(r'name="(to|carried\.[^"]+)" value="([^"]*)"', late.text))
    back = await ada.client.post("/sign-in", data={"name": "Ada", "passphrase": PASSPHRASE} | hidden)
    assert str(back.url).endswith("/item/1")
    assert "Typed late</textarea>" in back.text


async def test_a_page_that_was_killed_in_the_middle_of_an_answer_loses_nothing(ada: Browser, shop: Store) -> None:
    await ada.answer(1, "fail", severity="high", reason="45 days is wrong.")
    await ada.post("/item/1/save", typed="yes", reason="45 days is wrong, and")
    door = FrontDoor(shop, None)
    transport = httpx2.ASGITransport(app=build_page(shop, door, hosts=("page.test",)))
    async with httpx2.AsyncClient(transport=transport, base_url="http://page.test", follow_redirects=True) as client:
        anew = await Browser(client).sign_in()
        page = await anew.get("/item/1")
        assert "Your answer: something is wrong" in page
        assert "45 days is wrong, and</textarea>" in page
        await anew.sign(1)
    door.close()
    assert [verdict.answer.reason for verdict in list_verdicts(shop)] == ["45 days is wrong."]


async def test_a_tab_with_a_former_answer_cannot_sign(ada: Browser, shop: Store) -> None:
    await ada.answer(1, "fail", reason="First.")
    former = re.search(r'name="seen" value="([^"]*)"', await ada.get("/item/1"))
    await ada.answer(1, "fail", reason="Second.")
    assert former
    refused = await ada.post("/item/1/sign", seen=former[1])
    assert refused.status_code == 409
    assert "has changed since you read it" in refused.text
    assert list_verdicts(shop) == []


@pytest.mark.parametrize("place", ["//evil.test", "https://evil.test", "/item/1/sign", "/sign-out", "javascript:x"])
async def test_a_sign_in_leads_to_places_of_this_page_only(open_browser: object, place: str) -> None:
    browser = open_browser()  # type: ignore[operator]
    form = {"name": "Ada", "passphrase": PASSPHRASE, "to": place}
    assert str((await browser.client.post("/sign-in", data=form)).url) == "http://page.test/"


async def test_a_stolen_lease_keeps_the_words_and_says_until_when(
    ada: Browser, bo: Browser, shop: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ada.get("/item/1")
    later = utc_now() + LEASE * 1.1
    monkeypatch.setattr("retrospan.services.reviewing.claiming.utc_now", lambda: later)
    monkeypatch.setattr("retrospan.services.reviewing.saving.utc_now", lambda: later)
    assert "Your answer" in await bo.get("/item/1")
    late = await ada.post("/item/1/answer", reason="I was reading", label="fail")
    assert late.status_code == 409
    assert "Somebody else is answering this one, until " in late.text
    assert not re.search(r"\d{4}-\d\d-\d\dT[^\"<]*Z (?!\")", late.text)
    reviewer = next(v for v in shop_reviewers(shop) if v[0] == "Ada")[1]
    typed = saved_words(shop, 1, reviewer)
    assert typed is not None and typed.fields["reason"] == "I was reading"


def shop_reviewers(store: Store) -> list[tuple[str, str]]:
    from retrospan.store.reviews.reviewers import load_roster

    return [(entry.name, entry.fingerprint) for entry in load_roster(store).reviewers]


async def test_leaving_an_item_gives_it_back(ada: Browser, bo: Browser) -> None:
    await ada.get("/item/1")
    assert "Somebody else is answering" in await bo.get("/item/1")
    await ada.get("/")
    assert "Your answer" in await bo.get("/item/1")


async def test_an_old_tab_does_not_give_back_what_was_opened_anew(ada: Browser, bo: Browser) -> None:
    first = re.search(r'data-claim="(\d+)"', await ada.get("/item/1"))
    await ada.get("/item/1")
    assert first
    await ada.post("/item/1/leave", claim=first[1])
    assert "Somebody else is answering" in await bo.get("/item/1")


async def test_signing_leads_on_and_a_second_click_says_signed(ada: Browser, shop: Store) -> None:
    await ada.answer(1)
    seen = re.search(r'name="seen" value="([^"]*)"', await ada.get("/item/1"))
    assert seen
    first = await ada.post("/item/1/sign", seen=seen[1])
    assert str(first.url) == "http://page.test/item/2?signed=1"
    assert "your answer counts from now on" in first.text
    again = await ada.post("/item/1/sign", seen=seen[1])
    assert "Signed: all is well" in again.text
    assert len(list_verdicts(shop)) == 1
    assert "Signed: all is well" in await ada.get("/item/1")
    assert '<h1 id="question">Question 0' in await ada.get("/item/1/sign")


async def test_a_signed_answer_is_changed_from_itself_and_replaced(ada: Browser, shop: Store) -> None:
    await ada.answer(1, "fail", severity="critical", reason="45 days is wrong.")
    await ada.sign(1)
    begun = await ada.post("/item/1/again")
    assert '<option value="critical" selected>' in begun.text
    assert "45 days is wrong.</textarea>" in begun.text
    assert len(confirmed_verdicts(shop, deciding=False)) == 1
    await ada.answer(1, "fail", severity="critical", reason="45 days is wrong, 30 is right.")
    await ada.sign(1)
    first, second = list_verdicts(shop, item_id=1)
    assert second.supersedes == (first.uid,)
    (counting,) = confirmed_verdicts(shop, deciding=False).values()
    assert counting.answer.reason == "45 days is wrong, 30 is right."
    assert "Decided by everybody: 1 of 3" in await ada.get("/")


async def test_a_change_that_is_given_up_leaves_the_signed_answer(ada: Browser, shop: Store) -> None:
    await ada.answer(1)
    await ada.sign(1)
    await ada.post("/item/1/again")
    await ada.post("/item/1/again", stop="yes")
    assert "Signed: all is well" in await ada.get("/item/1")
    assert len(list_verdicts(shop)) == 1


async def test_items_that_are_not_for_me_are_left_together(ada: Browser) -> None:
    assert "3 questions wait for you" in await ada.get("/")
    await ada.post("/skip", item1="yes", item3="yes", why="I do not know medicines.")
    page = await ada.get("/")
    assert "1 question waits for you" in page
    assert 'href="/item/2"' in page


async def test_a_question_back_stands_on_the_page_until_somebody_answers(ada: Browser, bo: Browser) -> None:
    await ada.get("/item/1")
    await ada.post("/item/1/ask", ask="Which leaflet counts?")
    assert "Asked by you" in await ada.get("/")
    page = await bo.get("/")
    assert "Which leaflet counts?" in page
    assert "rule:ward" not in page
    refused = await bo.get("/item/1")
    assert "it waits for an answer to a question. Take another." in refused
    assert "needs_answer" not in refused
    await bo.post("/item/1/reply", reply="The one of 2024.")
    page = await ada.get("/item/1")
    assert "The one of 2024." in page


async def test_the_list_shows_first_words_and_true_numbers(ada: Browser, shop: Store, traces: Builder) -> None:
    for number in range(60):
        row = traces.add(says("user", f"More {number}"), says("assistant", "Yes"), id=f"more-{number}")
        request_review(shop, row, "Was it safe?", by="rule:ward")
    page = await ada.get("/")
    assert "63 questions wait for you" in page
    assert "May I take it, number 0?" in page
    assert "1 to 50 of 63" in page
    assert "More 59" in await ada.get("/?from=50")


async def test_no_machine_words_stand_on_the_page(ada: Browser) -> None:
    await ada.answer(1)
    await ada.sign(1)
    for path in ("/", "/item/1", "/item/2", "/mine"):
        page = re.sub(r"<time datetime=\"[^\"]*\">", "", await ada.get(path))
        assert "needs_answer" not in page
        assert "rule:" not in page
        assert not re.search(r"\d{4}-\d\d-\d\dT\d\d", page)
