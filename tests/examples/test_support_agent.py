"""The support agent: what each version gets wrong, while every run ends well by its own account.

`expected_behaviour` knows the shop's rules and judges a run from outside; the product never sees it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from importlib import resources
from typing import Any

import anthropic
import httpx2
import pytest
from retrospan.examples.support_agent.__main__ import main
from retrospan.examples.support_agent.agent import MAX_MODEL_CALLS, Answer, Conversation
from retrospan.examples.support_agent.app import Handled, run_v1, run_v2, run_workload
from retrospan.examples.support_agent.claude import ClaudeModel
from retrospan.examples.support_agent.messages import Reply
from retrospan.examples.support_agent.shop import ORDERS, Order
from retrospan.examples.support_agent.telemetry import Recorder, WallClock, tracer_provider
from retrospan.examples.support_agent.versions import VERSIONS
from retrospan.examples.support_agent.workload import sessions
from retrospan.model.cases import Case, parse_case
from retrospan.regression import FrozenTools
from retrospan.regression.runner import run_case
from retrospan.regression.target import find_declaration, load_target

CURRENT_WINDOW = "30"
BY_ID = {order.id: order for order in ORDERS}


def called(answer: Answer, tool: str) -> list[dict[str, object]]:
    return [call.arguments for call in answer.calls if call.name == tool and not call.is_error]


def meant_order(done: Handled) -> Order | None:
    """The order that a customer means, by number or by item."""
    text = done.request.text
    number = re.search(r"R-\d{4}", text)
    if number:
        return BY_ID.get(number.group())
    own = [order for order in ORDERS if order.customer.lower().replace(" ", ".") == done.session.user]
    named = [order for order in own if any(word in text for word in order.item.lower().split()[1:] if len(word) > 2)]
    earlier = re.search(r"R-\d{4}", done.session.requests[0].text)
    return (named or [BY_ID[earlier.group()] if earlier else own[0]])[0]


def expected_behaviour(done: Handled) -> str | None:
    """The failure mode of a run, None where it did what the shop wants."""
    task, answer, order = done.request.task, done.answer, meant_order(done)
    if task == "return-window":
        return None if CURRENT_WINDOW in re.findall(r"\d+", answer.text) else "stale policy"
    if task == "special-terms":
        return "invented window" if re.search(r"\d", answer.text) else None
    if task.startswith("refund"):
        assert order is not None
        return refund_fault(answer, order)
    if task == "confirmation":
        return None if called(answer, "send_email") else "claimed e-mail"
    return None


def refund_fault(answer: Answer, order: Order) -> str | None:
    booked = called(answer, "issue_refund")
    claims = re.search(r"I've refunded|Your refund of", answer.text) is not None
    if any(refund["order_id"] != order.id for refund in booked):
        return "wrong order"
    if order.final_sale or (order.delivered_days_ago or 0) > int(CURRENT_WINDOW):
        return "refunded against the policy" if booked else None
    if claims and not booked:
        return "swallowed error"
    if re.search(r"sent", answer.text) and not called(answer, "send_email"):
        return "claimed e-mail"
    return None if booked or not claims else "no refund"


@cache
def runs(version: str, seed: int = 7) -> tuple[Handled, ...]:
    return tuple(run_workload(version, seed=seed))


def faults(version: str, seed: int = 7) -> Counter[str]:
    return Counter(fault for done in runs(version, seed) if (fault := expected_behaviour(done)))


V1_FAULTS = {"stale policy", "swallowed error", "invented window", "wrong order", "claimed e-mail"}


def test_v1_has_every_failure_mode_and_mostly_does_well() -> None:
    found = faults("v1")
    assert set(found) == V1_FAULTS
    assert 10 <= sum(found.values()) <= 16


def test_v2_mends_them_and_breaks_another() -> None:
    assert set(faults("v2")) == {"refunded against the policy"}
    assert sum(faults("v2").values()) == 4


@pytest.mark.parametrize("seed", range(20))
def test_any_seed_shows_most_modes_and_a_majority_that_passes(seed: int) -> None:
    found = faults("v1", seed)
    assert len(V1_FAULTS & set(found)) >= 4
    assert sum(found.values()) < 20
    assert set(faults("v2", seed)) == {"refunded against the policy"}


def test_the_same_seed_gives_the_same_conversations() -> None:
    def content(seed: int) -> list[object]:
        return [(done.request, done.answer) for done in run_workload("v1", seed=seed)]

    assert content(3) == content(3)
    assert content(3) != content(4)


def test_a_longer_workload_begins_with_the_shorter() -> None:
    assert sum(len(session.requests) for session in sessions(95, 7)) == 95
    assert sessions(95, 7)[:30] == sessions(40, 7)[:30]
    assert len({session.id for session in sessions(95, 7)}) == len(sessions(95, 7))


def test_a_frozen_result_is_used_instead_of_the_tool() -> None:
    frozen = FrozenTools([{"tool": "lookup_order", "result": "no order R-2041", "is_error": True}])
    done = run_v1("Where is my order R-2041?", tool_results=frozen)
    assert done.output == "I can't find order R-2041. Could you check the number?"
    assert done.tool_calls is not None
    assert [(call.name, call.is_error) for call in done.tool_calls] == [("lookup_order", True)]
    assert done.steps == 3


CASES = {
    "stale policy": ("{check: output_contains, text: 30 days}", "{check: output_not_contains, text: 60 days}"),
    "invented window": ("{check: grounded}",),
    "swallowed error": (
        "{check: output_not_contains, text: on its way}",
        "{check: output_contains, text: not confirm}",
    ),
    "claimed e-mail": ("{check: tool_called, tool: send_email}",),
}


@pytest.mark.parametrize("fault", CASES)
def test_a_case_made_of_a_failing_run_fails_on_v1_and_passes_on_v2(fault: str) -> None:
    failing = next(done for done in runs("v1") if expected_behaviour(done) == fault)
    case = parse_case(f"{{id: a, title: A, input: {failing.request.text!r}, checks: [{', '.join(CASES[fault])}]}}")
    assert (run_case(case, run_v1).outcome, run_case(case, run_v2).outcome) == ("failed", "passed")


def test_a_case_of_two_messages_finds_the_wrong_order() -> None:
    failing = next(done for done in runs("v1") if expected_behaviour(done) == "wrong order")
    meant = meant_order(failing)
    assert meant is not None
    messages = [{"role": "user", "content": request.text} for request in failing.session.requests]
    argument = {"check": "tool_argument", "tool": "issue_refund", "path": "order_id", "equals": meant.id}
    case = Case.model_validate({"id": "a", "title": "A", "input": messages, "checks": [argument]})
    assert (run_case(case, run_v1).outcome, run_case(case, run_v2).outcome) == ("failed", "passed")


def test_a_case_of_a_good_run_catches_what_v2_breaks() -> None:
    broken = next(done for done in runs("v2") if expected_behaviour(done) == "refunded against the policy")
    case = parse_case(
        f"{{id: a, title: A, input: {broken.request.text!r}, checks: [{{check: tool_not_called, tool: issue_refund}}]}}"
    )
    assert (run_case(case, run_v1).outcome, run_case(case, run_v2).outcome) == ("passed", "failed")


def test_the_declared_target_is_the_version_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = resources.files("retrospan.examples.support_agent")
    with resources.as_file(folder / "retrospan.toml") as file:
        declared = find_declaration(file.parent)
    target = load_target(declared.target)
    question = next(done for done in runs("v1") if expected_behaviour(done) == "stale policy").request.text
    assert "60 days" in target(question).output
    monkeypatch.setenv("SUPPORT_AGENT_VERSION", "v2")
    assert "30 days" in target(question).output


def test_claude_answers_through_the_same_loop() -> None:
    asked: list[dict[str, Any]] = []
    queued: list[list[dict[str, Any]]] = [
        [{"type": "tool_use", "id": "toolu_1", "name": "lookup_order", "input": {"order_id": "R-2041"}}],
        [{"type": "text", "text": "It was delivered 12 days ago."}],
    ]

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(json.loads(request.content))
        content = queued.pop(0)
        stop = "tool_use" if content[0]["type"] == "tool_use" else "end_turn"
        usage = {"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 90}
        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": content}
        return httpx2.Response(200, json=message | {"stop_reason": stop, "stop_sequence": None, "usage": usage})

    transport = anthropic.DefaultHttpxClient(transport=httpx2.MockTransport(answer))
    with anthropic.Anthropic(api_key="test", base_url="http://model.invalid", http_client=transport) as client:
        recorder = Recorder(tracer_provider("v1"), WallClock(), conversation="c", user=None)
        done = Conversation(VERSIONS["v1"], ClaudeModel(client), recorder).ask("Where is R-2041?")
    assert (done.text, done.model_calls) == ("It was delivered 12 days ago.", 2)
    assert done.calls[0].result["item"] == "Ridge 2 tent"
    assert asked[1]["messages"][2]["content"][0]["tool_use_id"] == "toolu_1"


def test_the_agent_gives_up_on_a_model_that_never_answers() -> None:
    class Looping:
        name, provider = "loop", "scripted"

        def create(self, **_: Any) -> Reply:
            call = {"type": "tool_use", "id": "t", "name": "lookup_order", "input": {"number": 1}}
            return Reply("m", "loop", [call], "tool_use", 1, 1)

    recorder = Recorder(tracer_provider("v1"), WallClock(), conversation="c", user=None)
    done = Conversation(VERSIONS["v1"], Looping(), recorder).ask("hi")
    assert (done.model_calls, len(done.calls)) == (MAX_MODEL_CALLS, MAX_MODEL_CALLS)
    assert done.calls[0].is_error
    assert "colleague" in done.text


def test_a_model_that_cannot_be_asked_ends_the_command_with_advice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(401, json={"error": {"type": "authentication_error", "message": "invalid x-api-key"}})

    transport = anthropic.DefaultHttpxClient(transport=httpx2.MockTransport(refuse))
    with anthropic.Anthropic(api_key="test", base_url="http://model.invalid", http_client=transport) as client:
        monkeypatch.setattr(anthropic, "Anthropic", lambda: client)
        assert main(["--model", "anthropic", "--requests", "1"]) == 1
    assert "invalid x-api-key" in (told := capsys.readouterr().err)
    assert "Set ANTHROPIC_API_KEY" in told
