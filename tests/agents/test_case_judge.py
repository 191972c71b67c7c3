"""A case's question is put to a model that sees the run alone, and no verdict is no pass."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import run
from judgedesk import judge_all
from retrospan.agents.case_judge import CaseJudge
from retrospan.agents.judge import JudgeSetup
from retrospan.agents.judging import judge_key
from retrospan.agents.spending import Budget, Purse
from retrospan.knowledge.rubrics import built_in_rubric
from retrospan.model.cases import parse_case
from retrospan.regression import RunResult
from retrospan.services.judging.calibrating import calibrate
from retrospan.services.judging.standing import measured_judges
from reviewdesk import Desk
from scripted_model import Reply, ScriptedModel, refuses_load, says, serving

CASE = """\
id: refund-window
title: The window is the policy's
input: Can I still return order 204?
checks:
  - check: judge
    question: Does the reply keep to the window of the policy?
"""
RUN = RunResult(
    "You have 45 days.",
    [{"name": "get_policy", "arguments": {"topic": "refund"}, "result": "Refunds within 30 days."}],
)


def answers(word: str, step: int, quote: str) -> Reply:
    cited = [{"step": str(step), "quote": quote}]
    return says(json.dumps({"explanation": "It promises 45.", "cited": cited, "answer": word}))


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedModel]:
    with serving(lambda body: answers("fail", 2, "45 days")) as served:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", served.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
        yield served


def ask(budget: Budget | None = None) -> tuple[bool | None, str]:
    judge = CaseJudge("claude-haiku-5-5", Purse(budget or Budget(), None))
    given = judge("Does it keep to the policy?", RUN, parse_case(CASE))
    return given.passed, given.explanation


def test_the_answer_cites_the_step_of_the_run(model: ScriptedModel) -> None:
    assert ask() == (
        False,
        "It promises 45 [2]. (this judge was never measured against people on this question)",
    )
    shown = model.requests[0]["messages"][0]["content"]
    assert "Refunds within 30 days." in shown and "Can I still return order 204?" in shown
    assert "Does it keep to the policy?" in model.requests[0]["system"][0]["text"]


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (answers("pass", 1, "within 90 days"), "unsupported"),
        (says("no", stop_reason="refusal"), "refused"),
        (refuses_load(529), "529"),
    ],
)
def test_no_verdict_is_no_pass(model: ScriptedModel, reply: Reply, why: str) -> None:
    model.script = lambda body: reply
    passed, explanation = ask()
    assert passed is None
    assert why in explanation


def test_a_spent_budget_is_no_verdict(model: ScriptedModel) -> None:
    passed, explanation = ask(Budget(tokens=10))
    assert passed is None
    assert "tokens are used" in explanation
    assert model.requests == []


def test_case_run_asks_only_when_told_to(model: ScriptedModel, tmp_path: Path) -> None:
    cases = tmp_path / ".retrospan" / "cases"
    cases.mkdir(parents=True)
    (cases / "refund-window.yaml").write_text(CASE)
    (tmp_path / "app_under_test.py").write_text("def run(input):\n    return 'You have 45 days.'\n")
    command = ("case", "run", "--folder", str(tmp_path), "--target", "app_under_test:run", "--drafts", "--json")
    model.script = lambda body: answers("fail", 1, "45 days")
    assert run(*command).json[0]["results"][0]["checks"][0]["status"] == "skipped"
    assert model.requests == []
    judged = run(*command, "--judge")
    assert judged.json[0]["results"][0]["checks"][0]["status"] == "failed"
    assert judged.code == 1


def test_a_question_that_a_judge_was_measured_on_is_asked_as_that_judge_asks(model: ScriptedModel, desk: Desk) -> None:
    rubric = built_in_rubric()
    criterion = rubric.criteria[0]
    setup = JudgeSetup("window", criterion, rubric.sha256, str(rubric.ref), "claude-haiku-5-5")
    judge_all(desk, [1, 2], set(), key=judge_key(setup), model="claude-haiku-5-5")
    calibrate(desk.store, "window")

    judge = CaseJudge("claude-haiku-5-5", Purse(Budget(), None), measured_judges(desk.store))
    given = judge(criterion.question, RUN, parse_case(CASE))

    assert criterion.fail_when in model.requests[0]["system"][0]["text"]
    assert "(judge window: never measured against people)" in given.explanation
