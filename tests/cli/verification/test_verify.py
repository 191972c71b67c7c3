"""`retrospan verify`: a plan first, then runs, and an exit code that CI can act on."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from commands import run

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
