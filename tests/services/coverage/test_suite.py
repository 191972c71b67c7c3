"""What the cases of a project cover, what is worth writing next, and which cases would do alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import run
from conversations import Builder, answers, calls, says
from retrospan.knowledge.rubrics import parse_rubric
from retrospan.model.cases import Case, dump_case, parse_case
from retrospan.model.reviews import Label
from retrospan.services.coverage.suite import SuiteCoverage, suite_coverage
from retrospan.services.knowledge.confirming import confirm_rubric
from retrospan.services.modes.catching_up import catch_up
from reviewdesk import Desk


def case(name: str, trace: str | None, *, check: str = "{check: grounded}", status: str = "active") -> Case:
    origin = f"provenance: {{trace: {trace}}}\n" if trace else ""
    return parse_case(f"id: {name}\ntitle: {name}\nstatus: {status}\ninput: hi\nchecks: [{check}]\n{origin}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".retrospan" / "cases").mkdir(parents=True)
    return tmp_path


def put(folder: Path, *cases: Case) -> None:
    for entry in cases:
        (folder / ".retrospan" / "cases" / f"{entry.id}.yaml").write_text(dump_case(entry))


def missing(found: SuiteCoverage) -> dict[str, tuple[str, ...]]:
    return {area.name: area.missing for area in found.areas if area.of}


def test_a_confirmed_failure_without_a_case_comes_first(desk: Desk, folder: Path) -> None:
    desk.decide(desk.reviewer(), Label.FAIL)
    catch_up(desk.store, seconds=60)
    found = suite_coverage(desk.store, folder)
    assert missing(found)["confirmed failures"] == ("V1 on T1",)
    assert missing(found)["failure modes"] == ("M1",)
    assert (found.next[0].trace.short_id, found.next[0].command) == ("T1", "retrospan review teach V1")
    put(folder, case("window", "run-1"))
    after = suite_coverage(desk.store, folder)
    assert missing(after)["confirmed failures"] == missing(after)["failure modes"] == ()
    assert [entry.trace.short_id for entry in after.next] == []
    assert after.drafts == 1


def test_a_failure_mode_without_a_case_names_its_typical_run(desk: Desk, traces: Builder, folder: Path) -> None:
    broken = [says("user", "Pay it"), calls("pay"), answers('{"error": "pay is down"}'), says("assistant", "Done.")]
    number = traces.add(*broken, outcome="fail")
    catch_up(desk.store, seconds=60)
    found = suite_coverage(desk.store, folder)
    entry = next(entry for entry in found.next if entry.trace.id == number)
    assert entry.why.startswith("typical of M") and entry.command == f"retrospan case new T{number} --id …"


def test_the_smallest_suite_leaves_out_what_adds_nothing_and_retired_cases_count_nowhere(
    desk: Desk, folder: Path
) -> None:
    desk.decide(desk.reviewer(), Label.FAIL)
    put(
        folder,
        case("one", "run-1"),
        case("two", "run-1"),
        case("by-hand", None),
        case("old", "run-2", status="retired"),
    )
    found = suite_coverage(desk.store, folder)
    assert found.cases == ("by-hand", "one", "two")
    assert (found.smallest, found.needless) == (("one", "by-hand"), ("two",))


def test_a_judge_s_question_covers_its_criterion(desk: Desk, folder: Path) -> None:
    ada = desk.reviewer()
    criteria = "criteria: [{id: polite, question: Was it polite}]"
    rubric, _, _ = parse_rubric(f"id: tone\nversion: 1\ntitle: Tone\n{criteria}\n", source="tone")
    confirm_rubric(desk.store, ada, rubric, folder)
    assert "tone/polite" in missing(suite_coverage(desk.store, folder))["criteria"]
    put(folder, case("asks", None, check="{check: judge, question: Was it polite}"))
    assert "tone/polite" not in missing(suite_coverage(desk.store, folder))["criteria"]


def test_the_command_tells_all_of_it(desk: Desk, folder: Path) -> None:
    desk.decide(desk.reviewer(), Label.FAIL)
    put(folder, case("one", "run-1"), case("two", "run-1"))
    command = ("case", "coverage", "--folder", str(folder), "--store", desk.store.location)
    told = run(*command)
    assert told.code == 0, told.err
    assert "2 cases, 2 of them without a signature that counts" in told.out
    assert "confirmed failures      1 of 1" in told.out
    assert "1 cases cover as much alone" in told.out and "two" in told.out
    assert run(*command, "--json").json["needless"] == ["two"]
