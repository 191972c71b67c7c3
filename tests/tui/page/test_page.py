"""The review page over real HTTP messages: what an expert can do, and what nobody else can."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest
from clocks import Clock
from conversations import Builder, says
from retrospan.model.traces import SpanBatch
from retrospan.page.app import build_page
from retrospan.page.signing_in import IDLE_SECONDS, FrontDoor
from retrospan.services.reviewing.asking import propose_verdict, request_review
from retrospan.services.reviewing.citing import Citation
from retrospan.services.reviewing.people import add_reviewer, unlock_reviewer
from retrospan.store.contract import Store
from retrospan.store.reviews.verdicts import confirmed_verdicts
from retrospan.store.traces.commit import commit_batch
from retrospan.store.traces.spans import load_spans
from retrospan.trust.keys import KdfCost

PASSPHRASE = "four plain words here"
CHEAP = KdfCost(n=2**10)
HOSTILE = "</p><script>alert(1)</script><img src=x onerror=alert(1)>\"'\x1b]52;c;aGk=\x07\u202e{{7*7}}{% raw %}"

pytestmark = pytest.mark.anyio


@pytest.fixture
def shop(store: Store, traces: Builder) -> Store:
    add_reviewer(store, "Ada", PASSPHRASE, pin=True, cost=CHEAP)
    traces.add(says("user", f"How long can I return it? {HOSTILE}"), says("assistant", f"You have 45 days. {HOSTILE}"))
    item = request_review(store, 1, f"Did the reply invent a period? {HOSTILE}", by="agent:x", focus=[1])
    proposed = [Citation("1", "You have 45 days.")]
    propose_verdict(store, item.short_id, label="fail", explanation=f"45 {HOSTILE}", cited=proposed, by="agent:x")
    return store


@pytest.fixture
async def browser(shop: Store, clock: Clock) -> AsyncIterator[httpx2.AsyncClient]:
    door = FrontDoor(shop, unlock_reviewer("Ada", PASSPHRASE), clock)
    app = build_page(shop, door, hosts=("page.test",))
    app.state.door = door
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://page.test", follow_redirects=True) as client:
        client.app = app  # type: ignore[attr-defined]
        yield client
    door.close()


async def sign_in(browser: httpx2.AsyncClient, name: str = "Ada", passphrase: str = PASSPHRASE) -> httpx2.Response:
    return await browser.post("/sign-in", data={"name": name, "passphrase": passphrase})


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, f"no field {name}"
    return found[1]


async def answer(browser: httpx2.AsyncClient, mark: str = "fail") -> httpx2.Response:
    page = (await browser.get("/item/1")).text
    criteria = re.findall(r'name="(criterion\.[^"]+|label)" value="pass"', page)
    data = dict.fromkeys(criteria, mark) | {"severity": "high", "reason": "No rule says 45.", "expected": ""}
    return await browser.post("/item/1/answer", data=data | {"form_token": field(page, "form_token")})


async def test_an_expert_answers_sees_the_proposal_and_signs(browser: httpx2.AsyncClient, shop: Store) -> None:
    assert "1 question waits for you" in (await sign_in(browser)).text
    before = (await browser.get("/item/1")).text
    assert "had proposed" not in before
    after = (await answer(browser)).text
    assert "Your answer: something is wrong" in after
    assert "had proposed" in after
    form = {"form_token": field(after, "form_token"), "seen": field(after, "seen")}
    signed = await browser.post("/item/1/sign", data=form)
    assert "your answer counts from now on." in signed.text
    assert [verdict.reviewer_name for verdict in confirmed_verdicts(shop, deciding=False).values()] == ["Ada"]
    assert "No rule says 45." in (await browser.get("/mine")).text


async def test_hostile_text_is_text(browser: httpx2.AsyncClient) -> None:
    await sign_in(browser)
    for page in ((await browser.get("/")).text, (await browser.get("/item/1")).text, (await answer(browser)).text):
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "onerror=alert(1)>" not in page
        assert not any(character in page for character in "\x1b\x07\u202e")
        assert "{{7*7}}" in page


async def test_every_page_forbids_foreign_content(browser: httpx2.AsyncClient) -> None:
    for path in ("/", "/item/1", "/invite/nothing"):
        policy = (await browser.get(path)).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "'unsafe-inline'" not in policy


async def test_nothing_is_shown_or_done_before_signing_in(browser: httpx2.AsyncClient, shop: Store) -> None:
    page = await browser.get("/item/1")
    assert "Sign in to review" in page.text
    assert "45 days" not in page.text
    for path in ("answer", "sign", "undo", "skip", "ask"):
        assert (await browser.post(f"/item/1/{path}", data={"label": "pass"})).status_code == 401
    assert confirmed_verdicts(shop) == {}


async def test_guessing_is_slowed_down(browser: httpx2.AsyncClient, clock: Clock) -> None:
    for _ in range(5):
        assert (await sign_in(browser, passphrase="wrong words entirely")).status_code == 403
    slowed = await sign_in(browser)
    assert slowed.status_code == 429
    assert 0 < int(slowed.headers["retry-after"]) <= 60
    clock.now += 61
    assert (await sign_in(browser)).status_code == 200


async def test_an_unknown_name_is_told_no_more_than_a_wrong_passphrase(browser: httpx2.AsyncClient) -> None:
    unknown, wrong = await sign_in(browser, name="Nobody"), await sign_in(browser, passphrase="wrong words entirely")
    assert unknown.status_code == wrong.status_code == 403
    assert unknown.text == wrong.text


async def test_a_form_without_its_token_is_refused(browser: httpx2.AsyncClient, shop: Store) -> None:
    await sign_in(browser)
    page = (await answer(browser)).text
    for token in ("", "x" * 43):
        form = {"form_token": token, "seen": field(page, "seen")}
        assert (await browser.post("/item/1/sign", data=form)).status_code == 403
    assert confirmed_verdicts(shop) == {}


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.test"}, {"Origin": "http://evil.test"}, {"Origin": "null"}, {"Host": "page.test@evil"}]
)
async def test_other_sites_and_names_are_refused(browser: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    refused = await browser.post("/sign-in", data={"name": "Ada", "passphrase": PASSPHRASE}, headers=headers)
    assert refused.status_code in (403, 421)
    assert "set-cookie" not in refused.headers


async def test_a_conversation_that_grew_must_be_read_again(browser: httpx2.AsyncClient, shop: Store) -> None:
    await sign_in(browser)
    page = (await answer(browser)).text
    with shop.read() as con:
        last = load_spans(con, 1, "run-1")[-1]
    commit_batch(shop, SpanBatch([replace(last, span_id="f" * 16, sequence=9)]))
    form = {"form_token": field(page, "form_token"), "seen": field(page, "seen")}
    refused = await browser.post("/item/1/sign", data=form)
    assert refused.status_code == 409
    assert "has changed since you read it" in refused.text
    assert confirmed_verdicts(shop) == {}


async def test_an_idle_browser_is_signed_out(browser: httpx2.AsyncClient, clock: Clock) -> None:
    await sign_in(browser)
    clock.now += IDLE_SECONDS + 1
    assert "Sign in to review" in (await browser.get("/")).text


async def test_an_invited_person_chooses_a_passphrase_and_counts(browser: httpx2.AsyncClient, shop: Store) -> None:
    token = browser.app.state.door.invite("Bo Lind")  # type: ignore[attr-defined]
    assert "Welcome, Bo Lind" in (await browser.get(f"/invite/{token}")).text
    weak = await browser.post(f"/invite/{token}", data={"passphrase": "short", "again": "short"})
    assert weak.status_code == 400
    words = "other four plain words"
    assert "waits for you" in (await browser.post(f"/invite/{token}", data={"passphrase": words, "again": words})).text
    page = (await answer(browser)).text
    form = {"form_token": field(page, "form_token"), "seen": field(page, "seen")}
    assert "counts from now on" in (await browser.post("/item/1/sign", data=form)).text
    assert [verdict.reviewer_name for verdict in confirmed_verdicts(shop, deciding=False).values()] == ["Bo Lind"]
    assert (await browser.get(f"/invite/{token}")).status_code == 410


async def test_an_unfinished_form_is_explained(browser: httpx2.AsyncClient) -> None:
    await sign_in(browser)
    page = (await browser.get("/item/1")).text
    refused = await browser.post("/item/1/answer", data={"form_token": field(page, "form_token")})
    assert refused.status_code == 400
    assert "Choose an answer" in refused.text


async def test_a_huge_body_is_not_read(browser: httpx2.AsyncClient) -> None:
    refused = await browser.post("/sign-in", data={"name": "A" * 100_000, "passphrase": "x"})
    assert refused.status_code == 403


async def test_a_question_that_was_exchanged_behind_the_page_is_not_signed(
    browser: httpx2.AsyncClient, shop: Store
) -> None:
    await sign_in(browser)
    page = (await answer(browser)).text
    with shop.write() as con:
        con.execute("UPDATE review_item SET question = 'Was the refund of 10,000 EUR justified?'")
    form = {"form_token": field(page, "form_token"), "seen": field(page, "seen")}
    refused = await browser.post("/item/1/sign", data=form)
    assert refused.status_code == 409
    assert "has changed since you read it" in refused.text
    assert confirmed_verdicts(shop, deciding=False) == {}


async def test_the_page_says_who_asked_and_a_person_lets_the_question_decide(
    browser: httpx2.AsyncClient, shop: Store
) -> None:
    await sign_in(browser)
    page = (await browser.get("/item/1")).text
    assert "Asked by an assistant (x)" in page
    assert "it does not decide whether the run did its job" in page
    form = {"form_token": field(page, "form_token"), "decides": "yes"}
    marked = (await browser.post("/item/1/decides", data=form)).text
    assert "The answer decides whether the run did its job (Ada said so)" in marked
    page = (await answer(browser)).text
    await browser.post("/item/1/sign", data={"form_token": field(page, "form_token"), "seen": field(page, "seen")})
    assert [verdict.decides for verdict in confirmed_verdicts(shop).values()] == ["human:Ada"]
