"""Regression cases with their signatures, and what none of them covers."""

from __future__ import annotations

from pathlib import Path

import pytest
from keyboard import Hands, assert_looks_as_before, at_keyboard
from retrospan.regression.teaching.keeping import drafts_of
from retrospan.services.knowledge.drafts import accept_draft
from retrospan.store.contract import Store
from retrospan.tui.app import RetrospanApp
from reviewdesk import Desk, untried


@pytest.fixture
def project(desk: Desk, tmp_path: Path) -> Path:
    """A project with a signed case, an unsigned draft and a broken file."""
    ada = desk.reviewer()
    case, *_ = drafts_of(desk.store, desk.decide(ada))
    accept_draft(desk.store, ada, case, tmp_path, untried)
    cases = tmp_path / ".retrospan" / "cases"
    body = "title: Says when it does not know\nstatus: draft\ninput: Hello?\nchecks:\n- check: grounded\n"
    (cases / "does-not-know.yaml").write_text(f"id: does-not-know\n{body}")
    (cases / "half.yaml").write_text("id: half\ntitle: [\n")
    return tmp_path


@pytest.mark.parametrize(("name", "size"), [("cases", (110, 32)), ("cases-narrow", (80, 24))])
def test_cases_stand_with_status_signature_and_coverage(
    desk: Desk, project: Path, name: str, size: tuple[int, int]
) -> None:
    app = RetrospanApp(desk.store, folder=project)

    async def walk(hands: Hands) -> None:
        await hands.press("c")
        assert "3 regression cases" in hands.text
        assert "● active" in hands.text and "✓ signed" in hands.text
        assert "○ draft" in hands.text and "unsigned" in hands.text and "! broken" in hands.text
        assert "1 of 1 in a case" in hands.text
        hands.app.screen.query_one("#case-list").refresh()
        assert_looks_as_before(hands, name)

    at_keyboard(app, walk, size=size)


def test_enter_reads_a_case_and_o_opens_its_run(desk: Desk, project: Path) -> None:
    app = RetrospanApp(desk.store, folder=project)

    async def walk(hands: Hands) -> None:
        await hands.press("c")
        while "▸ ● active" not in hands.text:
            await hands.press("j")
        await hands.press("enter")
        assert hands.place == "TextScreen" and "provenance:" in hands.text
        await hands.press("escape", "o")
        assert hands.place == "TraceScreen" and "T1" in hands.lines[0]

    at_keyboard(app, walk)


def test_way_without_a_case_leads_to_the_run_to_promote(desk: Desk, tmp_path: Path) -> None:
    app = RetrospanApp(desk.store, folder=tmp_path)

    async def walk(hands: Hands) -> None:
        await hands.press("c")
        assert "No regression case yet" in hands.text and "1 way that no case goes" in hands.text
        await hands.press("tab", "enter")
        assert hands.place == "TraceScreen"

    at_keyboard(app, walk)


def test_without_runs_and_cases_it_says_what_to_do(store: Store, tmp_path: Path) -> None:
    app = RetrospanApp(store, folder=tmp_path)

    async def walk(hands: Hands) -> None:
        await hands.press("c")
        assert "No runs and no cases yet." in hands.text and "retrospan import PATH" in hands.text
        assert_looks_as_before(hands, "cases-empty")

    at_keyboard(app, walk, size=(80, 24))
