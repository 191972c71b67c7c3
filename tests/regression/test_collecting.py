"""Case files of a folder: found by name, a broken one is an entry and stops no other."""

from __future__ import annotations

from pathlib import Path

from retrospan.regression.collecting import CASES_FOLDER, find_cases
from retrospan.store.case_checks import Grounded
from retrospan.store.cases import Case, write_case


def test_every_case_file_is_found_and_a_broken_one_says_why(tmp_path: Path) -> None:
    folder = tmp_path / CASES_FOLDER
    cases = [Case(id=name, title=name, input="x", checks=(Grounded(),)) for name in ("b", "a")]
    for case in cases:
        write_case(case, folder)
    (folder / "c.yaml").write_text("id: c\n")
    (folder / "notes.txt").write_text("not a case")
    (folder / ".hidden.yaml").write_text("not a case")
    found = find_cases(tmp_path)
    assert [item.path.name for item in found] == ["a.yaml", "b.yaml", "c.yaml"]
    assert [item.case for item in found] == [cases[1], cases[0], None]
    assert "c.yaml:1: title: is missing" in (found[2].error or "")


def test_an_application_without_cases_has_none(tmp_path: Path) -> None:
    assert find_cases(tmp_path) == []
