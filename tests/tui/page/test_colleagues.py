"""People on the page: pictures they can see, words to each other, invitations, lost passphrases, new keys."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable

import httpx2
import pytest
from conversations import Builder, says
from pictures import data_url, png
from retrospan.page.app import build_page
from retrospan.page.signing_in import FrontDoor
from retrospan.services.reviewing.asking import request_review
from retrospan.services.reviewing.people import add_reviewer, list_reviewers, rotate_key, unlock_reviewer, vouch_for
from retrospan.store.contract import Store
from retrospan.store.reviews.verdicts import confirmed_verdicts, list_verdicts
from retrospan.trust.keys import KdfCost

PASSPHRASE = "four plain words here"
CHEAP = KdfCost(n=2**10)

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def shop(store: Store, traces: Builder) -> Store:
    add_reviewer(store, "Ada", PASSPHRASE, pin=True, cost=CHEAP)
    add_reviewer(store, "Bo", PASSPHRASE, cost=CHEAP)
    vouch_for(store, unlock_reviewer("Ada", PASSPHRASE), "Bo")
    seen = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": data_url(png())}}]
    traces.add(says("user", seen), says("assistant", "A <b>red</b> square."))  # type: ignore[arg-type]
    for question in ("Is it right?", "Is it polite?"):
        request_review(store, 1, question, by="rule:shop")
    return store


class Browser:
    """One person's browser on one page server."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client

    async def sign_in(self, name: str) -> Browser:
        await self.client.post("/sign-in", data={"name": name, "passphrase": PASSPHRASE})
        return self

    async def get(self, path: str) -> str:
        return (await self.client.get(path)).text

    async def post(self, path: str, **fields: str) -> httpx2.Response:
        token = re.search(r'name="form_token" value="([^"]*)"', await self.get("/mine"))
        return await self.client.post(path, data={"form_token": token[1] if token else ""} | fields)

    async def sign(self, item: int, mark: str = "pass") -> httpx2.Response:
        name = re.search(r'name="([^"]+)" value="pass" data-key', await self.get(f"/item/{item}"))
        if name:
            await self.post(f"/item/{item}/answer", **{name[1]: mark}, reason="Because.")
        seen = re.search(r'name="seen" value="([^"]*)"', await self.get(f"/item/{item}"))
        return await self.post(f"/item/{item}/sign", seen=seen[1] if seen else "")


Opener = Callable[[], Browser]


@pytest.fixture
async def pages(shop: Store) -> AsyncIterator[tuple[Opener, Opener]]:
    """Two page servers on one store, nobody's key with either."""
    doors, clients, openers = [], [], []
    for _ in range(2):
        door = FrontDoor(shop, None)
        app = build_page(shop, door, hosts=("page.test",))
        doors.append(door)

        def opened(app: object = app) -> Browser:
            transport = httpx2.ASGITransport(app=app)  # type: ignore[arg-type]
            clients.append(httpx2.AsyncClient(transport=transport, base_url="http://page.test", follow_redirects=True))
            return Browser(clients[-1])

        openers.append(opened)
    yield openers[0], openers[1]
    for client in clients:
        await client.aclose()
    for door in doors:
        door.close()


@pytest.fixture
async def ada(pages: tuple[Opener, Opener]) -> Browser:
    return await pages[0]().sign_in("Ada")


@pytest.fixture
async def bo(pages: tuple[Opener, Opener]) -> Browser:
    return await pages[0]().sign_in("Bo")


async def test_a_picture_is_drawn_beside_the_words_it_came_with(ada: Browser) -> None:
    page = await ada.get("/item/1")
    (place,) = re.findall(r'<img src="([^"]+)"', page)
    answer = await ada.client.get(place)
    assert (answer.content, answer.headers["content-type"]) == (png(), "image/png")
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert (await ada.client.get(place[:-1] + "7")).status_code == 409


async def test_a_picture_is_nobodys_before_signing_in(pages: tuple[Opener, Opener]) -> None:
    answer = await pages[0]().client.get("/item/1/run/0/step/0/picture/0")
    assert "Sign in to review" in answer.text


async def test_comments_stand_open_once_one_has_signed_and_call_a_colleague(ada: Browser, bo: Browser) -> None:
    early = await ada.post("/item/1/comment", comment="I think it is fine")
    assert "once you have signed" in early.text
    await ada.sign(1)
    await ada.post("/item/1/comment", comment="@Bo, see the <b>edge</b> of it")
    assert "see the &lt;b&gt;edge&lt;/b&gt; of it" in await ada.get("/item/1")
    listed = await bo.get("/")
    assert "Said to you" in listed and "/item/1#comments" in listed
    read = await bo.get("/item/1")
    assert "Decided by others" in read and "see the &lt;b&gt;" in read
    await bo.post("/item/1/comment", comment="@Ada thank you")
    assert "thank you" in await ada.get("/")


async def test_a_comment_sways_nobody_who_is_still_asked(ada: Browser, bo: Browser, shop: Store) -> None:
    item = request_review(shop, 1, "Two of you, please?", by="rule:shop", overlap=2).id
    await ada.sign(item)
    await ada.post(f"/item/{item}/comment", comment="@Bo this is plainly wrong")
    assert "plainly wrong" not in await bo.get("/") + await bo.get(f"/item/{item}")
    await bo.sign(item)
    assert "plainly wrong" in await bo.get(f"/item/{item}")


def link_in(page: str) -> str:
    found = re.search(r"(/invite/[\w-]+)", page)
    assert found, page
    return found[1]


async def choose(browser: Browser, link: str, words: str) -> httpx2.Response:
    return await browser.client.post(link, data={"passphrase": words, "again": words})


async def test_an_invitation_made_on_one_page_is_taken_on_another(
    ada: Browser, pages: tuple[Opener, Opener], shop: Store
) -> None:
    link = link_in((await ada.post("/people/invite", name="Cem Kaya")).text)
    cem = pages[1]()
    assert "Welcome, Cem Kaya" in await cem.get(link)
    assert "wait for you" in (await choose(cem, link, "seven green paper boats")).text
    assert (await choose(pages[0](), link, "seven green paper boats")).status_code == 410
    await cem.sign(1)
    assert confirmed_verdicts(shop, deciding=False) == {}
    assert "not vouched for yet" in await ada.get("/people")
    key = next(entry.fingerprint for entry in list_reviewers(shop) if entry.name == "Cem Kaya")
    await ada.post("/people/vouch", key=key)
    assert "counts from now on" in (await cem.sign(1)).text
    assert [v.reviewer_name for v in confirmed_verdicts(shop, deciding=False).values()] == ["Cem Kaya"]


async def test_an_invited_person_counts_at_once_while_their_host_is_signed_in(
    ada: Browser, pages: tuple[Opener, Opener], shop: Store
) -> None:
    link = link_in((await ada.post("/people/invite", name="Cem Kaya")).text)
    await choose(pages[0](), link, "seven green paper boats")
    (cem,) = [entry for entry in list_reviewers(shop) if entry.name == "Cem Kaya"]
    assert cem.vouched_by == "Ada"


async def test_a_lost_passphrase_is_replaced_by_a_link_and_loses_nothing(
    ada: Browser, bo: Browser, pages: tuple[Opener, Opener], shop: Store
) -> None:
    await bo.sign(1)
    await bo.post("/item/2/save", typed="yes", reason="half a sen")
    key = unlock_reviewer("Bo", PASSPHRASE).fingerprint
    link = link_in((await ada.post("/people/reset", key=key)).text)
    fresh = pages[0]()
    assert (await choose(fresh, link, "seven green paper boats")).status_code == 200
    assert "half a sen" in await fresh.get("/item/2")
    assert [v.reviewer_name for v in confirmed_verdicts(shop, deciding=False).values()] == ["Bo"]
    await fresh.sign(2)
    assert len(list_verdicts(shop)) == 2


@pytest.mark.parametrize("act", ["invite", "reset", "vouch", "passkeys"])
async def test_only_who_is_pinned_lets_others_in(bo: Browser, shop: Store, act: str) -> None:
    key = unlock_reviewer("Bo", PASSPHRASE).fingerprint
    answer = await bo.post(f"/people/{act}", name="Mallory", key=key)
    assert answer.status_code == 409
    assert "/invite/" not in answer.text


async def test_a_pinned_key_is_not_replaced_from_the_page(ada: Browser, shop: Store) -> None:
    key = unlock_reviewer("Ada", PASSPHRASE).fingerprint
    assert "reviewer lost" in (await ada.post("/people/reset", key=key)).text


@pytest.mark.parametrize("words", ["aaaaaaaaaaaa", "password1234", "qwertyuiopas"])
async def test_a_passphrase_that_is_tried_first_is_refused(
    ada: Browser, pages: tuple[Opener, Opener], words: str
) -> None:
    link = link_in((await ada.post("/people/invite", name="Cem Kaya")).text)
    answer = await choose(pages[0](), link, words)
    assert answer.status_code == 400
    assert "words that do not belong together" in answer.text


async def test_a_new_key_of_the_same_person_loses_nothing_and_signs_nothing_twice(
    bo: Browser, pages: tuple[Opener, Opener], shop: Store
) -> None:
    twice = request_review(shop, 1, "Two of you, please?", by="rule:shop", overlap=2).id
    await bo.sign(twice)
    await bo.post("/item/1/save", typed="yes", reason="half a sen")
    rotate_key(shop, unlock_reviewer("Bo", PASSPHRASE), PASSPHRASE, cost=CHEAP)
    again = await pages[1]().sign_in("Bo")
    assert "half a sen" in await again.get("/item/1")
    await again.sign(twice)
    assert [verdict.item_id for verdict in list_verdicts(shop)] == [twice]
