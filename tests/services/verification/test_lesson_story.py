"""What became of a lesson: its origin, its guard, its last run, since when it holds, who was given it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from commands import run
from retrospan.knowledge.changes import change_of
from retrospan.mcp_server.registry import Caller, load_tools, run_tool
from retrospan.model.cases import parse_case
from retrospan.model.experiments import Batch, RunKey, RunRecord, Side, TargetPrint
from retrospan.model.reviews import AppliesTo, Lesson, LessonOrigin
from retrospan.services.knowledge.before_change import before_change
from retrospan.services.knowledge.confirming import confirm_case, confirm_lesson
from retrospan.services.knowledge.doubting import learned_in_words
from retrospan.services.knowledge.lesson_reads import reads_in_words, reads_of
from retrospan.services.privacy.read_notes import note_lessons
from retrospan.services.verification.lesson_story import stories_of
from retrospan.services.verification.recording import Recorder, begin, begin_runs, conclude, plan_experiment
from retrospan.store.audit.access import AccessKind, list_access
from retrospan.store.knowledge.lookup import get_lesson
from reviewdesk import Desk, untried

CASE = parse_case("id: window\ntitle: T\ninput: Can I?\nchecks:\n  - {check: output_contains, text: 30 days}\n")
LESSON = Lesson(
    "quote",
    "Quote the window",
    "It promised 45 days.",
    "Not read.",
    "Quote the policy.",
    AppliesTo(tools=("get_policy",), files=("shop/*.py",)),
    LessonOrigin(project="support", trace_key="run-1"),
    case="window",
)


@pytest.fixture
def taught(desk: Desk, tmp_path: Path) -> Desk:
    ada = desk.reviewer()
    verdict = desk.decide(ada)
    confirm_case(desk.store, ada, CASE, tmp_path, untried)
    lesson = replace(LESSON, origin=replace(LESSON.origin, verdict=verdict.uid))
    confirm_lesson(desk.store, ada, lesson, tmp_path)
    confirm_lesson(desk.store, ada, replace(LESSON, id="plain", case=None, origin=LessonOrigin()), tmp_path)
    return desk


def ran(outcome: str, side: Side = Side.CANDIDATE, repeat: int = 0) -> RunRecord:
    target = TargetPrint(side.value, side.value)
    return RunRecord(
        RunKey("window", side, Batch.FIRST, repeat), "c0", outcome, (), None, target, "2020-01-02T10:00:00Z", 1.0
    )


def verified(desk: Desk) -> None:
    """A planned comparison calls the case fixed; runs of production have come since."""
    planned = plan_experiment(desk.store, project="", base="main", candidate=".", plan="{}", plan_hash="ab")
    keeper = Recorder(desk.store, begin(desk.store, planned))
    for repeat in range(5):
        keeper.keep(ran("failed", Side.BASE, repeat))
        keeper.keep(ran("passed", Side.CANDIDATE, repeat))
    conclude(desk.store, planned, verdict="holds", report={"cases": [{"case": "window", "verdict": "fixed"}]})


def words(desk: Desk, name: str) -> str:
    (story,) = stories_of(desk.store, [get_lesson(desk.store, name)])
    return story.in_words


def test_a_lesson_says_where_it_stands_in_one_line(taught: Desk) -> None:
    assert words(taught, "plain") == "from no verdict · no case guards it · given to nobody yet"
    assert words(taught, "quote") == "from V1 of support · case window not run · given to nobody yet"
    keeper = Recorder(taught.store, begin_runs(taught.store, project="", version="."))
    keeper.keep(ran("failed"))
    assert "case window reproduced since 2020-01-02, failed last on 2020-01-02" in words(taught, "quote")
    verified(taught)
    assert "case window verified since" in words(taught, "quote")
    assert learned_in_words(taught.store) == "2 lessons: 1 guarded"


def test_runs_of_production_without_the_failure_say_since_when_it_holds(taught: Desk) -> None:
    verified(taught)
    with taught.store.write() as con:
        con.execute("UPDATE trace SET started_at = 4102444800000000000 WHERE id = 2")
    (story,) = stories_of(taught.store, [get_lesson(taught.store, "quote")])
    assert story.holding_since is not None
    assert f"holding since {story.holding_since[:10]}, passed last on 2020-01-02" in story.in_words
    assert learned_in_words(taught.store) == "2 lessons: 1 guarded, 1 of them holding"


def test_every_face_says_the_same_line(taught: Desk, tmp_path: Path) -> None:
    line, at = words(taught, "quote"), ("--store", taught.store.location, "--folder", str(tmp_path))
    assert line in run("lesson", "list", *at).out and line in run("lesson", "show", "quote", *at).out
    assert line in {entry["story"] for entry in run("lesson", "list", "--json", *at).json}
    assert line in run_tool(Caller(taught.store), load_tools(), "search_lessons", {"lesson": "quote"})
    assert "2 lessons: 1 guarded" in run("digest", "--store", taught.store.location).out


def test_who_was_given_a_lesson_before_which_edit(taught: Desk, tmp_path: Path) -> None:
    run_tool(Caller(taught.store, client="claude"), load_tools(), "search_lessons", {"paths": ["shop/refunds.py"]})
    lesson = get_lesson(taught.store, "quote")
    (read,) = reads_of(taught.store, lesson)
    assert (read.actor, read.channel, read.paths) == ("agent:claude", "search_lessons", ("shop/refunds.py",))
    app = tmp_path / "app"
    (app / "shop").mkdir(parents=True)
    (app / "shop/refunds.py").write_text("x = 1\n")
    git = ("git", "-C", str(app), "-c", "user.name=a", "-c", "user.email=a@b.c")
    later = {"GIT_COMMITTER_DATE": "2099-01-01T00:00:00Z"}
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    assert reads_of(taught.store, lesson, app)[0].edit is None
    subprocess.run([*git, "commit", "-qm", "refunds"], check=True, env=os.environ | later)
    (read,) = reads = reads_of(taught.store, lesson, app)
    assert (
        read.edit and reads_in_words(reads) == f"given 1 times: 1 by search_lessons; last {read.at}; 1 edits followed"
    )


def test_a_lesson_that_was_not_shown_is_not_noted(taught: Desk) -> None:
    run_tool(Caller(taught.store), load_tools(), "search_lessons", {"paths": ["web/a.css"], "intent": "dark mode"})
    run_tool(Caller(taught.store, notes=False), load_tools(), "search_lessons", {"tools": ["get_policy"]})
    assert before_change(taught.store, change_of(["tool:get_policy"])).hits
    assert not [entry for entry in list_access(taught.store) if entry.action is AccessKind.LESSON]
    note_lessons(taught.store, [], actor="cli", channel="x", paths=())
    assert reads_in_words(reads_of(taught.store, get_lesson(taught.store, "quote"))).startswith("given to nobody yet")
