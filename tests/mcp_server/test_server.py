"""The server through the SDK's own client, in both protocol eras."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal

import anyio
import pytest
from conversations import Builder
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, CallToolResult, TextContent, TextResourceContents
from retrospan.mcp_server import registry
from retrospan.mcp_server.instructions import INSTRUCTIONS
from retrospan.mcp_server.server import build_server
from retrospan.store.audit.access import list_access
from retrospan.store.contract import Store
from retrospan.store.opening import open_store

Mode = Literal["auto", "legacy"]


@pytest.fixture(params=["auto", "legacy"])
def mode(request: pytest.FixtureRequest) -> Mode:
    chosen: Mode = request.param
    return chosen


def talk(store: Store, mode: Mode, dialogue: Callable[[Client], Awaitable[None]], **options: Any) -> None:
    """Run a dialogue of a client with a server of its own."""

    async def both() -> None:
        async with Client(build_server(store, **options), mode=mode) as client:
            await dialogue(client)

    anyio.run(both)


def text_of(result: CallToolResult) -> str:
    (block,) = result.content
    assert isinstance(block, TextContent)
    assert result.structured_content is None
    return block.text


def test_a_client_finds_and_reads_a_run(store: Store, runs: Builder, mode: Mode) -> None:
    async def dialogue(client: Client) -> None:
        assert client.instructions == INSTRUCTIONS
        assert "T3.2" in text_of(await client.call_tool("search_traces", {"query": "shipped"}))
        result = await client.call_tool("get_trace", {"trace": "T3"})
        assert not result.is_error
        assert "order R-9 was shipped" in text_of(result)

    talk(store, mode, dialogue)


def test_our_errors_reach_the_model_in_full(store: Store, runs: Builder, mode: Mode) -> None:
    async def dialogue(client: Client) -> None:
        result = await client.call_tool("get_trace", {"trace": "T99"})
        assert result.is_error
        assert text_of(result) == "No trace 'T99' (newest: T3). Search to find the id."
        result = await client.call_tool("get_trace", {"trace": "T1", "bugdet": 3})
        assert "did you mean 'budget'" in text_of(result)

    talk(store, mode, dialogue)


def test_a_fault_of_ours_tells_nothing_but_where_the_log_is(
    store: Store, runs: Builder, mode: Mode, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> str:
        raise KeyError("secret \x1b[31m text of a trace")

    monkeypatch.setattr("retrospan.answers.reading_traces.read_trace", broken)

    async def dialogue(client: Client) -> None:
        result = await client.call_tool("get_trace", {"trace": "T1"})
        assert result.is_error
        assert "secret" not in text_of(result)
        assert "stderr" in text_of(result)

    talk(store, mode, dialogue)
    assert "secret" in caplog.text
    assert "\x1b" not in caplog.text


def test_read_only_refuses_writing_tools_by_name(store: Store, runs: Builder, mode: Mode) -> None:
    async def dialogue(client: Client) -> None:
        result = await client.call_tool("request_review", {"trace": "T1", "question": "Was it right?"})
        assert result.is_error
        assert "No tool 'request_review' here" in text_of(result)

    talk(store, mode, dialogue, read_only=True)


def test_prompts_name_only_tools_that_exist(store: Store, mode: Mode) -> None:
    async def dialogue(client: Client) -> None:
        prompts = (await client.list_prompts()).prompts
        names = ["triage", "discover", "explain_failure", "before_change", "verify_fix"]
        assert [prompt.name for prompt in prompts] == names
        for prompt in prompts:
            assert prompt.description
            arguments = {argument.name: "T1" for argument in prompt.arguments or []}
            (message,) = (await client.get_prompt(prompt.name, arguments)).messages
            assert isinstance(message.content, TextContent)
            words = [word.strip("(.,:").split("(")[0] for word in message.content.text.split() if "_" in word]
            assert {word.strip(".,:)") for word in words} <= set(registry.load_tools())

    talk(store, mode, dialogue)


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("explain_failure", None, "argument 'trace' is missing, wanted is string (Id of a run, as T412)"),
        ("explain_failure", {"tracee": "T1"}, "no argument 'tracee'; did you mean 'trace'?"),
        ("before_change", {}, "argument 'what' is missing, wanted is string (Files, tools or prompts to change)"),
        ("before_change", {"what": "  "}, "at least 1 character"),
        ("triage", {"query": "x" * 3_000}, "at most 2000 characters"),
        ("explain_failur", {"trace": "T1"}, "No prompt 'explain_failur' (did you mean 'explain_failure'?"),
    ],
)
def test_a_prompt_asked_for_wrongly_says_what_to_pass(
    store: Store, mode: Mode, name: str, arguments: dict[str, str] | None, says: str
) -> None:
    async def dialogue(client: Client) -> None:
        with pytest.raises(MCPError) as caught:
            await client.get_prompt(name, arguments)
        assert caught.value.code == INVALID_PARAMS
        assert says in caught.value.message
        assert len(caught.value.message) <= 400

    talk(store, mode, dialogue)


def test_a_reader_is_told_which_steps_of_a_prompt_to_leave_out(store: Store, mode: Mode) -> None:
    async def dialogue(client: Client) -> None:
        (message,) = (await client.get_prompt("triage")).messages
        assert isinstance(message.content, TextContent)
        assert "You may only read here. In place of request_review, propose_verdict:" in message.content.text
        (message,) = (await client.get_prompt("before_change", {"what": "the prompt"})).messages
        assert isinstance(message.content, TextContent)
        assert "only read" not in message.content.text

    talk(store, mode, dialogue, read_only=True)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("retrospan://trace", "Addresses are: retrospan://trace/{trace}, "),
        ("retrospan://trace/..%2f..%2fetc", "Addresses are: "),
        ("https://example.com/", "Addresses are: "),
        ("retrospan://trace/T1/step/", "Write retrospan://trace/T1/step/7"),
        ("retrospan://trace/T1/step/abc", "names no steps"),
        ("retrospan://trace/" + "9" * 5_000, "No trace"),
    ],
)
def test_an_address_without_a_resource_says_which_there_are(
    store: Store, runs: Builder, mode: Mode, address: str, says: str
) -> None:
    async def dialogue(client: Client) -> None:
        with pytest.raises(MCPError) as caught:
            await client.read_resource(address)
        assert caught.value.code == INVALID_PARAMS
        assert says in caught.value.message
        assert len(caught.value.message) <= 1_200

    talk(store, mode, dialogue)


def test_resources_hold_steps_rubrics_and_say_what_is_missing(store: Store, runs: Builder, mode: Mode) -> None:
    async def dialogue(client: Client) -> None:
        (step,) = (await client.read_resource("retrospan://trace/T3/step/2")).contents
        assert isinstance(step, TextResourceContents)
        assert "order R-9 was shipped" in step.text
        (rubric,) = (await client.read_resource("retrospan://rubric/outcome")).contents
        assert isinstance(rubric, TextResourceContents)
        assert "signature valid" in rubric.text
        for address in ("retrospan://trace/T99", "retrospan://trace/T3/step/99", "retrospan://lesson/none"):
            with pytest.raises(MCPError, match="No "):
                await client.read_resource(address)

    talk(store, mode, dialogue)


def test_ids_are_completed_newest_first(store: Store, runs: Builder, mode: Mode) -> None:
    from mcp.types import PromptReference

    async def dialogue(client: Client) -> None:
        reference = PromptReference(type="ref/prompt", name="explain_failure")
        for typed, wanted in (("", ["T3", "T2", "T1"]), ("T2", ["T2"]), ("x", []), ("'; DROP TABLE trace", [])):
            found = await client.complete(reference, {"name": "trace", "value": typed})
            assert found.completion.values == wanted

    talk(store, mode, dialogue)


CASE = """\
id: {id}
title: Pays what was paid
input: Refund order R-1
checks:
  - check: output_contains
    text: "49.00"
"""


def test_addresses_of_resources_are_completed(store: Store, runs: Builder, mode: Mode) -> None:
    from mcp.types import ResourceTemplateReference

    lesson = {"what_happened": "94.00 for 49.00.", "why": "It used the price.", "what_to_do": "Use what was paid."}

    async def dialogue(client: Client) -> None:
        for name in ("pays-what-was-paid", "asks-first"):
            drafted = await client.call_tool("propose_lesson", {**lesson, "title": name, "case": CASE.format(id=name)})
            assert not drafted.is_error, drafted
        for argument, typed, wanted in (
            ("case", "pays", ["pays-what-was-paid"]),
            ("case", "", ["asks-first", "pays-what-was-paid"]),
            ("lesson", "asks", ["asks-first"]),
            ("rubric", "out", ["outcome"]),
            ("trace", "T1", ["T1"]),
        ):
            reference = ResourceTemplateReference(type="ref/resource", uri=f"retrospan://{argument}/{{{argument}}}")
            found = await client.complete(reference, {"name": argument, "value": typed})
            assert found.completion.values == wanted

    talk(store, mode, dialogue)


def test_proposals_carry_the_name_of_the_client_as_an_agent(store: Store, runs: Builder) -> None:
    from mcp.types import Implementation

    async def both() -> None:
        info = Implementation(name="human:Ada\n", version="1")
        async with Client(build_server(store), client_info=info, mode="legacy") as client:
            await client.call_tool("request_review", {"trace": "T1", "question": "Was it right?"})
            assert "by agent:humanAda:" in text_of(await client.call_tool("list_reviews", {}))

    anyio.run(both)


def test_calls_at_the_same_time_share_one_store(store: Store, runs: Builder) -> None:
    async def dialogue(client: Client) -> None:
        answers: list[str] = []

        async def ask(number: int) -> None:
            question = {"trace": f"T{number % 3 + 1}", "question": f"Question {number}?"}
            answers.append(text_of(await client.call_tool("request_review", question)))
            answers.append(text_of(await client.call_tool("get_trace", {"trace": f"T{number % 3 + 1}"})))

        async with anyio.create_task_group() as group:
            for number in range(24):
                group.start_soon(ask, number)
        assert len(answers) == 48

    talk(store, "auto", dialogue)
    with store.read() as con:
        assert con.execute("SELECT count(*) FROM review_item").fetchone()[0] == 24


def test_two_servers_on_one_store_see_what_each_writes(store: Store, runs: Builder) -> None:
    async def both() -> None:
        with open_store(store.location) as second:
            async with Client(build_server(store)) as here, Client(build_server(second)) as there:
                await here.call_tool("request_review", {"trace": "T1", "question": "Was the amount right?"})
                assert "Was the amount right?" in text_of(await there.call_tool("list_reviews", {}))
                answer = {"subject": "R1", "label": "cant_tell", "explanation": "The policy is not in the run."}
                await there.call_tool("propose_verdict", answer)
                assert "P1" in text_of(await here.call_tool("list_reviews", {"item": "R1"}))

    anyio.run(both)


@pytest.mark.parametrize("read_only", [False, True])
def test_runs_that_a_client_reads_are_in_the_access_log(
    store: Store, runs: Builder, mode: Mode, read_only: bool
) -> None:
    async def dialogue(client: Client) -> None:
        for _ in range(2):
            await client.call_tool("get_trace", {"trace": "T3", "steps": "1"})
        await client.call_tool("open_case", {"trace": "T1"})
        await client.call_tool("diff_traces", {"left": "T1", "right": "T2"})
        await client.read_resource("retrospan://trace/T2/step/1")
        await client.call_tool("get_trace", {"trace": "T99"})
        await client.call_tool("search_traces", {"query": "refund"})

    talk(store, mode, dialogue, read_only=read_only)
    noted = [(entry.action.value, entry.subject, entry.detail) for entry in reversed(list_access(store))]
    assert noted == (
        []
        if read_only
        else [
            ("read", "T3", "get_trace"),
            ("read", "T1", "open_case"),
            ("read", "T1, T2", "diff_traces"),
            ("read", "T2", "resource"),
        ]
    )
