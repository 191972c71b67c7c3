"""`retrospan verify`: a plan first, then runs, and an exit code that CI can act on."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from commands import run
from reviewdesk import Desk

AGENT = """
def old(input):
    return "good"


def same(input):
    return "good"


def dead(input):
    raise ValueError("no key")
"""
CASE = "id: hello\ntitle: Hello\nstatus: active\ninput: hi\nchecks:\n- check: output_contains\n  text: good\n"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "bot.py").write_text(AGENT)
    (tmp_path / "retrospan.toml").write_text('[tool.retrospan]\ntarget = "bot:old"\nunsigned_cases = "run"\n')
    (tmp_path / ".retrospan" / "cases").mkdir(parents=True)
    (tmp_path / ".retrospan" / "cases" / "hello.yaml").write_text(CASE)
    return tmp_path


def verify(app: Path, *args: str) -> tuple[int, str, str]:
    done = run("verify", *args, "--folder", str(app))
    return done.code, done.out, done.err


def test_a_plan_runs_nothing_and_is_run_later(app: Path) -> None:
    code, out, _ = verify(app, "bot:old", "bot:same", "--plan")
    assert code == 0
    assert "Run it: retrospan verify --resume E1" in out
    assert "Minutes and money are not known" in out
    junit = app / "verify.xml"
    code, out, _ = verify(app, "--resume", "E1", "--junit", str(junit))
    assert (code, out.splitlines()[0]) == (0, "The candidate holds: medium: all 1 decided, none broken")
    assert ET.parse(junit).getroot().get("failures") == "0"
    assert "holds" in run("verify", "--list").out


def test_a_version_that_dies_is_not_enough_evidence_and_has_an_exit_code_of_its_own(app: Path) -> None:
    code, out, _ = verify(app, "bot:old", "bot:dead", "--format", "markdown")
    assert code == 4
    assert out.startswith("<!-- retrospan-verify -->\n### Not enough evidence")


def test_a_plan_over_other_code_is_refused(app: Path) -> None:
    verify(app, "bot:old", "bot:same", "--plan")
    (app / "bot.py").write_text(AGENT + "\n")
    code, _, err = verify(app, "--resume", "E1")
    assert code == 2
    assert "changed since" in err


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ((), "Name two versions"),
        (("git:nowhere", "bot:same"), "Git knows no commit 'nowhere'"),
        (("bot:old", "bot:same", "--margin", "grave=0"), "critical"),
        (("--resume", "E9"), "No experiment 'E9'"),
        (("bot:old", "version:v3"), "code for both sides"),
        (("bot:old", "bot:same", "--case", "other"), "No case 'other'"),
    ],
)
def test_what_cannot_be_compared_is_explained(app: Path, args: tuple[str, ...], says: str) -> None:
    run("import", str(app / "bot.py"))
    code, _, err = verify(app, *args)
    assert code == 2
    assert says in err


def test_github_gets_the_report_as_step_summary_and_a_second_one_is_told_apart_by_its_marker(
    app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = app / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    code, out, _ = verify(app, "bot:old", "bot:same", "--format", "github")
    assert code == 0 and out.startswith("The candidate holds")
    assert summary.read_text().startswith("<!-- retrospan-verify -->\n### The candidate holds")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    assert verify(app, "bot:old", "bot:same", "--format", "github")[0] == 0
    assert summary.read_text().count("<!-- retrospan-verify -->") == 1


FROZEN = """
def run(input, tool_results=None):
    return "You have " + tool_results.answer("get_policy", {"topic": "refund"}).result
"""


def test_a_step_is_tried_as_the_cause(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text(FROZEN)
    (tmp_path / "retrospan.toml").write_text('target = "bot:run"\nunsigned_cases = "run"\n')
    (tmp_path / ".retrospan" / "cases").mkdir(parents=True)
    (tmp_path / ".retrospan" / "cases" / "hello.yaml").write_text(CASE + "provenance: {trace: run-1}\n")
    where = ("--folder", str(tmp_path), "--store", desk.store.location)
    done = run("verify", "--cause", "T1.1", "--with", "good", "--pairs", "5", *where)
    assert done.code == 0, done.err
    assert "result of T1.1 as given, hello passes 5 of 5 runs instead of 0 of 5 (+100%" in done.out
    assert run("verify", "--cause", "T1.1", "--with", "bad", "--pairs", "5", *where, "--json").json["call"] == "neither"
    none = run("verify", "--cause", "T2.1", "--with", "good", *where)
    assert (none.code, "No case in" in none.err) == (2, True)
    assert "No comparison yet" in run("verify", "--list", "--store", desk.store.location).out
