"""`retrospan import`: what goes in, what is told, and bad input that loses nothing."""

from __future__ import annotations

import gzip
import json
import lzma
from pathlib import Path

import pytest
from commands import run
from otlp_runs import run_request
from shared_data import shared

GOOD = {
    "id": "run-1",
    "outcome": "fail",
    "messages": [
        {"role": "user", "content": "Refund R-1"},
        {"role": "assistant", "tool_calls": [{"id": "c", "name": "issue_refund", "arguments": '{"order": "R-1"}'}]},
        {"role": "tool", "tool_call_id": "c", "content": "Error: provider timed out"},
        {"role": "assistant", "content": "I have refunded 99.00 dollars."},
    ],
}


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.jsonl"
    path.write_text(json.dumps(GOOD) + "\n" + json.dumps({**GOOD, "id": "run-2"}) + "\n")
    return path


def test_an_import_counts_and_ends_in_findings(good: Path) -> None:
    done = run("import", str(good), "--json")
    assert done.code == 0
    assert {k: done.json[k] for k in ("traces", "steps", "updated", "skipped", "errors")} == {
        "traces": 2,
        "steps": 8,
        "updated": 0,
        "skipped": 0,
        "errors": [],
    }
    assert done.json["findings"][0]["example"].startswith("T")
    assert done.json["findings"][0]["next_command"].startswith("retrospan suspects T")


def test_importing_again_changes_nothing(good: Path) -> None:
    run("import", str(good))
    before = run("trace", "list", "--json").json
    again = run("import", str(good), "--json").json
    assert (again["traces"], again["updated"], again["skipped"]) == (0, 0, 2)
    assert run("trace", "list", "--json").json == before


def test_bad_records_are_reported_with_their_place_and_the_rest_goes_in(tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    lines = [
        json.dumps(GOOD),
        '{"id": "cut", "messages": [{"role": "us',
        '{"id": 7, "messages": "none"}',
        '{"messages": []}',
        json.dumps({**GOOD, "id": "../../etc/passwd"}),
        "\x00\x01\x02",
        json.dumps({**GOOD, "id": "last"}),
    ]
    path.write_text("\n".join(lines))
    done = run("import", str(path), "--json")
    assert done.code == 1
    assert done.json["traces"] == 3
    assert [error["where"] for error in done.json["errors"]] == ["line 2", "line 3", "line 4", "line 6"]
    assert {t["external_id"] for t in run("trace", "list", "--json").json} == {"run-1", "../../etc/passwd", "last"}
    assert run("trace", "show", "../../etc/passwd", "--json").json["trace"]["external_id"] == "../../etc/passwd"


def test_binary_rubbish_is_a_clear_error_and_what_came_before_stays(good: Path, tmp_path: Path) -> None:
    rubbish = tmp_path / "rubbish.bin"
    rubbish.write_bytes(bytes(range(256)) * 50)
    done = run("import", str(good), str(rubbish), "--json")
    assert done.code == 1
    assert done.json["traces"] == 2
    assert "rubbish.bin" in json.dumps(done.json["errors"])


def test_a_truncated_archive_is_a_clear_error(tmp_path: Path, good: Path) -> None:
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(good.read_bytes() * 200)[:-20])
    done = run("import", str(cut), "--json")
    assert done.code == 1
    assert done.json["errors"]


def test_a_bomb_of_zeros_is_refused(tmp_path: Path, good: Path) -> None:
    bomb = tmp_path / "bomb.jsonl.gz"
    with gzip.open(bomb, "wb", compresslevel=1) as out:
        for _ in range(200):
            out.write(bytes(1 << 20))
    done = run("import", str(good), str(bomb), "--json")
    assert done.code == 1
    assert done.json["traces"] == 2
    assert len(done.json["errors"]) == 1


def test_a_missing_path_is_wrong_usage(tmp_path: Path) -> None:
    done = run("import", str(tmp_path / "nowhere.jsonl"))
    assert done.code == 2
    assert "nowhere.jsonl" in done.err


def test_secrets_do_not_reach_the_store(tmp_path: Path) -> None:
    secret = "sk-ant-" + "api03-" + "Zx9" * 30
    path = tmp_path / "secret.jsonl"
    path.write_text(json.dumps({"id": "s", "messages": [{"role": "user", "content": f"my key is {secret}"}]}))
    store = tmp_path / "s.db"
    done = run("import", str(path), "--store", str(store), "--json")
    assert done.json["redacted"] == 1
    shown = run("trace", "show", "T1", "--full", "--json", "--store", str(store)).out
    assert secret not in shown
    assert "⟨" in shown
    assert all(secret.encode() not in file.read_bytes() for file in tmp_path.glob("s.db*"))


HOSTILE = "\x1b]52;c;aGk=\x07\x1b[2J[@click=app.quit]x[/]\u202e\U000e0041"

HOSTILE_CALL = {"id": "c", "name": HOSTILE, "arguments": {HOSTILE: 1}}


def test_hostile_text_in_every_field_is_shown_safely(tmp_path: Path) -> None:
    record = {
        "id": HOSTILE,
        "task": HOSTILE,
        "session": HOSTILE,
        "version": HOSTILE,
        "metadata": {HOSTILE: HOSTILE},
        "messages": [
            {"role": "user", "content": HOSTILE},
            {
                "role": "assistant",
                "name": HOSTILE,
                "tool_calls": [{"id": "c", "name": HOSTILE, "arguments": {HOSTILE: 1}}],
            },
            {"role": "tool", "tool_call_id": "c", "content": HOSTILE},
            {"role": "assistant", "content": HOSTILE},
        ],
    }
    path = tmp_path / "hostile.jsonl"
    path.write_text(json.dumps(record))
    for args in (
        ["import", str(path)],
        ["trace", "list"],
        ["trace", "show", "T1"],
        ["trace", "show", "T1", "--full"],
        ["suspects", "T1"],
        ["signals", "--all"],
    ):
        done = run(*args)
        printed = done.out + done.err
        assert done.code == 0, printed
        assert not any(character in printed for character in "\x1b\x07\u202e\U000e0041"), args


def test_every_run_of_a_real_set_is_searchable(tmp_path: Path) -> None:
    runs = json.loads(lzma.decompress(shared("tau_airline", "gpt-4o-airline.json.xz").read_bytes()))
    path = tmp_path / "air.jsonl"
    path.write_text(
        "\n".join(
            json.dumps({"id": f"{r['task_id']}-{r['trial']}", "task": str(r["task_id"]), "messages": r["traj"]})
            for r in runs[:24]
        )
    )
    done = run("import", str(path), "--json").json
    assert (done["traces"], done["errors"]) == (24, [])
    assert done["steps"] == sum(len(r["traj"]) for r in runs[:24])
    assert run("trace", "list", "tool:get_reservation_details", "--json").json


def test_spans_of_an_unknown_convention_are_told_of(tmp_path: Path) -> None:
    body = run_request(1).replace(b'"name": "app"', b'"name": "acme"').replace(b"gen_ai.operation.name", b"acme.x")
    body = body.replace(b"gen_ai.output.messages", b"acme.reply").replace(b"gen_ai.", b"acme.")
    (tmp_path / "odd.json").write_bytes(body)

    told = run("import", str(tmp_path / "odd.json"))

    assert "of an unknown convention" in told.out and "acme (" in told.out
    assert run("import", str(tmp_path / "odd.json"), "--json").json["by_shape"] == {"acme": 2}
