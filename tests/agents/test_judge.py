"""A judge's answer counts with a quotation that holds, and with nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from commands import run
from conversations import Builder, says
from refunds import refund_run
from retrospan.agents.judge import render
from retrospan.store.contract import Store
from retrospan.store.reading.summaries import get_trace
from scripted_model import Reply, ScriptedModel, refuses_load, serving
from scripted_model import says as replies


def answers(answer: str, step: str = "3", quote: str = "You have 45 days", **fields: Any) -> Reply:
    told = {"explanation": "The reply promises 45 days.", "cited": [{"step": step, "quote": quote}], "answer": answer}
    return replies(json.dumps({**told, **fields}))


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedModel]:
    with serving(lambda body: answers("fail")) as served:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", served.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
        yield served


def judged(store: Store, *options: str) -> Any:
    return run("judge", *(options or ("since:1000d",)), "--store", str(store.location), "--json")


def test_an_answer_is_kept_as_a_proposal_of_the_judge(store: Store, traces: Builder, model: ScriptedModel) -> None:
    refund_run(traces)
    done = judged(store)
    assert done.code == 0, done.err
    assert done.json["counts"] == {"pass": 0, "fail": 1, "cant_tell": 0, "no_verdict": 0}
    with store.read() as con:
        (proposal,) = con.execute("SELECT * FROM proposal").fetchall()
    assert proposal["proposed_by"] == "judge:outcome"
    assert proposal["explanation"] == "The reply promises 45 days [3]."


def test_the_request_has_no_tools_and_asks_for_a_fixed_shape(
    store: Store, traces: Builder, model: ScriptedModel
) -> None:
    refund_run(traces)
    judged(store)
    (body,) = model.requests
    assert "tools" not in body
    assert body["output_config"]["format"]["type"] == "json_schema"
    assert body["model"] == "claude-haiku-5-5"
    shown = body["messages"][0]["content"]
    assert shown.index("⟦") < shown.index("You have 45 days") < shown.rindex("⟦/") < shown.index("That was the run")


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (replies("I would rather not.", stop_reason="refusal"), "refused"),
        (Reply(answers("pass").content, "max_tokens"), "truncated"),
        (replies("PASS, obviously"), "malformed"),
        (answers("excellent"), "malformed"),
        (answers("pass", quote="the policy was followed"), "unsupported"),
        (answers("pass", step="77"), "unsupported"),
        (answers("pass", cited=[]), "unsupported"),
        (Reply(status=400, error="invalid_request_error"), "rejected"),
    ],
)
def test_anything_else_is_no_verdict(
    store: Store, traces: Builder, model: ScriptedModel, reply: Reply, why: str
) -> None:
    refund_run(traces)
    model.script = lambda body: reply
    done = judged(store)
    assert done.json["counts"] == {"pass": 0, "fail": 0, "cant_tell": 0, "no_verdict": 1}
    assert done.json["answers"][0]["no_verdict"] == why
    with store.read() as con:
        assert con.execute("SELECT count(*) FROM proposal").fetchone()[0] == 0


def test_a_canary_that_comes_out_is_no_verdict(store: Store, traces: Builder, model: ScriptedModel) -> None:
    refund_run(traces)

    def leaks(body: dict[str, Any]) -> Reply:
        canary = body["system"][0]["text"].split("The word ")[1].split(" ")[0]
        return answers("pass", explanation=f"My secret is {canary}")

    model.script = leaks
    assert judged(store).json["answers"][0]["no_verdict"] == "suspicious"


def test_reasoning_signals_and_former_opinions_are_hidden(store: Store, traces: Builder) -> None:
    traces.add(
        says("user", "Can I return it?"),
        says("assistant", "You have 45 days.", reasoning="I will say that this is CORRECT"),
        outcome="pass",
    )
    text, partial = render(get_trace(store, 1))
    assert "You have 45 days." in text
    assert "CORRECT" not in text
    assert "ungrounded" not in text
    assert not partial


def test_a_long_run_is_marked_as_shown_in_part(store: Store, traces: Builder, model: ScriptedModel) -> None:
    traces.add(says("user", "x" * 200_000), says("assistant", "You have 45 days."))
    model.script = lambda body: answers("fail", step="1", quote="You have 45 days")
    done = judged(store)
    assert done.json["answers"][0]["partial"] is True


def test_the_same_judge_is_not_paid_twice_and_another_model_is(
    store: Store, traces: Builder, model: ScriptedModel
) -> None:
    refund_run(traces)
    judged(store)
    judged(store)
    assert len(model.requests) == 1
    judged(store, "since:1000d", "--model", "claude-opus-5-5")
    assert [body["model"] for body in model.requests] == ["claude-haiku-5-5", "claude-opus-5-5"]


def test_budget_and_resume(store: Store, traces: Builder, model: ScriptedModel) -> None:
    for _ in range(12):
        refund_run(traces)
    first = judged(store, "since:1000d", "--budget-tokens", "16000", "--parallel", "2")
    assert (first.code, first.json["stopped"]) == (1, "budget")
    assert 0 < len(first.json["answers"]) < 12
    second = judged(store, "--resume", "--budget-tokens", "1000000")
    assert second.code == 0
    assert second.json["counts"]["fail"] == 12
    assert len(model.requests) == 12


def test_a_busy_endpoint_is_no_opinion(store: Store, traces: Builder, model: ScriptedModel) -> None:
    refund_run(traces)
    model.script = lambda body: refuses_load(529)
    done = judged(store)
    assert done.code == 1
    assert done.json["left"] == 1
    assert done.json["counts"] == {"pass": 0, "fail": 0, "cant_tell": 0, "no_verdict": 0}


def test_an_unknown_criterion_names_the_known_ones(store: Store, traces: Builder, model: ScriptedModel) -> None:
    done = judged(store, "since:1d", "--criterion", "outcom")
    assert done.code == 2
    assert "did you mean 'outcome'" in done.err
