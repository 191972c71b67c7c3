"""`retrospan queue`, `rubric`, `review digest|outcomes|agreement|…` and `audit access` as people call them."""

from __future__ import annotations

from pathlib import Path

from commands import run
from retrospan.services.reviewing.asking import request_review
from retrospan.services.reviewing.asking_back import ask_back
from retrospan.services.reviewing.claiming import open_review
from reviewdesk import QUESTION, Desk

RUBRIC = """\
id: refunds
version: 1
title: Refunds
criteria:
- id: window
  question: Was the window right
"""


def test_queue_is_filled_listed_and_says_why_it_is_empty(desk: Desk, tmp_path: Path) -> None:
    where = ("--store", str(desk.store.location), "--folder", str(tmp_path))

    before = run("queue", "list", *where, "--json").json["queues"][0]
    filled = run("queue", "fill", *where, "--json").json[0]
    again = run("queue", "fill", *where)

    assert "it was never filled; 2 runs are there" in before["why_empty"][0]
    assert (filled["population"], filled["queued"], filled["parts"]["random"]) == (2, ["R1", "R2"], 2)
    assert "nothing drawn" in again.out and "no new run has come" in again.out
    assert "default: 2 open" in run("queue", "list", *where).out


def test_mistake_in_the_rules_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / ".retrospan").mkdir()
    (tmp_path / ".retrospan" / "queues.yaml").write_text("queues:\n- name: q\n  qestion: x\n")

    done = run("queue", "rules", "--folder", str(tmp_path))

    assert done.code == 1
    assert "queues.yaml:" in done.err and "qestion" in done.err
    assert run("queue", "rules", "--folder", str(tmp_path.parent), "--json").json["queues"][0]["name"] == "default"


def test_digest_names_people_items_and_questions(desk: Desk) -> None:
    ada = desk.reviewer()
    request_review(desk.store, "T1", QUESTION, by="human:Eve", assigned=["Ada"])
    item = request_review(desk.store, "T2", QUESTION, by="human:Eve")
    ask_back(desk.store, open_review(desk.store, item.id, ada.fingerprint).claim, "Which policy?\x1b[31m")
    store = ("--store", str(desk.store.location))

    done = run("review", "digest", *store)

    assert "Ada: 1 items" in done.out and "Eve: 0 items" in done.out
    assert "human:Ada asks: Which policy?" in done.out and "\x1b" not in done.out
    waiting = run("review", "digest", *store, "--json").json["waiting"]
    assert [entry["name"] for entry in waiting] == ["Ada", "Eve"]
    assert "R2 is open again" in run("review", "answer", "R2", "The one of 2026.", *store).out


def test_agreement_outcomes_export_and_access(desk: Desk, tmp_path: Path) -> None:
    desk.decide(desk.reviewer())
    store = ("--store", str(desk.store.location))

    assert "Too early to say how far people agree" in run("review", "agreement", *store).out
    assert run("review", "agreement", *store, "--json").json["criteria"][0]["raw"] is None
    assert "Your 1 answer (1 fail) became 0 lessons" in run("review", "outcomes", "--reviewer", "Ada", *store).out
    assert run("review", "outcomes", *store, "--json").json["verdicts"][0]["verdict"] == "V1"
    run("review", "export", str(tmp_path / "v.csv"), *store)
    assert (tmp_path / "v.csv").read_text().startswith('"verdict","uid","signature"')
    actions = [entry["action"] for entry in run("audit", "access", *store, "--json").json]
    assert actions == ["export", "read"]


def test_rubric_is_checked_and_listed(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / ".retrospan" / "rubrics"
    folder.mkdir(parents=True)
    (folder / "refunds.v1.yaml").write_text(RUBRIC)
    where = ("--store", str(desk.store.location), "--folder", str(tmp_path))

    checked = run("rubric", "check", str(folder / "refunds.v1.yaml"))
    listed = run("rubric", "list", *where, "--json").json

    assert checked.code == 1 and "end it with a question mark" in checked.out
    assert [(entry["id"], entry["signature"]) for entry in listed] == [("outcome", "valid"), ("refunds", "unsigned")]
    assert "Was the window right" in run("rubric", "show", "refunds.v1", *where).out
    (folder / "refunds.v1.yaml").write_text(RUBRIC.replace("question:", "qestion:"))
    broken = run("rubric", "check", str(folder / "refunds.v1.yaml"))
    assert broken.code == 1 and "refunds.v1.yaml:6: criteria.0" in broken.err


def test_ask_the_reviewers_and_route(desk: Desk) -> None:
    desk.decide(desk.reviewer())
    store = ("--store", str(desk.store.location))

    assert "waits for an answer" in run("review", "ask", "R1", "Which clause?", "--by", "Eve", *store).out
    assert "Which clause?" in run("review", "digest", *store).out
    assert "R1 is decided again" in run("review", "answer", "R1", "Clause 4.", *store).out
    assert "meant for Ada" in run("queue", "route", "R1", "--to", "Ada", *store).out
