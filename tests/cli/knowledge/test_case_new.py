"""`retrospan case new`: a draft whose checks fail on the run it comes from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    def said(number: int, text: str) -> str:
        messages = [{"role": "user", "content": "How long can I return it?"}, {"role": "assistant", "content": text}]
        return json.dumps({"id": f"run-{number}", "messages": messages})

    path = tmp_path / "runs.jsonl"
    path.write_text(said(1, "You have 45 days.") + "\n" + said(2, "I have to ask a colleague."))
    assert run("import", str(path)).code == 0
    project = tmp_path / "project"
    project.mkdir()
    return project


def test_a_draft_fails_on_its_own_run(folder: Path) -> None:
    done = run("case", "new", "T1", "--id", "window", "--says", "30 days", "--folder", str(folder), "--json")
    assert done.code == 0, done.err
    assert done.json["on_its_run"] == "failed"
    text = (folder / ".retrospan" / "cases" / "window.yaml").read_text()
    assert "status: draft" in text
    assert "30 days" in text
    assert run("case", "list", "--folder", str(folder), "--json").json[0]["signature"] == "unsigned"


def test_a_case_is_never_replaced(folder: Path) -> None:
    args = ["case", "new", "T1", "--id", "window", "--says", "30 days", "--folder", str(folder)]
    run(*args)
    again = run(*args)
    assert (again.code, "Choose another --id" in again.err) == (2, True)


def test_a_run_that_nothing_tells_apart_is_refused(folder: Path) -> None:
    done = run("case", "new", "T2", "--id", "nothing", "--folder", str(folder))
    assert done.code == 2
    assert "nothing tells a right run from this one" in done.err


@pytest.mark.parametrize("case_id", ["../evil", "A B", "x/y", ""])
def test_an_id_that_is_no_slug_is_refused(folder: Path, case_id: str) -> None:
    done = run("case", "new", "T1", "--id", case_id, "--says", "x", "--folder", str(folder))
    assert done.code in (1, 2)
    assert not list(folder.rglob("*.yaml"))
