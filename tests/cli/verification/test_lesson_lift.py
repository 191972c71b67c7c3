"""Does a lesson help? Its case with and without it, and what becomes of a lesson that does nothing or harm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from commands import run
from retrospan.knowledge.changes import change_of
from retrospan.knowledge.exports import Channel
from retrospan.model.cases import parse_case
from retrospan.model.errors import UsageError
from retrospan.model.experiments import LiftVerdict
from retrospan.model.reviews import AppliesTo, Lesson, LessonStatus
from retrospan.regression.verifying.lift import with_advice
from retrospan.services.knowledge.before_change import before_change
from retrospan.services.knowledge.confirming import confirm_case, confirm_lesson
from retrospan.services.knowledge.doubting import doubted_lessons
from retrospan.services.knowledge.exporting import confirmed_lessons, export_lessons
from retrospan.services.knowledge.revising import keep_lesson
from retrospan.services.knowledge.sharing import make_bundle
from retrospan.services.verification.standing import case_standings
from retrospan.store.experiments.experiments import newest_lifts
from retrospan.store.experiments.runs import last_runs
from retrospan.store.knowledge.index import index_knowledge
from retrospan.store.knowledge.lookup import claimed_lessons, get_lesson, list_lessons
from reviewdesk import Desk, untried

AGENT = """
import os

def helped(input):
    return "30 days" if "Quote the policy." in input else "45 days"

def deaf(input):
    return "45 days"

def able(input):
    return "30 days"

def confused(input):
    return "30 days" if "lesson" not in input else "no idea"

def reads_variable(input):
    return "30 days" if "Quote" in os.environ.get("RETROSPAN_LESSON", "") else "45 days"
"""
CASE = parse_case("id: window\ntitle: T\ninput: Can I?\nchecks:\n  - {check: output_contains, text: 30 days}\n")
LESSON = Lesson(
    "quote", "Quote the window", "It promised 45 days.", "Not read.", "Quote the policy.", AppliesTo(("get_policy",))
)
TAG = change_of(["tool:get_policy"])


@pytest.fixture
def app(desk: Desk, tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "bot.py").write_text(AGENT)
    (folder / "retrospan.toml").write_text('[tool.retrospan]\ntarget = "bot:deaf"\n')
    ada = desk.reviewer()
    confirm_case(desk.store, ada, CASE, folder, untried)
    confirm_lesson(desk.store, ada, replace(LESSON, case="window"), folder)
    confirm_lesson(desk.store, ada, replace(LESSON, id="another"), folder)
    return folder


def lift(desk: Desk, app: Path, target: str, *more: str) -> tuple[int, str, str]:
    at = ("--store", desk.store.location, "--folder", str(app))
    done = run("lesson", "lift", "quote", "--version", f"python:bot:{target}", *at, *more)
    return done.code, done.out, done.err


@pytest.mark.parametrize(
    ("target", "verdict", "doubt"),
    [
        ("helped", LiftVerdict.HELPS, None),
        ("deaf", LiftVerdict.NO_EFFECT, "no effect in E1 (window without and with it: 0/3 → 0/3)"),
        ("able", LiftVerdict.NEEDLESS, "its case passes without it in E1 (window without and with it: 3/3 → 3/3)"),
    ],
)
def test_what_does_nothing_is_offered_for_retirement(
    desk: Desk, app: Path, target: str, verdict: LiftVerdict, doubt: str | None
) -> None:
    code, out, _ = lift(desk, app, target)
    assert code == 0 and out.startswith(f"quote: {verdict.value}. window without and with it: ")
    assert newest_lifts(desk.store)["quote"].verdict is verdict
    assert [entry.doubts for entry in doubted_lessons(desk.store)] == ([(doubt,)] if doubt else [])
    assert last_runs(desk.store) == {}, "a run with a lesson in its context is a run of no version"
    assert case_standings(desk.store, {"window": None})[0].runs == 0


def test_a_harmful_lesson_is_served_and_exported_no_more_until_a_reviewer_decides(desk: Desk, app: Path) -> None:
    export_lessons(desk.store, app, [Channel.RULES, Channel.AGENTS])
    code, out, _ = lift(desk, app, "confused")
    assert (code, out.splitlines()[0][:13]) == (1, "quote: harms.")
    lesson = get_lesson(desk.store, "quote")
    assert lesson.status is LessonStatus.STALE and lesson.stale_because.startswith("quarantined: it did harm in E1")
    assert [hit.lesson.id for hit in before_change(desk.store, TAG).hits] == ["another"]
    assert [entry.id for entry in confirmed_lessons(desk.store)] == ["another"]
    exported = [path.read_text() for path in (app / ".claude").rglob("*.md")]
    assert exported and not any("quote" in text for text in exported)
    assert [entry.id for entry in claimed_lessons(desk.store)] == ["another"], "a build machine sees the same"
    assert "quote" not in {file.name for file in make_bundle(app, project="support")[1]}

    kept = keep_lesson(desk.store, desk.unlock("Ada"), "quote", app)
    assert (kept.id, kept.status) == ("quote-r2", LessonStatus.CONFIRMED)


def test_a_later_try_without_harm_ends_the_quarantine(desk: Desk, app: Path) -> None:
    lift(desk, app, "confused")
    assert lift(desk, app, "helped")[0] == 0
    assert get_lesson(desk.store, "quote").status is LessonStatus.CONFIRMED
    assert len(list_lessons(desk.store)) == 2


def test_a_note_holds_back_lessons_of_its_own_folder_only(desk: Desk, app: Path, tmp_path: Path) -> None:
    lift(desk, app, "confused")
    note = app / ".retrospan/lessons/quote-quarantined.md"
    clone = tmp_path / "clone" / ".retrospan" / "lessons"
    clone.mkdir(parents=True)
    note.rename(clone / note.name)
    index_knowledge(desk.store, [app, tmp_path / "clone"])
    assert get_lesson(desk.store, "quote").status is LessonStatus.CONFIRMED


def test_the_plan_is_kept_before_the_runs_and_taken_up(desk: Desk, app: Path) -> None:
    code, out, _ = lift(desk, app, "deaf", "--plan")
    assert code == 0 and "10 runs a version" in out and "lesson lift quote --resume E1" in out
    assert newest_lifts(desk.store) == {}
    assert lift(desk, app, "deaf", "--resume", "E1")[0] == 0
    assert newest_lifts(desk.store)["quote"].experiment == "E1"
    assert lift(desk, app, "helped", "--resume", "E1")[0] == 2, "made for another version"


def test_an_application_may_read_the_lesson_from_its_environment(desk: Desk, app: Path) -> None:
    assert lift(desk, app, "reads_variable", "--way", "environment")[0] == 0
    assert newest_lifts(desk.store)["quote"].verdict is LiftVerdict.HELPS


def test_without_a_case_nothing_tells(desk: Desk, app: Path) -> None:
    at = ("--store", desk.store.location, "--folder", str(app))
    done = run("lesson", "lift", "another", *at)
    assert done.code == 2 and "No case guards" in done.err


@pytest.mark.parametrize(
    ("value", "given"),
    [
        ("Ask", "A\n\nAsk"),
        (
            [{"role": "user", "content": "Ask"}],
            [{"role": "system", "content": "A"}, {"role": "user", "content": "Ask"}],
        ),
        (
            {"messages": [{"role": "user"}], "n": 1},
            {"messages": [{"role": "system", "content": "A"}, {"role": "user"}], "n": 1},
        ),
    ],
)
def test_advice_stands_before_what_is_asked(value: object, given: object) -> None:
    assert with_advice(value, "A") == given  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [{"question": "Ask"}, 7, [], ["a"], None])
def test_an_input_without_a_place_for_advice_is_refused(value: object) -> None:
    with pytest.raises(UsageError, match="RETROSPAN_LESSON"):
        with_advice(value, "A")  # type: ignore[arg-type]
