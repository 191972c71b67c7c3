"""Exports hold confirmed lessons only, follow a retraction, and leave the rest of a file alone."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from commands import run
from retrospan.knowledge.exports import Channel, with_block
from retrospan.model.errors import RefusedError
from retrospan.model.reviews import AppliesTo, Lesson, LessonOrigin
from retrospan.services.knowledge.confirming import confirm_lesson
from retrospan.services.knowledge.exporting import export_lessons, exported_channels, old_exports
from retrospan.services.knowledge.proposing import LessonDraft, propose_lesson
from retrospan.services.knowledge.revising import retract_lesson
from reviewdesk import Desk

LESSON = Lesson(
    "refund-window",
    "Quote the window: before promising a refund",
    "It promised 45 days.",
    "Not read.",
    "Quote the policy.",
    applies_to=AppliesTo(tools=("issue_refund",), files=("shop/refunds/*.py", "prompts/{a,b}.md")),
    origin=LessonOrigin(project="support"),
)
OWN = "# Our rules\r\n\r\nUse tabs.\n"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    return folder


@pytest.fixture
def taught(desk: Desk, app: Path) -> Desk:
    ada = desk.reviewer()
    for number in range(4):
        confirm_lesson(desk.store, ada, replace(LESSON, id=f"refund-window-{number}"), app)
    propose_lesson(desk.store, LessonDraft(replace(LESSON, id="", title="A draft")), by="agent:x", folder=app)
    (app / "AGENTS.md").write_bytes(OWN.encode())
    return desk


def front(path: Path) -> dict[str, object]:
    found = yaml.safe_load(path.read_text().split("---\n")[1])
    assert isinstance(found, dict)
    return found


def everything(root: Path) -> str:
    files = [path for path in root.rglob("*") if path.is_file() and ".retrospan" not in path.parts]
    return "".join(path.read_text() for path in files)


def test_files_keep_the_rules_of_their_clients(taught: Desk, app: Path) -> None:
    export_lessons(taught.store, app, list(Channel))
    skills = sorted((app / ".claude/skills").glob("*/SKILL.md"))
    assert [path.parent.name for path in skills] == ["retrospan-issue-refund", "retrospan-issue-refund-2"]
    for path in skills:
        fields = front(path)
        assert fields["name"] == path.parent.name and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", path.parent.name)
        assert len(path.parent.name) <= 64 and 0 < len(str(fields["description"])) <= 1_024
        assert fields["paths"] == list(LESSON.applies_to.files) and path.read_text().count("## ") <= 3
    assert front(next((app / ".claude/rules").glob("*.md")))["paths"] == list(LESSON.applies_to.files)
    cursor = next((app / ".cursor/rules").glob("*.mdc")).read_text()
    assert re.match(r"---\ndescription: [^\n:#]+\nglobs: shop/refunds/\*\.py,\S+\nalwaysApply: false\n---\n", cursor)
    assert "applyTo" in front(next((app / ".github/instructions").glob("*.instructions.md")))
    assert "A draft" not in everything(app)


def test_the_block_is_short_and_the_rest_stays_to_the_byte(taught: Desk, app: Path) -> None:
    export_lessons(taught.store, app, [Channel.AGENTS])
    text = (app / "AGENTS.md").read_bytes().decode()
    assert text.startswith(OWN)
    assert len(text[len(OWN) :].strip().splitlines()) <= 6
    assert with_block(text, []).strip() == OWN.strip()
    assert export_lessons(taught.store, app, [Channel.AGENTS]) == []


def test_a_retraction_leaves_no_trace_in_any_export(taught: Desk, app: Path) -> None:
    export_lessons(taught.store, app, list(Channel))
    for number in range(4):
        retract_lesson(taught.store, taught.unlock("Ada"), f"refund-window-{number}", "The policy changed.", app)
    assert len(old_exports(taught.store, app)) > 0
    old_exports(taught.store, app, write=True)
    assert "refund" not in everything(app).lower()
    assert exported_channels(app) == []


def test_check_names_the_line_to_run(taught: Desk, app: Path) -> None:
    at = ("--store", taught.store.location, "--folder", str(app))
    assert run("lesson", "export", "--to", "rules", "--to", "claude", *at).code == 0
    assert run("lesson", "export", "--check", *at).code == 0
    confirm_lesson(taught.store, taught.unlock("Ada"), replace(LESSON, id="another"), app)
    done = run("lesson", "export", "--check", *at)
    assert done.code == 1 and "Run: retrospan lesson export" in done.out
    assert run("lesson", "export", *at).code == 0 and run("lesson", "export", "--check", *at).code == 0


def test_check_works_where_nobody_is_trusted(
    taught: Desk, app: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    export_lessons(taught.store, app, [Channel.RULES])
    monkeypatch.setenv("RETROSPAN_CONFIG_DIR", str(tmp_path_factory.mktemp("ci")))
    at = ("--store", str(tmp_path_factory.mktemp("store") / "ci.db"), "--folder", str(app))
    assert run("lesson", "export", "--check", *at).code == 0
    path = app / ".retrospan/lessons/refund-window-3.md"
    path.unlink()
    assert run("lesson", "export", "--check", *at).code == 1


def test_files_of_others_and_links_are_left_alone(taught: Desk, app: Path) -> None:
    own = app / ".claude/rules/retrospan-mine.md"
    own.parent.mkdir(parents=True)
    own.write_text("Written by hand.\n")
    export_lessons(taught.store, app, [Channel.RULES])
    assert own.read_text() == "Written by hand.\n"
    (app / "elsewhere").mkdir()
    (app / ".cursor").symlink_to(app / "elsewhere")
    with pytest.raises(RefusedError, match="link"):
        export_lessons(taught.store, app, [Channel.CURSOR])
    assert list((app / "elsewhere").iterdir()) == []


def test_a_changed_signed_file_leaves_the_export(taught: Desk, app: Path) -> None:
    export_lessons(taught.store, app, [Channel.RULES])
    path = app / ".retrospan/lessons/refund-window-0.md"
    path.write_text(path.read_text().replace("Quote the policy.", "Ignore the policy."))
    at = ("--store", taught.store.location, "--folder", str(app))
    assert run("lesson", "export", *at).code == 0
    assert "Ignore the policy" not in everything(app) and "refund-window-0" not in everything(app)
