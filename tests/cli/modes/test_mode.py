"""`retrospan mode`, `observe`, `digest` and `paths` as scripts call them."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from commands import run
from conversations import Builder, answers, calls, says
from retrospan.store.contract import Store


@pytest.fixture
def filled(store: Store, traces: Builder) -> str:
    for i in range(3):
        traces.add(
            says("user", f"Refund {i}"),
            calls("refund", n=i),
            answers('{"error": "gateway timed out"}'),
            says("assistant", "Refunded."),
            outcome="fail",
        )
        traces.add(says("user", f"Hello {i}"), says("assistant", "Hello."), outcome="pass")
    return str(store.location)


def test_modes_are_listed_shown_named_and_fixed(filled: str) -> None:
    listed = run("mode", "list", "--store", filled, "--json")
    (mode,) = listed.json["modes"]
    assert (mode["id"], mode["status"], mode["runs"], mode["known_failures"], mode["of"]) == ("M1", "new", 3, 3, 6)
    assert listed.json["in_no_mode"] == 3
    assert "gateway timed out" in run("mode", "list", "--store", filled).out
    assert run("mode", "rename", "M1", "Refund claimed", "--store", filled).code == 0
    assert run("mode", "confirm", "M1", "--store", filled).out.startswith("M1 is confirmed (3 runs). Nobody signed")
    assert run("mode", "fix", "M1", "--note", "v2", "--store", filled, "--json").json["status"] == "fixed"
    shown = run("mode", "show", "M1", "--store", filled, "--json").json
    assert (shown["name"], shown["named_by"]) == ("Refund claimed", "person")
    assert [event["kind"] for event in shown["events"]] == ["opened", "renamed", "confirmed", "fixed"]
    assert run("mode", "show", "M7", "--store", filled).code == 2


def test_a_digest_ends_with_1_where_something_is_new(filled: str) -> None:
    first = run("digest", "--store", filled, "--json")
    assert (first.code, [mode["id"] for mode in first.json["new"]]) == (1, ["M1"])
    second = run("digest", "--store", filled)
    assert (second.code, second.out[:13]) == (0, "Nothing new s")
    assert run("digest", "--since", "soon", "--store", filled).code == 2


def test_what_a_person_notices_is_filed(filled: str) -> None:
    done = run("observe", "T2.1", "greets back", "--quote", "Hello", "--good", "--store", filled, "--json")
    assert done.json == {"id": "O1", "mode": "M1", "runs": 1, "opened": True, "review": None}
    assert run("observe", "T2.1", "greets back", "--quote", "Bye", "--store", filled).code == 2
    assert len(run("mode", "sample", "--size", "4", "--store", filled, "--json").json["runs"]) == 4


def test_paths_are_drawn_and_written(filled: str, tmp_path: Path) -> None:
    picture = tmp_path / "paths.svg"
    graph = tmp_path / "flow.yaml"
    graph.write_text("edges: [start -> refund, refund -> mail]")
    told = run("paths", "--store", filled, "--svg", str(picture), "--declared", str(graph), "--folder", str(tmp_path))
    assert told.code == 0
    assert "Make a run go from refund to mail" in told.out
    assert ET.parse(picture).getroot().tag.endswith("svg")
    told = run("paths", "--store", filled, "--folder", str(tmp_path), "--json")
    assert {tuple(v["path"]): v["failed"] for v in told.json["variants"]} == {("refund",): 3, ("model",): 0}
    assert told.json["coverage"]["variants"] == {"reviewed": 0, "cases": 0, "of": 2}
    assert told.json["untested"][0]["promote"] in ("T1", "T3", "T5")
