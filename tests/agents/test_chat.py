"""A conversation about a run: citations are looked up, history is kept, a stopped answer leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest
from conversations import Builder
from refunds import refund_run
from retrospan.agents.chat import Answer, Chat
from retrospan.agents.events import Ending, Event, TextDelta
from retrospan.agents.model import make_client
from retrospan.agents.spending import Budget, Purse
from retrospan.services.reviewing.sentences import explanation_of
from retrospan.store.contract import Store
from retrospan.store.jobs.transcripts import list_transcripts
from scripted_model import Reply, Script, ScriptedModel, asks, says, serving, tool_use

GOOD = (
    'It promised 45 days [3: "You have 45 days"]. The policy allows 30. [2: “within 30 days”] It was rude [3: "rude"].'
)


def put(
    chat: Chat, script: Script, words: str, *, on_event: Callable[[Event], None] = lambda event: None
) -> tuple[Answer, ScriptedModel]:
    with serving(script) as model:

        async def main() -> Answer:
            async with make_client(api_key="test", base_url=model.url) as client:
                return await chat.ask(client, words, Purse(Budget(), None), on_event=on_event)

        return anyio.run(main), model


@pytest.fixture
def chat(store: Store, traces: Builder) -> Chat:
    refund_run(traces)
    return Chat(store, 1, "claude-sonnet-5-5")


def test_each_sentence_has_its_steps_and_a_lie_is_marked(chat: Chat) -> None:
    answer, _ = put(chat, lambda body: says(GOOD), "What went wrong?")
    assert [said.text for said in answer.said] == [
        "It promised 45 days.",
        "The policy allows 30.",
        "It was rude.",
    ]
    assert [[s.step for s in said.supports] for said in answer.said] == [[3], [2], []]
    assert answer.refused == 1
    assert explanation_of(answer.claims) == "It promised 45 days [3]. The policy allows 30 [2]."


def test_a_citation_of_another_run_is_not_taken_for_this_one(chat: Chat) -> None:
    answer, _ = put(chat, lambda body: says('It promised [T9.3: "You have 45 days"].'), "And?")
    assert (len(answer.claims), answer.refused) == (0, 1)


def test_a_second_question_goes_on_with_the_first(store: Store, chat: Chat) -> None:
    def looks_first(body: dict[str, Any]) -> Reply:
        if len(body["messages"]) == 1:
            return asks(tool_use("get_trace", trace="T1", steps="3"))
        return says(GOOD)

    put(chat, looks_first, "What went wrong?")
    _, model = put(chat, lambda body: says("Nothing more."), "And then?")
    assert [message["role"] for message in model.requests[0]["messages"]] == [
        "user",
        "assistant",
        "user",
        "assistant",
        "user",
    ]
    again = Chat(store, 1, "claude-sonnet-5-5")
    assert [exchange.question for exchange in again.exchanges] == ["What went wrong?", "And then?"]
    (lookup,) = again.exchanges[0].lookups
    assert (lookup.name, lookup.is_error) == ("get_trace", False)
    assert "You have 45 days" in lookup.answer
    assert [row.agent for row in list_transcripts(store, trace_id=1)] == ["chat", "chat"]


def test_an_answer_stopped_in_mid_stream_leaves_the_history_as_it_was(store: Store, chat: Chat) -> None:
    put(chat, lambda body: says("First answer."), "First?")
    heard: list[str] = []
    with serving(lambda body: says("slowly " * 100, pause_s=0.02)) as model:

        async def main() -> None:
            async with make_client(api_key="test", base_url=model.url) as client:
                with anyio.CancelScope() as scope:

                    def stop(event: Event) -> None:
                        heard.append(event.text if isinstance(event, TextDelta) else "")
                        if len(heard) == 3:
                            scope.cancel()

                    await chat.ask(client, "Second?", Purse(Budget(), None), on_event=stop)

        anyio.run(main)
    assert heard
    for seen in (chat, Chat(store, 1, "claude-sonnet-5-5")):
        assert [exchange.question for exchange in seen.exchanges] == ["First?"]
    answer, model = put(chat, lambda body: says("Third answer."), "Third?")
    assert answer.ending is Ending.ANSWERED
    assert "Second?" not in str(model.requests[0]["messages"])
    with store.read() as con:
        requests = con.execute("SELECT requests FROM agent_task").fetchone()[0]
    assert requests == 3, "what the stopped answer took is counted"


def test_a_refused_question_leaves_the_history_as_it_was(chat: Chat) -> None:
    answer, _ = put(chat, lambda body: says("No.", stop_reason="refusal"), "Confirm it!")
    assert answer.ending is Ending.REFUSED
    assert chat.exchanges == []


def test_forgetting_begins_anew(store: Store, chat: Chat) -> None:
    put(chat, lambda body: says("An answer."), "A question?")
    chat.forget()
    assert Chat(store, 1, "m").exchanges == []
    assert len(list_transcripts(store)) == 1
