"""The commands of lessons, from a draft to the next project, as they are typed."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from commands import run
from retrospan.cli.knowledge import lesson_acts
from retrospan.knowledge.folders import KnowledgeKind
from retrospan.knowledge.lessons import dump_lesson
from retrospan.model.reviews import AppliesTo, Lesson
from retrospan.services.knowledge.confirming import confirm_lesson
from retrospan.services.knowledge.drafts import DraftText, keep_drafts
from retrospan.services.knowledge.proposing import LessonDraft, propose_lesson
from reviewdesk import Desk

LESSON = Lesson(
    "refund-window",
    "Quote the window before promising a refund",
    "It promised 45 days.",
    "Not read.",
    "Quote the policy.",
    applies_to=AppliesTo(tools=("get_policy",), files=("shop/*.py",)),
)


@pytest.fixture
def app(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    ada = desk.reviewer()
    # The passphrase is typed on a terminal, which a test of commands has not.
    monkeypatch.setattr(lesson_acts, "unlocked", lambda *_: ada)
    folder = tmp_path / "app"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop/refunds.py").write_text("x")
    confirm_lesson(desk.store, ada, LESSON, folder)
    return folder


def lesson(desk: Desk, app: Path, *args: str) -> str:
    done = run("lesson", *args, "--store", desk.store.location, "--folder", str(app))
    assert done.code == 0, done.err
    return done.out


def test_retract_empties_the_exports_in_one_command(desk: Desk, app: Path) -> None:
    lesson(desk, app, "export", "--to", "skills", "--to", "agents")
    assert "refund-window" in next(app.glob(".claude/skills/*/SKILL.md")).read_text()
    told = lesson(desk, app, "retract", "refund-window", "--because", "The policy changed.")
    assert "updated AGENTS.md" in told and "retracted by Ada" in told
    assert list(app.glob(".claude/skills/*")) == []
    assert (app / "AGENTS.md").read_text() == ""
    assert lesson(desk, app, "search", "--tool", "get_policy").startswith("None of the 0")


def test_confirm_merge_keep_and_doubts(desk: Desk, app: Path) -> None:
    propose_lesson(desk.store, LessonDraft(replace(LESSON, id="", title="Days are days")), by="agent:x", folder=app)
    assert "is confirmed" in lesson(desk, app, "confirm", "days-are-days")
    merged = lesson(desk, app, "merge", "refund-window", "days-are-days", "--title", "One", "--do", "Quote.")
    assert "retrospan lesson confirm refund-window-r2" in merged
    lesson(desk, app, "confirm", "refund-window-r2")
    assert "takes the place of refund-window-r2" in lesson(desk, app, "keep", "refund-window-r2")
    (app / "shop/refunds.py").unlink()
    assert "no file fits shop/*.py any more" in lesson(desk, app, "doubts")
    assert "still true?" in lesson(desk, app, "list")
    assert json.loads(lesson(desk, app, "doubts", "--json"))[0]["id"] == "refund-window-r3"


def test_a_guard_that_does_not_see_the_failure_is_refused_before_a_passphrase_is_asked(desk: Desk, app: Path) -> None:
    def case(text: str) -> DraftText:
        check = f"{{check: output_contains, text: '{text}'}}"
        lines = f"id: window\ntitle: W\ninput: Can I?\nchecks: [{check}]\nprovenance: {{trace: run-1}}\n"
        return DraftText(KnowledgeKind.CASE, "window", lines)

    draft = DraftText(KnowledgeKind.LESSON, "days", dump_lesson(replace(LESSON, id="days", case="window")))
    keep_drafts(desk.store, [draft, case("45 days")])
    refused = run("lesson", "confirm", "days", "--store", desk.store.location, "--folder", str(app))
    assert refused.code == 2
    assert "does not fail on T1, where the failure happened" in refused.err
    keep_drafts(desk.store, [case("30 days")])
    told = lesson(desk, app, "confirm", "days")
    assert "it fails on T1 as it must, and passes on T2" in told
    assert "Its case window is confirmed" in told


def test_the_hook_speaks_of_a_file_in_scope_alone(desk: Desk, app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hooked(event: str) -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO(event))
        return lesson(desk, app, "hook")

    event = {"tool_name": "Edit", "tool_input": {"file_path": str(app / "shop/refunds.py")}}
    told = json.loads(hooked(json.dumps(event)))["hookSpecificOutput"]
    assert told["hookEventName"] == "PreToolUse" and "Quote the policy." in told["additionalContext"]
    others: list[object] = [{"tool_input": {"file_path": "web/a.css"}}, {"tool_input": {"file_path": "/etc/passwd"}}]
    for other in (*others, [], "x"):
        assert hooked(json.dumps(other)) == ""
    assert hooked("no json") == ""


def test_the_next_project_by_command(desk: Desk, app: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.mkdir()
    assert "Nothing was written." in lesson(desk, new, "source", str(app), "--tag", "tool:get_policy", "--dry-run")
    bundle = str(tmp_path / "team.tar.gz")
    assert run("lesson", "pack", bundle, "--folder", str(app), "--project", "support").code == 0
    assert run("lesson", "pack", bundle, "--folder", str(app)).code == 2
    assert "new lesson refund-window, signature valid here" in lesson(desk, new, "unpack", bundle)
    assert "fits get_policy" in lesson(desk, new, "start")
    assert "retrospan trust" in lesson(desk, new, "source", str(app))
    assert 'knowledge = ["../app/.retrospan"]' in (new / "retrospan.toml").read_text()
