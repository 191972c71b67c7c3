"""`judge define`, `judge use`: a file is written, a draft is refused, a query is asked for."""

from __future__ import annotations

from pathlib import Path

from commands import run
from retrospan.services.judging.defined import confirm_judge
from reviewdesk import Desk


def test_a_judge_is_defined_signed_and_used(desk: Desk, tmp_path: Path) -> None:
    where = ("--folder", str(tmp_path), "--store", str(desk.store.location))
    session = desk.reviewer()

    written = run("judge", "define", "window", "--signal", "ungrounded_value", *where)
    assert written.code == 0, written.err
    assert "signal: ungrounded_value" in (tmp_path / ".retrospan" / "judges" / "window.v1.yaml").read_text()
    refused = run("judge", "use", "window", "project:support", *where)
    assert refused.code != 0
    assert "retrospan judge confirm window.v1" in refused.err

    confirm_judge(desk.store, session, "window.v1", tmp_path)
    assert "Which runs?" in run("judge", "use", "window", *where).err
    used = run("judge", "use", "window", "project:support", *where, "--json")
    assert used.code == 0, used.err
    assert used.json["fails"] + used.json["passes"] == 2


def test_two_kinds_at_once_are_refused(desk: Desk, tmp_path: Path) -> None:
    where = ("--folder", str(tmp_path), "--store", str(desk.store.location))
    done = run("judge", "define", "window", "--signal", "tool_error", "--probe", *where)
    assert done.code == 1
    assert "exactly one of" in done.err
