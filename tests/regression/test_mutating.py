"""A good run is changed in one place at a time: which checks can fail, and what nobody would notice."""

from __future__ import annotations

from pathlib import Path

from commands import run
from retrospan.model.cases import parse_case
from retrospan.regression.protocol import RunResult
from retrospan.regression.teaching.mutating import mutants, mutate
from reviewdesk import Desk

GOOD = RunResult(
    "Refunded 189 for R-1.",
    [{"name": "look", "arguments": {"id": "R-1"}}, {"name": "refund", "arguments": {"id": "R-1", "full": True}}],
    4,
)


def test_each_change_is_one_thing() -> None:
    told = [mutant.what for mutant in mutants(GOOD)]
    assert len(told) == len(set(told))
    for expected in ("an empty answer", "189 in the answer is 190", "refund is not called", "refund.full is another",
                     "look is called once more", "refund comes before look"):  # fmt: skip
        assert expected in told
    assert all(mutant.run != GOOD for mutant in mutants(GOOD))


def test_checks_that_can_fail_are_told_from_those_that_cannot() -> None:
    text = (
        "id: a\ntitle: A\ninput: x\nchecks:\n- {check: tool_argument, tool: refund, path: id, equals: R-1}\n"
        "- {check: output_not_contains, text: zebra}\n- {check: tool_called, tool: look, times: 1}\n"
        '- {check: judge, question: "Was it kind?"}\n'
    )
    found = mutate(parse_case(text), GOOD)
    assert found.can_fail == (
        ("tool_argument refund.id", "refund is not called"),
        ("output_not_contains 'zebra'", None),
        ("tool_called look", "look is not called"),
    )
    assert found.idle == ("output_not_contains 'zebra'",)
    assert "189 in the answer is 190" in found.unseen and "refund.id is another" not in found.unseen


def test_a_check_that_fails_already_notices_nothing() -> None:
    found = mutate(parse_case("{id: a, title: A, input: x, checks: [{check: output_contains, text: zebra}]}"), GOOD)
    assert (found.can_fail, len(found.unseen)) == ((), found.changes)


def test_case_try_names_what_nobody_would_notice(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / ".retrospan" / "cases").mkdir(parents=True)
    body = "id: window\ntitle: W\ninput: x\nchecks: [{check: output_contains, text: 30 days}]\n"
    (tmp_path / ".retrospan" / "cases" / "window.yaml").write_text(body + "provenance: {trace: run-1}\n")
    command = ("case", "try", "--mutate", "--folder", str(tmp_path), "--store", desk.store.location)
    told = run(*command)
    assert told.code == 0, told.err
    assert "not noticed" in told.out and "get_policy is not called" in told.out
    assert run(*command, "--json").json[0]["never_fail"] == []
