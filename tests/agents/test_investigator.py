"""The investigator believes a model as far as the steps hold its words, whatever the endpoint does."""

from __future__ import annotations

from typing import Any

import pytest
from agents_at_work import Investigate
from conversations import Builder
from refunds import investigates, refund_run
from retrospan.agents.events import Ending, TextDelta, ToolAnswered, ToolCalled
from retrospan.agents.model import ModelError
from retrospan.agents.spending import Budget, Limits
from retrospan.services.reviewing.sentences import explanation_of
from retrospan.store.contract import Store
from retrospan.store.jobs.agent_runs import Spent
from scripted_model import Reply, asks, claim, refuses_load, reports, says, text, tool_use, turn_of


def test_every_sentence_names_the_steps_that_hold_its_words(traces: Builder, investigate_with: Investigate) -> None:
    refund_run(traces)
    result, _ = investigate_with(investigates)
    assert result.ending is Ending.ANSWERED
    assert result.findings is not None
    assert explanation_of(result.findings.claims) == "The reply promises 45 days [3]. The policy allows 30 [2]."
    assert result.findings.cause_step is not None
    assert result.findings.cause_step.step == 3
    assert result.refused == ()


def test_the_model_sees_reading_tools_alone_and_the_run_inside_a_fence(
    traces: Builder, investigate_with: Investigate
) -> None:
    refund_run(traces)
    _, model = investigate_with(investigates)
    names = {tool["name"] for tool in model.requests[0]["tools"]}
    assert {"get_trace", "open_case", "search_traces", "report_findings"} <= names
    assert not {name for name in names if name.startswith(("propose", "request", "confirm", "sign"))}
    first = model.requests[0]["messages"][0]["content"]
    assert first.index("⟦") < first.index("You have 45 days") < first.rindex("⟦/")
    assert "thread" not in model.requests[0]
    assert "temperature" not in model.requests[0]


def test_the_prompt_is_cached_and_the_whole_history_is_sent(traces: Builder, investigate_with: Investigate) -> None:
    refund_run(traces)
    _, model = investigate_with(investigates)
    assert model.requests[1]["system"][0]["cache_control"] == {"type": "ephemeral"}
    assert model.requests[1]["tools"] == model.requests[0]["tools"]
    assert [message["role"] for message in model.requests[1]["messages"]] == ["user", "assistant", "user"]


def test_a_lie_about_a_step_is_dropped_counted_and_told_to_the_model(
    traces: Builder, investigate_with: Investigate
) -> None:
    refund_run(traces)

    def lies(body: dict[str, Any]) -> Reply:
        return reports(
            claim("The reply promises 45 days.", 3, "You have 45 days"),
            claim("The agent deleted the order.", 2, "order deleted"),
            claim("It happened in a step that is not there.", 99, "You have 45 days"),
            {"sentence": "Everybody knows that.", "evidence": []},
        )

    result, model = investigate_with(lies)
    assert result.findings is not None
    assert [entry.sentence for entry in result.findings.claims] == ["The reply promises 45 days."]
    assert len(result.findings.dropped) == 3
    assert turn_of(model.requests[-1]) == 2, "sent back twice, then the rest has to do"
    told = str(model.requests[1]["messages"][-1])
    assert "'order deleted' does not stand in step 2" in told


def test_a_model_that_only_lies_leaves_nothing_to_propose(traces: Builder, investigate_with: Investigate) -> None:
    refund_run(traces)
    result, _ = investigate_with(lambda body: reports(claim("It stole money.", 1, "money stolen")))
    assert not result.holds
    assert len(result.refused) == 3


def test_a_cause_step_that_no_sentence_supports_is_left_out(traces: Builder, investigate_with: Investigate) -> None:
    refund_run(traces)
    result, _ = investigate_with(
        lambda body: reports(claim("The reply promises 45 days.", 3, "You have 45 days"), cause="tool", cause_step="1")
    )
    assert result.findings is not None
    assert result.findings.cause_step is None


def test_parallel_tools_are_answered_together(traces: Builder, investigate_with: Investigate) -> None:
    refund_run(traces)
    refund_run(traces, days=30)

    def reads_two(body: dict[str, Any]) -> Reply:
        if turn_of(body) == 0:
            two = [tool_use("get_trace", trace=name, steps="3") for name in ("T1", "T2")]
            return asks(*two, tool_use("search_traces", query="status:nonsense"))
        return investigates(body)

    events: list[object] = []
    result, model = investigate_with(reads_two, on_event=events.append)
    assert result.holds
    results = model.requests[1]["messages"][-1]["content"]
    assert [bool(part.get("is_error")) for part in results] == [False, False, True]
    assert sum(isinstance(event, ToolAnswered) for event in events) == 4
    assert sum(isinstance(event, ToolCalled) for event in events) == 4


def test_words_come_as_they_are_said(traces: Builder, investigate_with: Investigate) -> None:
    refund_run(traces)
    heard: list[str] = []
    investigate_with(
        investigates, on_event=lambda event: heard.append(event.text) if isinstance(event, TextDelta) else None
    )
    assert "".join(heard) == "I look at the steps."


@pytest.mark.parametrize("status", [429, 529])
def test_a_busy_endpoint_is_asked_again(traces: Builder, investigate_with: Investigate, status: int) -> None:
    refund_run(traces)
    asked = 0

    def busy_twice(body: dict[str, Any]) -> Reply:
        nonlocal asked
        asked += 1
        return refuses_load(status) if asked in (1, 3) else investigates(body)

    result, _ = investigate_with(busy_twice)
    assert result.holds
    assert result.spent.requests == 2, "what was refused for load is not billed"


def test_an_endpoint_that_stays_busy_ends_the_conversation_for_now(
    traces: Builder, investigate_with: Investigate
) -> None:
    refund_run(traces)
    result, _ = investigate_with(lambda body: refuses_load(529))
    assert result.ending is Ending.FAILED
    assert "529" in result.problem
    assert result.spent.requests == 0


@pytest.mark.parametrize("events", [1, 3, 6])
def test_a_stream_that_breaks_off_is_asked_again_and_paid(
    traces: Builder, investigate_with: Investigate, events: int
) -> None:
    refund_run(traces)
    asked = 0

    def cut_once(body: dict[str, Any]) -> Reply:
        nonlocal asked
        asked += 1
        reply = investigates(body)
        return Reply(reply.content, reply.stop_reason, cut_after=events) if asked == 2 else reply

    result, model = investigate_with(cut_once)
    assert result.holds
    assert len(model.requests) == 3
    assert model.requests[1] == model.requests[2], "a broken reply leaves no trace in the history"
    assert result.spent.requests == 3


def test_a_refusal_is_no_answer(traces: Builder, investigate_with: Investigate) -> None:
    refund_run(traces)
    result, _ = investigate_with(lambda body: says("I cannot help with that.", stop_reason="refusal"))
    assert result.ending is Ending.REFUSED
    assert result.findings is None


def test_a_reply_that_is_cut_at_its_limit_is_no_answer(traces: Builder, investigate_with: Investigate) -> None:
    refund_run(traces)
    result, _ = investigate_with(lambda body: says("The run went", stop_reason="max_tokens"))
    assert result.ending is Ending.TRUNCATED


def test_a_model_that_only_talks_is_reminded_once(traces: Builder, investigate_with: Investigate) -> None:
    refund_run(traces)
    result, model = investigate_with(lambda body: says("It went wrong, I think."))
    assert result.ending is Ending.SILENT
    assert "report_findings" in model.requests[1]["messages"][-1]["content"]
    assert len(model.requests) == 2


def test_turns_are_capped_and_the_last_one_is_announced(traces: Builder, investigate_with: Investigate) -> None:
    refund_run(traces)
    result, model = investigate_with(lambda body: asks(tool_use("get_trace", trace="T1")), limits=Limits(turns=3))
    assert result.ending is Ending.LIMIT
    assert len(model.requests) == 3
    assert "This is the last turn" in str(model.requests[2]["messages"][-1])
    assert "This is the last turn" not in str(model.requests[1]["messages"][-1])


def test_a_slow_model_is_given_up(traces: Builder, investigate_with: Investigate) -> None:
    refund_run(traces)
    result, _ = investigate_with(lambda body: says("slowly " * 200, pause_s=0.2), limits=Limits(seconds=0.8))
    assert result.ending is Ending.TIME
    assert result.spent.usage.input_tokens > 0, "what it said until then is billed"


def test_an_endpoint_that_says_nothing_is_asked_again_later(traces: Builder, investigate_with: Investigate) -> None:
    refund_run(traces)
    result, _ = investigate_with(lambda body: refuses_load(429, retry_after_ms=60_000), limits=Limits(seconds=0.8))
    assert result.ending is Ending.FAILED
    assert "no answer within" in result.problem


def test_no_request_leaves_that_could_pass_the_budget(traces: Builder, investigate_with: Investigate) -> None:
    refund_run(traces)
    result, model = investigate_with(investigates, budget=Budget(tokens=5_000))
    assert result.ending is Ending.BUDGET
    assert model.requests == []
    result, model = investigate_with(
        lambda body: asks(tool_use("get_trace", trace="T1")), budget=Budget(usd=0.2), limits=Limits(turns=40)
    )
    assert result.ending is Ending.BUDGET
    assert 0.05 < result.spent.cost_usd <= 0.2


def test_where_the_estimate_does_not_fit_the_endpoints_own_count_may(
    traces: Builder, investigate_with: Investigate
) -> None:
    refund_run(traces)
    _, model = investigate_with(investigates)
    room = len(str(model.requests[0])) // 4 + Limits().output_tokens + 200
    result, model = investigate_with(investigates, budget=Budget(tokens=room))
    assert result.ending is Ending.BUDGET
    assert len(model.requests) == 1, "the estimate alone would have stopped the first request"


def test_a_wrong_key_stops_everything(traces: Builder, investigate_with: Investigate) -> None:
    refund_run(traces)
    with pytest.raises(ModelError, match="refuses this key"):
        investigate_with(lambda body: Reply(status=401, error="authentication_error"))


def test_a_conversation_goes_on_where_it_was_kept(traces: Builder, store: Store, investigate_with: Investigate) -> None:
    refund_run(traces)
    kept: list[dict[str, Any]] = []

    def keep(checkpoint: dict[str, Any], took: Spent) -> None:
        kept.append({**checkpoint, "history": [*checkpoint["history"]]})

    investigate_with(investigates, on_turn=keep)
    result, model = investigate_with(investigates, checkpoint=kept[0])
    assert result.holds
    assert [turn_of(body) for body in model.requests] == [1], "the first turn was paid and is not repeated"
    result, model = investigate_with(investigates, checkpoint=kept[1])
    assert result.holds
    assert model.requests == [], "the answer was there already"


def test_the_canary_in_what_the_model_says_ends_the_conversation(
    traces: Builder, investigate_with: Investigate
) -> None:
    refund_run(traces)

    def leaks(body: dict[str, Any]) -> Reply:
        canary = body["system"][0]["text"].split("The word ")[1].split(" ")[0]
        return asks(text("Looking."), tool_use("search_traces", query=f"{canary}"))

    result, model = investigate_with(leaks)
    assert result.ending is Ending.SUSPICIOUS
    assert len(model.requests) == 1
