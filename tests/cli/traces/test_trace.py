"""`retrospan trace`, `suspects` and `signals`: JSON that keeps to its schema, errors that say what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from commands import run

SCHEMAS = Path(__file__).resolve().parents[3] / "docs" / "reference" / "schemas"


def conversation(number: int, amount: str, outcome: str) -> dict[str, Any]:
    arguments = {"order": f"R-{number}", "amount": amount}
    return {
        "id": f"run-{number}",
        "task": "refund",
        "outcome": outcome,
        "version": "v1",
        "messages": [
            {"role": "user", "content": f"Refund order R-{number}, please."},
            {
                "role": "assistant",
                "tool_calls": [{"id": "c", "name": "issue_refund", "arguments": arguments}],
            },
            {"role": "tool", "tool_call_id": "c", "content": '{"refunded": "49.00"}'},
            {"role": "assistant", "content": f"Done, {amount} are on their way."},
        ],
    }


@pytest.fixture(autouse=True)
def three_runs(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    runs = [conversation(1, "49.00", "pass"), conversation(2, "94.00", "fail"), conversation(3, "49.00", "pass")]
    path.write_text("\n".join(json.dumps(item) for item in runs))
    assert run("import", str(path)).code == 0


@pytest.mark.parametrize(
    ("schema", "args"),
    [
        ("trace-list", ["trace", "list"]),
        ("trace-count", ["trace", "count", "--by", "version"]),
        ("trace-show", ["trace", "show", "T2"]),
        ("trace-show", ["trace", "show", "run-2", "--full"]),
        ("trace-diff", ["trace", "diff", "T2"]),
        ("trace-case", ["trace", "case", "T2", "T1"]),
        ("suspects", ["suspects", "T2"]),
        ("suspects", ["suspects", "--all"]),
        ("signals", ["signals", "--all"]),
    ],
)
def test_json_keeps_to_its_schema(schema: str, args: list[str]) -> None:
    done = run(*args, "--json")
    assert done.code == 0
    assert done.err == ""
    jsonschema.validate(done.json, json.loads((SCHEMAS / f"{schema}.schema.json").read_text()))


def test_a_tool_step_has_its_arguments_and_result() -> None:
    step = run("trace", "show", "T2", "--json").json["steps"][2]
    assert (step["id"], step["kind"], step["tool"], step["parent"]) == ("T2.2", "tool", "issue_refund", None)
    assert step["inputs"] == {"order": "R-2", "amount": "94.00"}
    assert step["outputs"] == {"refunded": "49.00"}


def test_the_diff_partner_is_a_run_that_passed_and_the_argument_is_named() -> None:
    diff = run("trace", "diff", "T2", "--json").json
    assert diff["right"] in ("T1", "T3")
    assert "passed" in diff["partner_because"]
    assert any(d["path"] == "arguments.amount" and d["before"] == "94.00" for d in diff["differences"])


def test_a_diff_with_itself_is_refused() -> None:
    done = run("trace", "diff", "T2", "T2")
    assert done.code == 2
    assert "itself" in done.err


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["trace", "show", "T99"], 2, "newest: T3"),
        (["trace", "list", "stauts:error"], 2, "did you mean 'status'"),
        (["suspects"], 2, "No trace named"),
        (["tracee", "list"], 2, "did you mean 'trace'"),
        (["trace", "list", "--limit", "0"], 2, "0"),
        (["trace", "list", "--store", "postgres://x"], 2, "reads files only"),
        (["trace", "list", "--store", "/proc/nothing/here.db"], 3, "No store at /proc/nothing"),
    ],
)
def test_errors_say_what_is_wrong_and_what_to_do(args: list[str], code: int, said: str) -> None:
    done = run(*args)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_an_empty_result_explains_itself() -> None:
    done = run("trace", "list", "version:v9")
    assert done.code == 0
    assert "version holds: v1" in done.out


def test_doctor_names_the_driver_and_the_store() -> None:
    checks = {check["name"]: check for check in run("doctor", "--json").json}
    assert checks["sqlite"]["ok"]
    assert "3 traces" in checks["store"]["found"]


def test_a_run_against_all_good_ones_shows_the_shared_value_first() -> None:
    found = json.loads(run("trace", "diff", "T2", "--all-good", "--json").out)
    assert sorted(found["good"]) == ["T1", "T3"]
    first = found["differences"][0]
    assert (first["path"], first["value"], first["instead"]) == ("arguments.amount", "49.00", "94.00")
    assert (first["good"], first["of"]) == (2, 2)


def test_a_run_against_all_good_ones_is_told_in_words() -> None:
    shown = run("trace", "diff", "T2", "--all-good").out
    assert "2 of 2 good runs have 49.00" in shown
    assert "- 94.00" in shown


def test_no_second_trace_beside_all_good() -> None:
    assert run("trace", "diff", "T1", "T2", "--all-good").code == 2


def test_an_exclusion_with_an_h_is_no_call_for_help() -> None:
    done = run("trace", "list", "-task:search", "--json")
    assert (done.code, [trace["id"] for trace in done.json]) == (0, ["T3", "T2", "T1"])


def test_lines_that_begin_with_an_exclusion_keep_their_place() -> None:
    compared = run("compare", "-outcome:pass", "version:v1", "--json")
    assert compared.code == 0
    assert (compared.json["left"], compared.json["right"]) == ("-outcome:pass", "version:v1")
    assert run("mode", "list", "-task:refund", "--json").code == 0
    assert "Usage" in run("trace", "list", "-h").out


def test_outcomes_are_counted_by_task() -> None:
    (row,) = run("trace", "count", "--json").json["rows"]
    assert (row["value"], row["runs"], row["pass"], row["fail"], row["example"]) == ("refund", 3, 2, 1, "T2")
    told = run("trace", "count", "outcome:fail", "--by", "task").out
    assert "2 passed" not in told
    assert "1 runs, 1 with a known outcome; 1 of 1 never passed." in told


def test_what_the_shell_shows_of_runs_is_in_the_access_log() -> None:
    for args in (["trace", "show", "T2"], ["trace", "diff", "T2", "T1"], ["suspects", "--all"], ["trace", "list"]):
        assert run(*args, "--json").code == 0
    noted = [(entry["action"], entry["subject"], entry["detail"]) for entry in run("audit", "access", "--json").json]
    assert noted == [
        ("read", "T1, T2, T3", "suspects"),
        ("read", "T2, T1", "trace diff"),
        ("read", "T2", "trace show"),
    ]


def test_the_partner_of_a_diff_is_a_run_that_is_known_to_have_passed(tmp_path: Path) -> None:
    path = tmp_path / "more.jsonl"
    path.write_text(json.dumps({**conversation(4, "49.00", ""), "outcome": None, "version": "v2"}))
    assert run("import", str(path)).code == 0
    found = run("trace", "diff", "T2", "--json").json
    assert (found["right"], "it passed" in found["partner_because"]) == ("T3", True)


def test_a_picture_of_paths_is_announced_and_a_bad_place_is_named(tmp_path: Path) -> None:
    picture = tmp_path / "paths.svg"
    assert f"The picture is in {picture}." in run("paths", "--svg", str(picture)).out
    assert picture.read_text().startswith("<svg")
    done = run("paths", "--svg", str(tmp_path / "nowhere" / "paths.svg"))
    assert done.code == 3 and "cannot be written" in done.err
