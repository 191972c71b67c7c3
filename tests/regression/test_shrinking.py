"""A failing case is made smaller as long as it fails the same way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commands import run
from retrospan.model.cases import Case, FrozenResult, parse_case
from retrospan.regression.teaching.shrinking import parts_of, shrink, without

CHECKS = (parse_case("{id: a, title: A, input: x, checks: [{check: grounded}]}").checks[0],)


def case(given: Any, *results: Any) -> Case:
    frozen = tuple(FrozenResult(tool="find", result=result) for result in results) or None
    return Case(id="a", title="A", input=given, tool_results=frozen, checks=CHECKS)


def said(text: str, role: str = "user") -> dict[str, str]:
    return {"role": role, "content": text}


@pytest.mark.parametrize(
    ("given", "needed", "left"),
    [
        ("Hello there. My lamp is broken. It is red. Refund R-1!", ["lamp", "R-1"], "My lamp is broken. Refund R-1!"),
        ([said("hi"), said("yes?", "assistant"), said("lamp R-1"), said("and now")], ["R-1"],
         [said("lamp R-1"), said("and now")]),
        ({"order": "R-1", "note": "x", "lang": "de"}, ["R-1"], {"order": "R-1"}),
        ("Just one thing", ["nothing of it"], "Just one thing"),
    ],
)  # fmt: skip
def test_what_the_failure_needs_stays_and_the_rest_goes(given: Any, needed: list[str], left: Any) -> None:
    found = shrink(case(given), lambda smaller: all(word in json.dumps(smaller.input) for word in needed))
    assert found.case.input == left
    assert found.complete or not found.dropped


def test_documents_and_fields_of_frozen_results_go_too() -> None:
    whole = case("Until when?", [{"id": 1}, {"id": 2, "old": True}, {"id": 3}], {"a": 1, "b": 2})

    def fails(smaller: Case) -> bool:
        results = [result.result for result in smaller.tool_results or ()]
        return any(isinstance(result, list) and {"id": 2, "old": True} in result for result in results)

    found = shrink(whole, fails)
    assert [result.result for result in found.case.tool_results or ()] == [[{"id": 2, "old": True}]]
    assert "tool_results.1" in found.dropped


def test_tries_are_counted_and_end() -> None:
    text = " ".join(f"Sentence {i}." for i in range(40))
    asked: list[Case] = []

    def fails(smaller: Case) -> bool:
        asked.append(smaller)
        return False

    found = shrink(case(text), fails, most=7)
    assert (found.tries, len(asked), found.complete, found.dropped) == (7, 7, False, ())


@pytest.mark.parametrize("given", [{"a": 1, "b": 2}, "One. Two. Three.", [said("One. Two.")]])
def test_something_of_the_input_always_stays(given: Any) -> None:
    found = shrink(case(given), lambda _: True)
    assert len(found.dropped) == len(list(parts_of(case(given)))) - 1
    assert found.case.input not in ("", {}, [], [said("")])


def test_parts_go_in_any_order() -> None:
    parts = list(parts_of(case([said("a"), said("b"), said("c. d. e.")], [1, 2, 3])))
    gone = [part for part in parts if part.name in ("input.0", "input.2.content.sentence 2", "tool_results.0.result.1")]
    left = without(case([said("a"), said("b"), said("c. d. e.")], [1, 2, 3]), gone[::-1])
    assert left.input == [said("b"), said("c. e.")]
    assert [result.result for result in left.tool_results or ()] == [[1, 3]]


AGENT = """
def run(input, tool_results=None):
    return "45 days" if "lamp" in str(input) else "30 days"
"""


def test_the_command_writes_a_smaller_draft(tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text(AGENT)
    (tmp_path / "retrospan.toml").write_text('target = "bot:run"\nunsigned_cases = "run"\n')
    (tmp_path / ".retrospan" / "cases").mkdir(parents=True)
    body = "id: lamp\ntitle: L\ninput: Hello. I have a lamp. Thank you.\n"
    body += "checks: [{check: output_contains, text: 30 days}]\n"
    (tmp_path / ".retrospan" / "cases" / "lamp.yaml").write_text(body)
    done = run("case", "shrink", "lamp", "--folder", str(tmp_path), "--json")
    assert done.code == 0, done.err
    small = parse_case(Path(done.json["path"]).read_text())
    assert (small.id, small.input, small.status.value) == ("lamp-small", "I have a lamp.", "draft")
    assert "already" in run("case", "shrink", "lamp", "--folder", str(tmp_path)).err
    fine = body.replace("lamp", "bulb")
    (tmp_path / ".retrospan" / "cases" / "bulb.yaml").write_text(fine)
    refused = run("case", "shrink", "bulb", "--folder", str(tmp_path))
    assert (refused.code, "does not fail on" in refused.err) == (2, True)
