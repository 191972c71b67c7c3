"""The review page offered by URL elicitation: only where a client takes it, and nothing hangs on the answer."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from mcp.client import Client
from mcp.client.context import ClientRequestContext
from mcp.types import ElicitRequestParams, ElicitRequestURLParams, ElicitResult, TextContent
from retrospan.mcp_server import page_offer
from retrospan.mcp_server.server import build_server
from retrospan.services.reviewing.asking import list_reviews
from retrospan.store.reviews.verdicts import list_verdicts
from reviewdesk import QUESTION, Desk

PAGE = "https://review.example"


class Person:
    """Whoever sits at the client, and what they are shown."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.shown: list[ElicitRequestURLParams] = []

    async def __call__(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        assert isinstance(params, ElicitRequestURLParams)
        self.shown.append(params)
        if self.answer == "away":
            await anyio.sleep_forever()
        return ElicitResult(action=self.answer)  # type: ignore[arg-type]


def ask(desk: Desk, person: Person | None, *, page: str = PAGE) -> str:
    got: list[str] = []

    async def run() -> None:
        options: dict[str, Any] = {"elicitation_callback": person} if person else {}
        async with Client(build_server(desk.store, page=page), mode="legacy", **options) as client:
            result = await client.call_tool("request_review", {"trace": "T1", "question": QUESTION})
            got.extend(block.text for block in result.content if isinstance(block, TextContent))

    anyio.run(run)
    return "".join(got)


@pytest.mark.parametrize("answer", ["accept", "decline", "cancel"])
def test_a_client_that_takes_links_is_offered_the_page(desk: Desk, answer: str) -> None:
    person = Person(answer)
    told = ask(desk, person)
    (shown,) = person.shown
    assert shown.url == f"{PAGE}/item/1" and shown.url in told
    assert list_verdicts(desk.store) == [], "nothing that a client answers decides"
    assert len(list_reviews(desk.store, state=None)) == 1


def test_a_client_without_it_gets_text_alone(desk: Desk) -> None:
    assert "R1 is open on T1." in ask(desk, None)


def test_without_a_page_nothing_is_offered(desk: Desk) -> None:
    person = Person("accept")
    assert "R1 is open on T1." in ask(desk, person, page="")
    assert person.shown == []


def test_a_person_who_is_away_holds_nothing_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_offer, "_SECONDS", 0.2)
    assert "R1 is open on T1." in ask(desk, Person("away"))
