"""From a fail signed on the page to a case that is red on the broken version and green on the fixed one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import run
from retrospan.model.findings import CauseClass
from retrospan.model.reviews import Answer, Label
from retrospan.model.traces import JsonValue, Message, Span, SpanBatch, StepKind, ToolCall
from retrospan.regression.results import CaseOutcome
from retrospan.regression.runner import run_case
from retrospan.regression.teaching.facts import load_facts
from retrospan.regression.teaching.form import case_of_form, suggest, try_form
from retrospan.services.reviewing.asking import list_reviews, request_review
from retrospan.services.reviewing.claiming import open_review
from retrospan.services.reviewing.deciding import give_answer, sign_verdict
from retrospan.services.reviewing.people import demo_reviewer
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from retrospan.store.traces.commit import commit_batch
from retrospan.store.traces.revisions import refresh
from reviewdesk import Desk

APP = "retrospan.examples.support_agent.app"


def test_fail_of_the_example_application_is_red_and_green_in_five_acts(tmp_path: Path) -> None:
    place = tmp_path / "demo"
    assert run("demo", "--folder", str(place)).code == 0
    store = place / "store.db"
    with open_store(store) as opened:
        signed = _fail(opened, next(item for item in list_reviews(opened)).short_id)
    acts = 0

    def act(*args: str) -> str:
        nonlocal acts
        acts += 1
        done = run(*args)
        assert done.code in (0, 1), done.err
        return f"{done.code} {done.out}"

    assert signed in act("review", "inbox", "--store", str(store))
    shown = act("review", "teach", signed, "--live", "--store", str(store), "--folder", str(place))
    assert "failed on T" in shown and "not accepted" not in shown
    act("review", "teach", signed, "--live", "--sign", "--store", str(store), "--folder", str(place))
    assert act("case", "run", "--folder", str(place), "--target", f"{APP}:run_v1").startswith("1 ")
    assert act("case", "run", "--folder", str(place), "--target", f"{APP}:run_v2").startswith("0 ")
    assert acts <= 8
    assert "every signed fail" in act("review", "inbox", "--store", str(store))


def _fail(store: Store, item: str) -> str:
    """A reviewer says fail and one sentence, as on the page: no cause, no step."""
    session = demo_reviewer(store)
    review = open_review(store, item, session.fingerprint)
    give_answer(
        store, review.claim, Answer(Label.FAIL, reason="No rule says so.", expected="Say that no rule covers it.")
    )
    return sign_verdict(store, session, review).short_id


def long_run(key: str, turns: int = 15, wrong_at: int = 9) -> list[Span]:
    """A conversation of 62 steps: in turn 9 the agent cancels the order of another turn."""
    said: list[Message] = [Message("system", "You look after orders.")]
    spans: list[Span] = []

    def add(name: str, kind: StepKind) -> Span:
        span = Span(key, f"s{len(spans)}", name, kind, sequence=len(spans), started_at_ns=len(spans) * 1000 + 1)
        span.project = "orders"
        spans.append(span)
        return span

    def think(answer: Message) -> None:
        span = add("chat", StepKind.LLM)
        span.input_messages, span.output_messages = tuple(said), (answer,)
        said.append(answer)

    for turn in range(turns):
        said.append(Message("user", f"Please cancel order A-{turn}."))
        look, act = ToolCall("get_order", {"order_id": f"A-{turn}"}, f"g{turn}"), f"c{turn}"
        think(Message("assistant", tool_calls=(look,)))
        tool = add("get_order", StepKind.TOOL)
        tool.tool, tool.inputs, tool.outputs = "get_order", {"order_id": f"A-{turn}"}, {"status": "open"}
        said.append(Message("tool", '{"status": "open"}', tool_call_id=f"g{turn}"))
        order: dict[str, JsonValue] = {"order_id": f"A-{turn - 3 if turn == wrong_at else turn}"}
        think(Message("assistant", tool_calls=(ToolCall("cancel_order", order, act),)))
        tool = add("cancel_order", StepKind.TOOL)
        tool.tool, tool.inputs, tool.outputs = "cancel_order", order, {"cancelled": order["order_id"]}
        said.append(Message("tool", json.dumps({"cancelled": order["order_id"]}), tool_call_id=act))
        said.append(Message("assistant", "Done."))
    think(Message("assistant", "Anything else?"))
    said.append(Message("user", "No, thank you."))
    think(Message("assistant", "Goodbye."))
    return spans


TARGET = """
def run(input, wrong={wrong}):
    asked = [turn["content"].split()[-1].rstrip(".") for turn in input if turn["role"] == "user"]
    calls = []
    for place, order in enumerate(asked):
        calls.append({{"name": "get_order", "arguments": {{"order_id": order}}, "result": {{"status": "open"}}}})
        chosen = asked[place - 3] if wrong and place == 9 else order
        calls.append({{"name": "cancel_order", "arguments": {{"order_id": chosen}}, "result": {{"cancelled": chosen}}}})
    return {{"output": "Done.", "tool_calls": calls, "steps": 4 * len(asked)}}
"""


@pytest.mark.parametrize(("wrong", "outcome"), [(True, CaseOutcome.FAILED), (False, CaseOutcome.PASSED)])
def test_case_of_a_long_run_reaches_up_to_the_blamed_turn(desk: Desk, wrong: bool, outcome: CaseOutcome) -> None:
    commit_batch(desk.store, SpanBatch(spans=long_run("long")))
    refresh(desk.store)
    ada = desk.reviewer()
    item = request_review(desk.store, "T3", "Was the right order cancelled?", by="agent:x")
    review = open_review(desk.store, item.id, ada.fingerprint)
    (blamed,) = [s for s in review.traces[0].steps if s.tool == "cancel_order" and s.span_id == "s39"]
    give_answer(desk.store, review.claim, Answer(Label.FAIL, cause=CauseClass.ARGUMENTS, cause_span=blamed.span_id))
    facts = load_facts(desk.store, sign_verdict(desk.store, ada, review))
    assert len(facts.trace.steps) == 62

    form = suggest(facts)
    case = case_of_form(facts, form)

    assert case is not None and isinstance(case.input, list)
    asked = [turn for turn in case.input if isinstance(turn, dict) and turn["role"] == "user"]
    assert asked[-1]["content"] == "Please cancel order A-9." and len(asked) == 10
    assert try_form(facts, case, form.step).why_not == ""
    space: dict[str, object] = {}
    exec(TARGET.format(wrong=wrong), space)
    target = space["run"]
    assert callable(target)
    assert run_case(case, target).outcome is outcome
