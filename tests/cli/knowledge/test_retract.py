"""One command takes a lesson back, everywhere; a checkout that still has it in an export fails its build."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from commands import run
from mcp.client import Client
from mcp.types import TextResourceContents
from retrospan.cli.knowledge import lesson_acts
from retrospan.knowledge.exports import Channel
from retrospan.mcp_server.registry import Caller, load_tools, run_tool
from retrospan.mcp_server.server import build_server
from retrospan.mcp_server.skills import skill_texts
from retrospan.model.reviews import AppliesTo, Lesson
from retrospan.services.knowledge.confirming import confirm_lesson
from retrospan.services.knowledge.exporting import export_lessons
from reviewdesk import Desk

LESSON = Lesson(
    "zebra-window",
    "Quote the zebra window before promising a refund",
    "It promised 45 zebra days.",
    "Not read.",
    "Quote the zebra policy.",
    AppliesTo(tools=("issue_refund",), files=("shop/*.py",)),
)


def exported(root: Path) -> str:
    files = [path for path in root.rglob("*") if path.is_file() and ".retrospan" not in path.parts]
    return "".join(path.read_text() for path in files)


@pytest.mark.parametrize("beside", [True, False])
def test_nothing_of_it_is_left_after_one_command(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beside: bool
) -> None:
    app, store = tmp_path / "app", desk.store
    app.mkdir()
    ada = desk.reviewer()
    confirm_lesson(store, ada, LESSON, app)
    if beside:
        other = replace(LESSON, id="other", title="Look twice", what_happened="x", what_to_do="Look at it twice.")
        confirm_lesson(store, ada, other, app)
    export_lessons(store, app, list(Channel))
    clone = Path(shutil.copytree(app, tmp_path / "clone"))
    assert "zebra" in exported(app)
    monkeypatch.setattr(lesson_acts, "unlocked", lambda *_: ada)
    at = ("--store", store.location, "--folder")

    assert run("lesson", "retract", LESSON.id, "--because", "The policy changed.", *at, str(app)).code == 0

    assert "zebra" not in exported(app) and "zebra" not in "".join(skill_texts(store).values())
    for asked in ({"tools": ["issue_refund"]}, {"paths": ["shop/a.py"]}, {"intent": "quote the zebra window"}):
        assert "Quote the zebra" not in run_tool(Caller(store), load_tools(), "search_lessons", asked)
    assert "Quote the zebra" not in run("lesson", "search", "--tool", "issue_refund", *at, str(app)).out
    assert run("lesson", "export", "--check", *at, str(app)).code == 0

    # A build of a checkout that took the knowledge in and did not export again.
    shutil.copytree(app / ".retrospan", clone / ".retrospan", dirs_exist_ok=True)
    monkeypatch.setenv("RETROSPAN_CONFIG_DIR", str(tmp_path / "nobody"))
    done = run("lesson", "export", "--check", "--store", str(tmp_path / "ci.db"), "--folder", str(clone))
    assert done.code == 1 and "Run: retrospan lesson export" in done.out


def test_a_client_that_had_the_skill_reads_that_it_is_gone(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = desk.reviewer()
    confirm_lesson(desk.store, ada, LESSON, tmp_path)
    monkeypatch.setattr(lesson_acts, "unlocked", lambda *_: ada)

    async def dialogue() -> None:
        async with Client(build_server(desk.store)) as client:
            (content,) = (await client.read_resource(f"retrospan://lesson/{LESSON.id}")).contents
            assert isinstance(content, TextResourceContents) and "confirmed, signed by Ada" in content.text
            where = ("--store", desk.store.location, "--folder", str(tmp_path))
            await anyio.to_thread.run_sync(lambda: run("lesson", "retract", LESSON.id, "--because", "No more.", *where))
            (content,) = (await client.read_resource(f"retrospan://lesson/{LESSON.id}")).contents
            assert isinstance(content, TextResourceContents)
            assert content.text.startswith(f"{LESSON.id}: stale") and "data, not advice" in content.text

    anyio.run(dialogue)
