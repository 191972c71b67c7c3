"""Declared rules: found by folder, used only once taken over, told of with their lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from retrospan.model.errors import BadInputError, UsageError
from retrospan.services.finding.listing import list_traces
from retrospan.services.understanding.analysing import rules_of, signals_of
from retrospan.services.understanding.invariants import (
    check_invariants,
    drop_rules,
    find_invariants_file,
    rules_in_use,
    use_rules,
    waiting_rules,
)
from retrospan.store.contract import Store
from reviewdesk import Desk

RULES = "invariants:\n  - {id: window, says: '(\\d+) days', one_of: [30]}\n"


def write(folder: Path, text: str) -> Path:
    path = folder / ".retrospan" / "invariants.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def broken(store: Store, trace_id: int) -> list[str]:
    return [s.reason for s in signals_of(store, [trace_id])[trace_id] if s.signal == "invariant_broken"]


def test_rules_that_were_taken_over_are_held_against_every_run(desk: Desk, tmp_path: Path) -> None:
    use_rules(desk.store, write(tmp_path, RULES))
    assert broken(desk.store, 1) == ["window: says 45, none of 30"]
    assert broken(desk.store, 2) == []


def test_a_search_for_a_signal_knows_new_rules(desk: Desk, tmp_path: Path) -> None:
    assert list_traces(desk.store, "signal:invariant_broken").total == 0
    use_rules(desk.store, write(tmp_path, RULES))
    expected = sum(bool(broken(desk.store, trace_id)) for trace_id in (1, 2))
    assert expected
    use_rules(desk.store, write(tmp_path, RULES.replace("window", "period")))
    assert list_traces(desk.store, "signal:invariant_broken").total == expected


def test_a_search_says_that_runs_are_left_to_look_at(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retrospan.services.finding.listing._AT_ONCE", 1)
    found = list_traces(desk.store, "signal:loop")
    assert any("wait to be looked at" in line for line in found.why_empty)
    assert "wait" not in " ".join(list_traces(desk.store, "signal:loop").why_empty)


def test_a_clone_changes_no_finding_of_the_store(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, RULES)
    monkeypatch.chdir(tmp_path)
    rules = rules_of(desk.store)
    assert broken(desk.store, 1) == []
    assert waiting_rules(desk.store, tmp_path) == (
        f"The rules in {file} are not in use. Look at them, then: retrospan invariants use"
    )
    assert rules_of(desk.store) == rules
    assert rules_in_use(desk.store) == []


def test_what_a_pull_changes_waits_to_be_taken_over(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path, RULES)
    use_rules(desk.store, file)
    file.write_text(RULES.replace("30", "45"), encoding="utf-8")

    assert broken(desk.store, 1) == ["window: says 45, none of 30"]
    assert "have changed since" in str(waiting_rules(desk.store, tmp_path))
    assert [entry.state for entry in rules_in_use(desk.store)] == ["changed"]

    use_rules(desk.store, file)
    assert broken(desk.store, 1) == []
    assert waiting_rules(desk.store, tmp_path) is None


def test_rules_stay_without_their_file_until_they_are_dropped(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path, RULES)
    use_rules(desk.store, file)
    file.unlink()
    assert broken(desk.store, 1)
    assert [entry.state for entry in rules_in_use(desk.store)] == ["gone"]
    drop_rules(desk.store, file)
    assert broken(desk.store, 1) == []
    with pytest.raises(UsageError, match="none are in use"):
        drop_rules(desk.store, file)


def test_a_file_with_a_mistake_leaves_the_former_rules(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path, RULES)
    use_rules(desk.store, file)
    file.write_text("invariants: 3\n", encoding="utf-8")
    with pytest.raises(BadInputError):
        use_rules(desk.store, file)
    assert broken(desk.store, 1)


def test_rules_of_a_project_leave_other_projects_alone(desk: Desk, tmp_path: Path) -> None:
    use_rules(desk.store, write(tmp_path, "project: sales\n" + RULES))
    assert broken(desk.store, 1) == []


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("{id: a, tool: t}", "exactly one of"),
        ("{id: a, tool: t, argument: x}", "needs min, max"),
        ("{id: a, says: 'x', one_of: [1]}", "exactly one group"),
        ("{id: a, says: '(x', one_of: [1]}", "RE2"),
        ("{id: a, forbidden: true}", "name the tool"),
        ("{id: a, tool: t, forbiden: true}", "forbiden"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, rule: str, told: str) -> None:
    path = write(tmp_path, f"invariants:\n  - {{id: fine, tool: t, forbidden: true}}\n  - {rule}\n")
    with pytest.raises(BadInputError, match=told) as err:
        check_invariants(path)
    assert f"{path}:3:" in str(err.value)


def test_retrospan_toml_may_name_the_file(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    (tmp_path / "retrospan.toml").write_text('invariants = "rules.yaml"\n', encoding="utf-8")
    (tmp_path / "deep").mkdir()
    assert find_invariants_file(tmp_path / "deep") == (tmp_path / "rules.yaml").resolve()


def test_a_named_file_outside_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "retrospan.toml").write_text('invariants = "../rules.yaml"\n', encoding="utf-8")
    with pytest.raises(BadInputError, match="no file in"):
        find_invariants_file(tmp_path)
