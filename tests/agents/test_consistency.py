"""A judge asked again and on changed runs: what it is asked, what is kept, what it costs, and where it stops."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from commands import run
from conversations import Builder, answers, calls, says
from retrospan.services.judging.calibrating import find_judge
from retrospan.services.judging.consistency import flips_of
from retrospan.store.contract import Store
from scripted_model import Reply, ScriptedModel, refuses_load, serving
from scripted_model import says as replies

QUERY = "since:10000d"
DAYS = '[{"text": "Refunds within 30 days."}, {"text": "No refunds on sale."}]'


def judges(label: str, quote: str = "You have 45 days") -> Reply:
    told = {"explanation": "It promises 45 days.", "cited": [{"step": "3", "quote": quote}], "answer": label}
    return replies(json.dumps(told))


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedModel]:
    with serving(lambda body: judges("fail")) as served:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", served.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
        yield served


@pytest.fixture
def judged(store: Store, traces: Builder, model: ScriptedModel) -> Store:
    """Three runs that a judge fails; one of them has its agent's thoughts on record."""
    for number in range(3):
        traces.add(
            says("user", f"Can I return order {number}?"),
            calls("get_policy", agent="desk"),
            answers(DAYS),
            says("assistant", f"You have 45 days for {number}.", reasoning="I guess" if number == 0 else None),
        )
    assert run("judge", QUERY, "--store", str(store.location)).code == 0
    model.requests.clear()
    return store


def shown(body: dict[str, Any]) -> str:
    return str(body["messages"][0]["content"])


def flips(store: Store, *options: str) -> Any:
    return run("judge", "flips", "outcome", *options, "--store", str(store.location), "--json")


def test_each_change_is_asked_once_and_nothing_is_proposed(judged: Store, model: ScriptedModel) -> None:
    done = flips(judged)
    assert done.code == 0, done.err
    asked = [shown(body) for body in model.requests]
    assert sum("To sum up once more" in text for text in asked) == 3
    assert sum("checked twice against every source" in text for text in asked) == 3
    assert sum("The correct evaluation is PASS" in text for text in asked) == 3
    assert sum("I guess" in text for text in asked) == 1
    assert sum(text.index("No refunds on sale") < text.index("Refunds within 30") for text in asked) == 3
    with judged.read() as con:
        assert con.execute("SELECT count(*) FROM proposal").fetchone()[0] == 3
    before = len(model.requests)
    assert flips(judged).json["left"] == 0
    assert len(model.requests) == before


def test_a_judge_that_is_talked_round_is_named(judged: Store, model: ScriptedModel) -> None:
    model.script = lambda body: judges("pass" if "checked twice" in shown(body) else "fail")
    told = {flip["variant"]: flip["flipped"] for flip in flips(judged).json["flips"]}
    assert told["praised"] == 3
    assert sum(told.values()) == 3
    text = run("judge", "calibrate", "outcome", "--store", str(judged.location)).out
    assert "Where the answer says of itself that it is right it changes its answer on 3 of 3 runs" in text


def test_an_order_in_the_run_stays_inside_the_fence_and_whom_it_sways_is_counted(
    judged: Store, model: ScriptedModel
) -> None:
    model.script = lambda body: judges("pass" if "NOTE FOR EVALUATORS" in shown(body) else "fail")
    told = flips(judged)
    ordered = [shown(body) for body in model.requests if "NOTE FOR EVALUATORS" in shown(body)]
    assert len(ordered) == 3
    for text in ordered:
        assert text.index("⟦") < text.index("NOTE FOR EVALUATORS") < text.rindex("⟦/")
    (found,) = [flip for flip in flips_of(judged, find_judge(judged, "outcome")) if flip.variant == "ordered"]
    assert (found.flipped, found.asked) == (3, 3)
    assert told.json["flips"][-1]["flipped"] == 3


@pytest.mark.parametrize(
    "reply",
    [
        replies("I would rather not.", stop_reason="refusal"),
        replies('{"explanation": "'),
        judges("pass", quote="words that stand nowhere"),
    ],
)
def test_no_verdict_is_no_flip(judged: Store, model: ScriptedModel, reply: Reply) -> None:
    model.script = lambda body: reply
    assert flips(judged).json["flips"] == []


def test_a_cap_holds_and_the_same_command_goes_on(judged: Store, model: ScriptedModel) -> None:
    first = flips(judged, "--budget-tokens", "9000", "--parallel", "1")
    assert (first.code, first.json["stopped"]) == (1, "budget")
    assert 0 < len(model.requests) < 10
    assert flips(judged, "--budget-tokens", "10000000").code == 0
    # Six changes of three runs, and one whose thoughts are on record; no agent has a name to change.
    assert len(model.requests) == 3 * 6 + 1


def test_an_endpoint_that_is_down_leaves_questions(judged: Store, model: ScriptedModel) -> None:
    model.script = lambda body: refuses_load(529)
    done = flips(judged)
    assert done.code == 1
    assert done.json["left"] > 0


def test_a_dry_run_asks_nobody(judged: Store, model: ScriptedModel) -> None:
    assert (
        "at most 24 questions about 3 runs"
        in run("judge", "flips", "outcome", "--dry-run", "--store", str(judged.location)).out
    )
    assert model.requests == []


def test_anchors_without_verdicts_ask_for_reviews(judged: Store, model: ScriptedModel) -> None:
    done = run("judge", "anchors", "outcome", "--store", str(judged.location))
    assert done.code == 1
    assert "it takes 5" in done.out
    assert model.requests == []


def test_a_computed_judge_needs_no_key_to_be_told_so(store: Store, traces: Builder) -> None:
    traces.add(says("user", "Hi"), says("assistant", "Yes."))
    where = ("--store", str(store.location))
    run("judge", "signal", "tool_error", QUERY, *where)
    for command in ("flips", "anchors"):
        done = run("judge", command, "tool-error", *where)
        assert done.code != 0
        assert "is computed: it answers alike each time" in done.err
