"""What single frameworks do their own way, beside wrappers: kinds by name, reprs of objects, agents told elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from raw_spans import raw_span, span
from retrospan.ingest.conventions.registry import to_batch
from retrospan.ingest.conventions.reprs import quoted_after
from retrospan.model.traces import Document, Fold, Message, StepError, StepKind

KIND = "openinference.span.kind"


def scope(framework: str, parent: str | None = "00f067aa0ba902b7") -> dict[str, Any]:
    return {"scope": f"openinference.instrumentation.{framework}", "parent": parent}


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({"tool.name": "transfer_to_billing_agent"}, StepKind.TOOL),
        ({"llm.invocation_parameters": '{"model": "m"}'}, StepKind.LLM),
        ({"retrieval.documents.0.document.content": "30 days"}, StepKind.RETRIEVER),
        ({"metadata": {"langgraph_node": "agent"}}, StepKind.CHAIN),
        ({"metadata": {"langgraph_node": "billing"}}, StepKind.AGENT),
        ({"metadata": {"langgraph_node": "billing"}, "output.value": '{"messages": []}'}, StepKind.AGENT),
        ({"metadata": {"langgraph_node": "billing"}, "output.value": "desk"}, StepKind.CHAIN),
        ({}, StepKind.AGENT),
    ],
)
def test_langchain_runs_are_no_agents_for_the_word_in_their_name(attributes: dict[str, Any], kind: StepKind) -> None:
    assert span({KIND: "AGENT", **attributes}, name="agent", **scope("langchain")).kind is kind


def test_a_ready_made_graph_agent_bears_the_name_of_the_node_that_holds_it() -> None:
    path = "front_office:97f2|agent:1a6d"
    inside = {"langgraph_node": "agent", "langgraph_checkpoint_ns": path}
    alone = {"langgraph_node": "agent", "langgraph_checkpoint_ns": "agent:1a6d"}
    other = {"langgraph_node": "write", "langgraph_checkpoint_ns": "essay:97f2|write:1a6d"}

    agents = [span({KIND: "LLM", "metadata": found}, **scope("langchain")).agent for found in (inside, alone, other)]

    assert agents == ["front_office", None, None]


@pytest.mark.parametrize(
    ("name", "output", "kind", "fold"),
    [
        ("PIIMiddleware[email].before_model", "null", StepKind.GUARDRAIL, None),
        ("topic_guard.after_agent", '{"jump_to": "end"}', StepKind.GUARDRAIL, None),
        ("Summarization.before_model", "null", StepKind.CHAIN, Fold.WRAPPER),
        ("Summarization.before_model", '{"messages": []}', StepKind.CHAIN, None),
    ],
)
def test_middleware_is_a_guard_or_a_step_where_it_changed_something(
    name: str, output: str, kind: StepKind, fold: Fold | None
) -> None:
    values = {"input.value": {"messages": []}, "output.value": output, "output.mime_type": "application/json"}

    found = span({KIND: "CHAIN", **values}, name=name, **scope("langchain"))

    assert (found.kind, found.fold) == (kind, fold)


def test_a_resumed_graph_is_asked_what_the_person_answered() -> None:
    command: dict[str, Any] = {"graph": None, "update": None, "resume": "yes", "goto": []}

    assert span({KIND: "CHAIN", "input.value": command}, **scope("langchain", None)).inputs == "yes"


@pytest.mark.parametrize(
    ("framework", "name", "kind", "agent"),
    [
        ("llama_index", "FunctionAgent.run", StepKind.AGENT, "FunctionAgent"),
        ("dspy", "ReAct.forward", StepKind.AGENT, "ReAct"),
        ("haystack", "Agent.run", StepKind.AGENT, "Agent"),
        ("llama_index", "SentenceTransformerRerank._postprocess_nodes", StepKind.RERANKER, None),
        ("llama_index", "SimilarityPostprocessor._postprocess_nodes", StepKind.CHAIN, None),
    ],
)
def test_agents_and_rerankers_are_told_by_their_class(framework: str, name: str, kind: StepKind, agent: str) -> None:
    found = span({KIND: "CHAIN", "input.value": "x"}, name=name, **scope(framework))

    assert (found.kind, found.agent, found.fold) == (kind, agent, None)


@pytest.mark.parametrize(
    ("framework", "name", "tool"),
    [
        ("dspy", "run_sql.__call__", "run_sql"),
        ("haystack", "InMemoryBM25Retriever.run", "InMemoryBM25Retriever"),
        ("llama_index", "VectorIndexRetriever.aretrieve", "VectorIndexRetriever"),
        ("langchain", "files.read", "files.read"),
    ],
)
def test_the_method_is_no_part_of_a_tools_name(framework: str, name: str, tool: str) -> None:
    assert span({KIND: "RETRIEVER"}, name=name, **scope(framework)).tool == tool


@pytest.mark.parametrize(
    ("framework", "name"),
    [
        ("dspy", "Predict(StringSignature).forward"),
        ("dspy", "ChatAdapter.__call__"),
        ("llama_index", "RetrieverQueryEngine._aquery"),
    ],
)
def test_inner_halves_of_a_framework_are_wrappers(framework: str, name: str) -> None:
    assert span({KIND: "CHAIN", "input.value": "x"}, name=name, **scope(framework)).fold is Fold.WRAPPER


def test_a_llama_index_turn_names_its_agent_and_the_run_its_answer() -> None:
    turn = "AgentSetup(input=[ChatMessage(blocks=[TextBlock(text='Hi')])], current_agent_name='analyst')"
    step = span({KIND: "CHAIN", "input.value": {"ev": turn}}, name="AgentWorkflow.setup_agent", **scope("llama_index"))
    answer = "StopEvent(result=AgentOutput(response=ChatMessage(blocks=[TextBlock(block_type='text', text='It\\'s S.')]"
    state = {KIND: "CHAIN", "input.value": {"init_state": {}}}

    assert (step.agent, step.fold) == ("analyst", Fold.WRAPPER)
    for output, said in ((answer, "It's S."), (answer[:-12], None)):
        run = span({**state, "output.value": output}, name="AgentWorkflow.run", **scope("llama_index", None))
        assert (run.kind, run.inputs, run.outputs, run.attributes["outputs"]) == (StepKind.AGENT, None, said, output)


def test_llama_index_arguments_have_no_addresses_of_objects() -> None:
    given = {"kwargs": {"to": "analyst", "ctx": "<workflows.context.Context object at 0x7fcef4351590>"}}

    found = span({KIND: "TOOL", "tool.name": "handoff", "input.value": given}, **scope("llama_index"))

    assert found.inputs == {"to": "analyst"}


def test_llama_index_nodes_are_documents_by_id_and_score() -> None:
    values = {
        "input.value": {"query_bundle": {"query_str": "parking?"}},
        "output.value": ["<NodeWithScore(node=TextNode(id_=parking), score=0.75)>"],
        "output.mime_type": "application/json",
    }

    found = span({KIND: "CHAIN", **values}, name="LLMRerank._postprocess_nodes", **scope("llama_index"))

    assert found.documents == (Document("", "parking", 0.75),)


def test_a_smolagents_run_shows_task_and_final_answer() -> None:
    stream = "ChatMessageStreamDelta(content='x')ActionStep(step_number=1)FinalAnswerStep(output='10:00')"
    values = {"input.value": {"task": "Any slot?", "reset": True, "images": None}, "output.value": stream}

    found = span({KIND: "AGENT", **values}, name="ToolCallingAgent.run", **scope("smolagents", None))

    assert (found.inputs, found.outputs) == ("Any slot?", "10:00")
    assert found.attributes["inputs"] == values["input.value"]


def test_a_failed_crew_tells_its_tasks_and_no_settings() -> None:
    root = span(
        {KIND: "CHAIN", "crew_tasks": [{"description": "Refund A-1"}]}, name="Crew_1.kickoff", **scope("crewai", None)
    )
    settings = {"agent": {"role": "clerk", "backstory": "…"}, "context": None}
    agent = span({KIND: "AGENT", "input.value": settings}, name="clerk._execute_core", **scope("crewai"))

    assert root.inputs == "Refund A-1"
    assert (agent.inputs, agent.attributes["inputs"]) == (None, settings)


def test_a_failed_agno_run_says_why() -> None:
    found = span({KIND: "AGENT", "output.value": "slow down"}, status=2, message="run status: error", **scope("agno"))

    assert (found.error, found.outputs) == (StepError("slow down"), None)


USER = "ChatMessage(_role=<ChatRole.USER: 'user'>, _content=[TextContent(text='Any slot?')], _name=None)"
REPLY = "ChatMessage(_role=<ChatRole.ASSISTANT: 'assistant'>, _content=[TextContent(text=\"It's 10:00\")])"
RESULT = "ChatMessage(_role=<ChatRole.TOOL: 'tool'>, _content=[ToolCallResult(result='10:00', error=False)])"


@pytest.mark.parametrize(
    "given", [{"data": {"llm": {"messages": [USER]}}}, {"data": {"embedder": {"text": "Any slot?", "k": 2}}}]
)
def test_a_haystack_pipeline_shows_question_and_reply(given: dict[str, Any]) -> None:
    values = {"input.value": given, "output.value": {"llm": {"replies": [REPLY]}}}

    found = span({KIND: "CHAIN", **values}, name="Pipeline.run", **scope("haystack", None))

    assert (found.inputs, found.outputs) == ("Any slot?", "It's 10:00")


def test_haystack_tool_results_are_read_from_the_messages_reprs() -> None:
    flat = {
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "Any slot?",
        "llm.input_messages.1.message.role": "tool",
    }

    found = span({KIND: "LLM", **flat, "input.value": {"messages": [USER, RESULT]}}, **scope("haystack"))

    assert found.input_messages == (Message("user", "Any slot?"), Message("tool", "10:00"))


def test_autogen_results_under_the_function_role_tell_errors() -> None:
    told = '{"name": "book", "content": "taken", "call_id": "c1", "is_error": true}'
    messages = {"llm.input_messages.0.message.role": "function", "llm.input_messages.0.function.0": told}

    found = span({KIND: "LLM", **messages}, **scope("autogen_agentchat"))

    assert found.input_messages == (Message("tool", "taken", (), "c1", "book", None, True),)


@pytest.mark.parametrize("end", ["type='TextMessage'", "type='ToolCallSummaryMessage' tool_calls=[] results=[]"])
def test_an_autogen_agent_is_asked_the_last_message(end: str) -> None:
    asked = "id='4ec5' source='user' models_usage=None metadata={} content='Any slot?' " + end
    values = {"input.value": {"messages": [asked], "cancellation_token": None}}

    found = span({KIND: "AGENT", **values}, name="desk.on_messages_stream", **scope("autogen_agentchat"))

    assert (found.inputs, found.agent) == ("Any slot?", "desk")


def test_autogen_agents_hang_under_the_team_and_not_under_messages() -> None:
    team = raw_span({KIND: "CHAIN", "input.value": "x"}, name="Swarm.run", span_id="a" * 16)
    bus = {"messaging.operation": "process"}
    publish = raw_span(bus, scope="autogen SingleThreadedAgentRuntime", span_id="b" * 16, parent="a" * 16)
    process = raw_span(bus, scope="autogen SingleThreadedAgentRuntime", span_id="c" * 16, parent="b" * 16)
    agent = raw_span({KIND: "AGENT"}, name="desk", span_id="d" * 16, parent="c" * 16)
    made = raw_span({"gen_ai.system": "autogen", "gen_ai.operation.name": "create_agent"}, span_id="e" * 16)

    spans = to_batch([agent, process, publish, made, team]).spans

    assert [(one.span_id[0], one.parent_span_id) for one in spans] == [("d", "a" * 16), ("a", None)]


@pytest.mark.parametrize(
    ("text", "found"),
    [("text='It\\'s'", "It's"), ('text="a\\nb"', "a\nb"), ("text='cut", None), ("text=None", None), ("x='y'", None)],
)
def test_a_literal_in_a_repr_is_read_whole_or_not_at_all(text: str, found: str | None) -> None:
    assert quoted_after(text, "text=") == found
