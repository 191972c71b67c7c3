"""`retrospan signals`, `invariants` and `weights`: precision, muting, rules and weights from the shell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commands import run

RUN: dict[str, Any] = {
    "id": "run-1",
    "project": "support",
    "messages": [
        {"role": "user", "content": "How long may I return it?"},
        {"role": "assistant", "tool_calls": [{"id": "c", "name": "search_policy", "arguments": {"query": "return"}}]},
        {"role": "tool", "tool_call_id": "c", "content": "Refunds within 30 days."},
        {"role": "assistant", "content": "You have 45 days."},
    ],
}


@pytest.fixture(autouse=True)
def one_run(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    path.write_text(json.dumps(RUN))
    assert run("import", str(path)).code == 0


def signals() -> list[str]:
    found = json.loads(run("signals", "T1", "--json").out)
    return [signal["signal"] for signal in found[0]["signals"]]


def test_a_muted_signal_is_not_shown_until_it_is_unmuted() -> None:
    assert "ungrounded_value" in signals()
    assert "Muted: ungrounded_value." in run("signals", "mute", "ungrounded_value").out
    assert "ungrounded_value" not in signals()
    assert json.loads(run("signals", "unmute", "ungrounded_value", "--json").out) == {"muted": []}
    assert "ungrounded_value" in signals()


def test_an_unknown_signal_is_wrong_usage_with_a_hint() -> None:
    done = run("signals", "mute", "lop")
    assert done.code == 2
    assert "loop" in done.err


def test_precision_lists_every_signal_also_before_any_review() -> None:
    rows = json.loads(run("signals", "--precision", "--json").out)
    assert {"loop", "invariant_broken", "outlier"} <= {row["signal"] for row in rows}
    assert all(row["precision"] is None and not row["muted"] for row in rows)


def test_rules_are_checked_and_their_mistakes_named_by_line(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("invariants:\n  - {id: window, says: '(\\d+) days', one_of: [30]}\n")
    assert "1 rules for all runs" in run("invariants", "check", str(rules)).out
    rules.write_text("invariants:\n  - {id: window, tool: t}\n")
    done = run("invariants", "check", str(rules))
    assert done.code != 0
    assert "rules.yaml:2:" in done.err


def test_rules_of_a_folder_count_once_they_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "clone"
    (folder / ".retrospan").mkdir(parents=True)
    (folder / ".retrospan" / "invariants.yaml").write_text(
        "invariants:\n  - {id: window, says: '(\\d+) days', one_of: [30]}\n"
    )
    monkeypatch.chdir(folder)

    before = run("signals", "--all", "--json")
    assert "invariant_broken" not in before.out
    assert "are not in use. Look at them, then: retrospan invariants use" in before.err

    assert "1 rules for all runs" in run("invariants", "use").out
    after = run("signals", "--all", "--json")
    assert "invariant_broken" in after.out
    assert after.err == ""
    assert [file["state"] for file in run("invariants", "list", "--json").json] == ["same"]
    assert run("invariants", "drop").code == 0
    assert "No rules are in use" in run("invariants", "list").out


def test_weights_stay_as_shipped_below_fifty_causes() -> None:
    assert "50 are needed" in run("weights", "support", "--learn").out
    shown = json.loads(run("weights", "support", "--json").out)
    assert (shown["causes"], shown["learned"]) == (0, False)


def test_rules_are_proposed_as_a_file_that_can_be_checked(tmp_path: Path) -> None:
    runs = tmp_path / "bookings.jsonl"
    runs.write_text("\n".join(json.dumps(_booking(i)) for i in range(12)))
    run("import", str(runs), "--project", "clinic")

    proposed = run("invariants", "propose", "--project", "clinic")
    assert "requires_before" in proposed.out
    assert "# kept in 12 calls" in proposed.out
    rules = tmp_path / "proposed.yaml"
    rules.write_text(proposed.out)
    assert "for runs of project clinic" in run("invariants", "check", str(rules)).out
    assert run("invariants", "propose", "--project", "nowhere").code != 0


def _booking(number: int) -> dict[str, Any]:
    def call(i: int, tool: str) -> list[dict[str, Any]]:
        asked = {"id": f"c{i}", "name": tool, "arguments": {"patient": f"P-{number}"}}
        return [
            {"role": "assistant", "content": "", "tool_calls": [asked]},
            {"role": "tool", "tool_call_id": f"c{i}", "content": "ok"},
        ]

    said = [{"role": "user", "content": "Book me in."}, {"role": "assistant", "content": "Booked."}]
    return {"id": f"b{number}", "messages": [said[0], *call(1, "check_insurance"), *call(2, "book_visit"), said[1]]}
