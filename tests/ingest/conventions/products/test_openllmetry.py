"""OpenLLMetry over LangChain, LlamaIndex and CrewAI, as seen on the wire."""

from __future__ import annotations

from typing import Any

from raw_spans import span
from retrospan.model.traces import Fold, Message, StepError, StepKind, ToolCall, Usage

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-5"}


LANGCHAIN = {"traceloop.entity.path": "", "traceloop.association.properties.lc_agent_name": "desk"}


def test_traceloop_takes_langchains_callback_off_inputs_and_outputs() -> None:
    given = {"input_str": "{'day': '2026-12-03'}", "tags": ["seq:step:1"], "metadata": {"x": 1}}
    message = {"content": '{"slots": 2}', "type": "tool", "tool_call_id": "c1", "status": "success"}
    made = {"output": {"lc": 1, "type": "constructor", "id": ["x", "ToolMessage"], "kwargs": message}, "kwargs": {}}

    tool = span(
        {
            **LANGCHAIN,
            "traceloop.span.kind": "tool",
            "gen_ai.tool.name": "find",
            "traceloop.entity.input": given,
            "traceloop.entity.output": made,
        }
    )
    flow = span(
        {
            "traceloop.span.kind": "workflow",
            "traceloop.entity.input": {"inputs": {"q": "Hi", "lang": "pl"}, "tags": [], "metadata": {}, "kwargs": {}},
            "traceloop.entity.output": {"outputs": "Cześć!", "kwargs": {"tags": []}},
        }
    )

    assert (tool.tool, tool.inputs, tool.outputs) == ("find", {"day": "2026-12-03"}, {"slots": 2})
    assert (tool.tool_call_id, tool.agent) == ("c1", "desk")
    assert (flow.inputs, flow.outputs) == ({"q": "Hi", "lang": "pl"}, "Cześć!")


def test_traceloop_tells_agents_from_runnables_that_it_calls_agents() -> None:
    def flow(name: str, agent: str, parent: str | None = None) -> Any:
        values = {"traceloop.span.kind": "task", "traceloop.entity.name": name, "gen_ai.agent.name": agent}
        return span(values, parent=parent)

    desk, chain, graph = (
        flow("desk", "desk"),
        flow("RunnableSequence", "RunnableSequence"),
        flow("LangGraph", "LangGraph"),
    )

    assert (desk.kind, desk.agent) == (StepKind.AGENT, "desk")
    assert (chain.kind, chain.agent, graph.agent) == (StepKind.CHAIN, None, None)
    assert flow("RunnableSequence", "desk", "b7ad6b7169203332").fold is Fold.WRAPPER


def test_traceloop_reads_arguments_where_only_the_newer_names_are_used() -> None:
    found = span(
        {
            "traceloop.span.kind": "tool",
            "gen_ai.tool.name": "read_file",
            "gen_ai.tool.call.arguments": {"path": "parser.py"},
            "gen_ai.tool.call.result": "def parse(x): …",
        }
    )

    assert (found.inputs, found.outputs) == ({"path": "parser.py"}, "def parse(x): …")


def test_a_crew_under_traceloop_is_a_chain_of_tasks() -> None:
    crew = span({"gen_ai.operation.name": "invoke_agent", "crewai.crew.id": "c", "crewai.crew.result": "Booked."})
    task = span({"traceloop.span.kind": "task", "crewai.task.description": "Book a slot."})

    assert (crew.kind, crew.agent, crew.outputs) == (StepKind.CHAIN, None, "Booked.")
    assert task.inputs == "Book a slot."


def _llama_index(name: str, given: Any = None, made: Any = None, **more: Any) -> Any:
    values = {"traceloop.span.kind": "task", "traceloop.entity.name": name, **more}
    values |= {"traceloop.entity.input": given} if given else {}
    values |= {"traceloop.entity.output": made} if made else {}
    return span(values, scope="opentelemetry.instrumentation.llamaindex", parent="b7ad6b7169203332")


def test_llama_index_tasks_under_traceloop_are_told_by_class_and_content() -> None:
    made = {"tool_name": "find", "raw_output": {"slots": 2}, "is_error": False, "blocks": []}
    function = _llama_index("FunctionTool.task", {"kwargs": {"day": "today"}}, made)
    failed = {"tool_name": "book", "raw_output": "slot is taken", "is_error": True, "blocks": []}
    called = {"tool_name": "book", "tool_kwargs": {"slot": 7}, "tool_id": "c1", "tool_output": failed}
    call = _llama_index("BaseWorkflowAgent.task", made=called)
    node = {"node": {"id_": "mole-02", "text": "within 7 days"}, "score": 0.5}
    retriever = _llama_index("VectorIndexRetriever.task", {"query_bundle": {"query_str": "mole"}}, [node])

    assert (function.kind, function.tool, function.inputs) == (StepKind.TOOL, "find", {"day": "today"})
    assert function.outputs == {"slots": 2}
    assert (call.kind, call.tool, call.tool_call_id, call.inputs) == (StepKind.TOOL, "book", "c1", {"slot": 7})
    assert call.error == StepError("slot is taken")
    assert (retriever.kind, retriever.inputs) == (StepKind.RETRIEVER, {"query": "mole"})
    assert [(found.id, found.content, found.score) for found in retriever.documents] == [
        ("mole-02", "within 7 days", 0.5)
    ]


def test_llama_index_agents_under_traceloop_have_a_name_and_an_answer() -> None:
    answer = {"role": "assistant", "additional_kwargs": {}, "blocks": [{"block_type": "text", "text": "Booked."}]}
    agent = _llama_index(
        "FunctionAgent.workflow", made={"result": {"response": answer, "current_agent_name": "clinic_desk"}}
    )

    assert (agent.kind, agent.agent, agent.outputs) == (StepKind.AGENT, "clinic_desk", "Booked.")
    assert _llama_index("BaseWorkflowAgent.task", made={"input": []}).fold is Fold.WRAPPER
    assert _llama_index("OpenAI.task", made={"message": answer}).fold is Fold.WRAPPER
    assert _llama_index("SentenceSplitter.task", made=["a"]).fold is None


def test_llama_index_model_calls_under_traceloop_have_the_tools_they_ask_for() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"day": "today"}'}}
    answer = {
        "role": "assistant",
        "additional_kwargs": {"tool_calls": [call]},
        "blocks": [
            {"block_type": "text", "text": "Let me look."},
            {"block_type": "tool_call", "tool_call_id": "c1", "tool_name": "find", "tool_kwargs": {"day": "today"}},
        ],
    }
    told = [{"role": "assistant", "parts": [{"type": "text", "content": "Let me look."}]}]
    used = {"gen_ai.usage.input_tokens": 120, "gen_ai.output.messages": told}

    found = _llama_index("OpenAILike.task", made={"message": answer}, **CHAT, **used)

    assert (found.kind, found.usage) == (StepKind.LLM, Usage(120))
    assert found.output_messages == (Message("assistant", "Let me look.", (ToolCall("find", {"day": "today"}, "c1"),)),)


def test_older_openllmetry_writes_no_text_as_json() -> None:
    said = {"role": "assistant", "content": '""', "tool_calls.0.id": "c1", "tool_calls.0.name": "look"}
    values = {f"gen_ai.completion.0.{key}": value for key, value in said.items()}

    found = span({"llm.request.type": "chat", "gen_ai.system": "openai", **values})

    assert found.output_messages == (Message("assistant", "", (ToolCall("look", None, "c1"),)),)
