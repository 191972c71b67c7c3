"""Lessons as MCP skills for a client that has them, and nothing of it for one that does not."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp.types import Request, RequestParams, Result, TextResourceContents
from pydantic import ConfigDict
from retrospan.mcp_server.server import build_server
from retrospan.model.reviews import AppliesTo, Lesson
from retrospan.services.knowledge.confirming import confirm_lesson
from retrospan.services.knowledge.proposing import LessonDraft, propose_lesson
from retrospan.services.knowledge.revising import retract_lesson
from retrospan.store.contract import Store
from reviewdesk import Desk

LESSON = Lesson(
    "refund-window",
    "Quote the window before promising a refund",
    "It promised 45 days.",
    "Not read.",
    "Quote the policy.",
    applies_to=AppliesTo(tools=("issue_refund",), files=("shop/*.py",)),
)


class Anything(Result):
    model_config = ConfigDict(extra="allow")


class Params(RequestParams):
    uri: str | None = None


async def ask(client: Client, method: str, uri: str | None = None) -> dict[str, Any]:
    request: Request[Params, str] = Request(method=method, params=Params(uri=uri))
    found = await client.session.send_request(request, Anything)
    return found.model_dump(by_alias=True)


def talk(store: Store, mode: Any, dialogue: Any) -> None:
    async def both() -> None:
        async with Client(build_server(store), mode=mode) as client:
            await dialogue(client)

    anyio.run(both)


@pytest.fixture
def taught(desk: Desk, tmp_path: Path) -> Desk:
    confirm_lesson(desk.store, desk.reviewer(), LESSON, tmp_path / "app")
    propose_lesson(desk.store, LessonDraft(replace(LESSON, id="", title="A draft")), by="agent:x")
    return desk


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_skills_have_digests_that_fit_what_is_read_and_go_with_a_retraction(
    taught: Desk, tmp_path: Path, mode: str
) -> None:
    async def dialogue(client: Client) -> None:
        (entry,) = (await ask(client, "skills/list"))["skills"]
        assert entry["frontmatter"]["name"] == entry["uri"].split("/")[-2] == "retrospan-issue-refund"
        assert entry["frontmatter"]["paths"] == ["shop/*.py"]
        (file,) = entry["resources"]
        (content,) = (await client.read_resource(file["uri"])).contents
        assert isinstance(content, TextResourceContents) and "A draft" not in content.text
        data = content.text.encode()
        assert file == {
            "uri": entry["uri"],
            "digest": f"sha256:{hashlib.sha256(data).hexdigest()}",
            "size": len(data),
        }
        assert (await ask(client, "skills/get", entry["uri"]))["skill"] == entry
        await anyio.to_thread.run_sync(
            lambda: retract_lesson(taught.store, taught.unlock("Ada"), LESSON.id, "No more.", tmp_path / "app")
        )
        assert (await ask(client, "skills/list"))["skills"] == []
        with pytest.raises(MCPError, match="skills/list"):
            await ask(client, "skills/get", entry["uri"])

    talk(taught.store, mode, dialogue)


def test_a_client_without_skills_gets_the_same_by_the_tool(taught: Desk) -> None:
    async def dialogue(client: Client) -> None:
        found = await client.call_tool("search_lessons", {"tools": ["issue_refund"]})
        assert "Quote the policy." in found.content[0].text  # type: ignore[union-attr]

    talk(taught.store, "auto", dialogue)
