"""A returns desk in each framework: what an application does after the lines that `connect app` prints."""

from __future__ import annotations

TOOLS = '''
import os

ORDERS = {"A-1001": {"order_id": "A-1001", "item": "Ridge 2 tent", "price": 249.0, "delivered_days_ago": 12}}
SYSTEM = "You are the returns desk. Answer only from the policy documents and the order record."
QUESTION = "Can I still return the tent from order A-1001, and how much would I get back?"
URL = os.environ["LLM_URL"]


def search_policy(query: str) -> str:
    """Search the policy documents and return the best passage."""
    return "[returns-policy] Items can be returned within 30 days of delivery for a full refund."


def lookup_order(order_id: str) -> dict:
    """Look up an order by its id."""
    return ORDERS[order_id]


def issue_refund(order_id: str, amount: float) -> dict:
    """Issue a refund for an order."""
    return {"order_id": order_id, "refunded": amount, "reference": "RF-" + order_id}
'''

PYDANTIC_AI = """
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

model = OpenAIChatModel("gpt-5-mini", provider=OpenAIProvider(base_url=URL + "/v1", api_key="sk-fake"))
agent = Agent(model, name="returns_desk", instructions=SYSTEM)
for function in (search_policy, lookup_order, issue_refund):
    agent.tool_plain(function)
print(agent.run_sync(QUESTION, conversation_id="chat-17").output)
provider.shutdown()
"""

OPENAI_AGENTS = """
import asyncio
from agents import Agent, Runner, function_tool
from agents.models.openai_responses import OpenAIResponsesModel
from openai import AsyncOpenAI
from openinference.instrumentation import using_session

model = OpenAIResponsesModel("gpt-5-mini", AsyncOpenAI(base_url=URL + "/v1", api_key="sk-fake"))
tools = [function_tool(function) for function in (search_policy, lookup_order, issue_refund)]
agent = Agent(name="returns_desk", instructions=SYSTEM, model=model, tools=tools)
with using_session("chat-17"):
    print(asyncio.run(Runner.run(agent, QUESTION)).final_output)
provider.shutdown()
"""

LANGGRAPH = """
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import MemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

tools = [tool(function) for function in (search_policy, lookup_order, issue_refund)]
llm = ChatOpenAI(model="gpt-5-mini", base_url=URL + "/v1", api_key="sk-fake").bind_tools(tools)


def call_model(state):
    return {"messages": [llm.invoke([("system", SYSTEM)] + state["messages"])]}


graph = StateGraph(MessagesState)
graph.add_node("call_model", call_model)
graph.add_node("tools", ToolNode(tools))
graph.add_edge(START, "call_model")
graph.add_conditional_edges("call_model", tools_condition)
graph.add_edge("tools", "call_model")
app = graph.compile(checkpointer=MemorySaver(), name="returns_desk")
done = app.invoke({"messages": [("user", QUESTION)]}, config={"configurable": {"thread_id": "chat-17"}})
print(done["messages"][-1].content)
provider.shutdown()
"""

ANTHROPIC = """
import json
import anthropic
from openinference.instrumentation import using_session

client = anthropic.Anthropic(base_url=URL, api_key="sk-ant-fake")
functions = {function.__name__: tracer.tool(function) for function in (search_policy, lookup_order, issue_refund)}
specs = [
    {"name": name, "description": function.__doc__, "input_schema": {"type": "object"}}
    for name, function in functions.items()
]


@tracer.agent
def returns_desk(question: str) -> str:
    messages = [{"role": "user", "content": question}]
    while True:
        answer = client.messages.create(
            model="claude-sonnet-5", max_tokens=512, system=SYSTEM, messages=messages, tools=specs
        )
        if answer.stop_reason != "tool_use":
            return answer.content[0].text
        said = [block.model_dump(exclude_none=True) for block in answer.content]
        calls = [block for block in answer.content if block.type == "tool_use"]
        made = [json.dumps(functions[call.name](**call.input)) for call in calls]
        results = [
            {"type": "tool_result", "tool_use_id": call.id, "content": text}
            for call, text in zip(calls, made, strict=True)
        ]
        messages += [{"role": "assistant", "content": said}, {"role": "user", "content": results}]


with using_session("chat-17"):
    print(returns_desk(QUESTION))
provider.shutdown()
"""

OPENAI = """
import json
from openai import OpenAI
from openinference.instrumentation import using_session

client = OpenAI(base_url=URL + "/v1", api_key="sk-fake")
functions = {function.__name__: tracer.tool(function) for function in (search_policy, lookup_order, issue_refund)}
specs = [
    {"type": "function", "function": {"name": name, "description": function.__doc__, "parameters": {"type": "object"}}}
    for name, function in functions.items()
]


@tracer.agent
def returns_desk(question: str) -> str:
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}]
    while True:
        message = client.chat.completions.create(model="gpt-5-mini", messages=messages, tools=specs).choices[0].message
        messages.append(message.model_dump(exclude_none=True))
        if not message.tool_calls:
            return message.content
        for call in message.tool_calls:
            made = functions[call.function.name](**json.loads(call.function.arguments))
            messages.append({"role": "tool", "tool_call_id": call.id, "content": json.dumps(made)})


with using_session("chat-17"):
    print(returns_desk(QUESTION))
provider.shutdown()
"""

VERCEL_AI = """
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, stepCountIs, tool } from 'ai';
import { z } from 'zod';

const models = createOpenAICompatible({
  name: 'openai', baseURL: process.env.LLM_URL + '/v1', apiKey: 'sk-fake', includeUsage: true,
});
const answer = await generateText({
  model: models('gpt-5-mini'),
  stopWhen: stepCountIs(8),
  system: 'You are the returns desk.',
  prompt: 'Can I still return the tent from order A-1001, and how much would I get back?',
  tools: {
    search_policy: tool({
      description: 'Search the policy documents.',
      inputSchema: z.object({ query: z.string() }),
      execute: async () => '[returns-policy] Items can be returned within 30 days.',
    }),
    lookup_order: tool({
      description: 'Look up an order.',
      inputSchema: z.object({ order_id: z.string() }),
      execute: async ({ order_id }) => ({ order_id, price: 249 }),
    }),
    issue_refund: tool({
      description: 'Issue a refund.',
      inputSchema: z.object({ order_id: z.string(), amount: z.number() }),
      execute: async ({ order_id, amount }) => ({ order_id, refunded: amount, reference: 'RF-' + order_id }),
    }),
  },
  experimental_telemetry: { isEnabled: true, functionId: 'my-agent', metadata: { sessionId: 'chat-17' } },
});
console.log(answer.text);
await provider.shutdown();
"""

APPS = {
    "pydantic-ai": ("pydantic-ai-slim[openai]", PYDANTIC_AI),
    "openai-agents": ("openai-agents", OPENAI_AGENTS),
    "langgraph": ("langgraph langchain-openai", LANGGRAPH),
    "anthropic": ("anthropic", ANTHROPIC),
    "openai": ("openai", OPENAI),
}
"""Framework → what the application itself depends on, and its body."""
