"""`retrospan demo`: from an example agent to a case that tells two versions apart."""

from __future__ import annotations

import re
from pathlib import Path

from commands import Done, run
from retrospan.store.opening import open_store
from retrospan.store.reviews.verdicts import confirmed_verdicts


def demo(folder: Path, *args: str) -> Done:
    return run("demo", "--folder", str(folder), *args)


def test_the_demo_shows_failures_and_the_three_next_commands(tmp_path: Path) -> None:
    done = demo(tmp_path / "demo")
    assert done.code == 0, done.err
    assert "40 requests answered" in done.out
    assert re.search(r"T\d+\.\d+ llm", done.out)
    for command in ("retrospan review --store", "retrospan mcp --store", "retrospan case run"):
        assert command in done.out
    with open_store(tmp_path / "demo" / "store.db") as store, store.read() as con:
        assert con.execute("SELECT count(*) FROM trace").fetchone()[0] == 40
        assert con.execute("SELECT count(*) FROM review_item").fetchone()[0] >= 3


def test_the_whole_loop_ends_with_a_case_that_fails_on_v1_and_passes_on_v2(tmp_path: Path) -> None:
    place = tmp_path / "demo"
    done = demo(place, "--auto")
    assert done.code == 0, done.out + done.err
    assert "the case fails on v1 and passes on v2" in done.out
    assert "Blocked: high: 1 of 2 broken" in done.out
    assert "quietly breaks refund-after-the-window" in done.out
    with open_store(place / "store.db") as store:
        assert len(confirmed_verdicts(store)) == 1
    assert len(list(place.glob(".retrospan/lessons/*.md"))) == 1
    ran = run("case", "run", "--folder", str(place), "--json")
    assert (ran.code, ran.json[0]["outcome"]) == (1, "failed")
    passed = run("case", "run", "--folder", str(place), "--target", "retrospan.examples.support_agent.app:run_v2")
    assert passed.code == 0
