"""What a tool does: by a person's word, its server's hints, its name, its schema, its use."""

from __future__ import annotations

import pytest
from retrospan.analysis.effects import Effect, effect_of, hands_over
from retrospan.analysis.tools.tool_roles import Ground, ToolRole, ToolUse, infer_tool
from retrospan.model.traces import JsonValue


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("search_orders", ToolRole.READ),
        ("orders.getStatus", ToolRole.READ),
        ("mcp__github__create_issue", ToolRole.WRITE),
        ("issue_refund", ToolRole.WRITE),
        ("Bash", ToolRole.RUN),
        ("exec_command", ToolRole.RUN),
        ("python_interpreter", ToolRole.RUN),
        ("TodoWrite", ToolRole.NOTE),
        ("think", ToolRole.NOTE),
        ("ask_user", ToolRole.ASK),
        ("ExitPlanMode", ToolRole.ASK),
        ("SendMessage", ToolRole.TALK),
        ("transfer_to_human_agents", ToolRole.HANDOVER),
        ("Task", ToolRole.HANDOVER),
        ("final_answer", ToolRole.ANSWER),
        ("submit", ToolRole.ANSWER),
        ("frobnicate", ToolRole.UNKNOWN),
    ],
)
def test_a_name_tells_the_role(name: str, role: ToolRole) -> None:
    assert infer_tool(name).role is role


@pytest.mark.parametrize("name", ["Edit", "str_replace_editor", "write_to_file", "apply_patch", "NotebookEdit"])
def test_editors_write_files(name: str) -> None:
    fact = infer_tool(name)
    assert (fact.role, fact.files) == (ToolRole.WRITE, True)


@pytest.mark.parametrize(
    ("definition", "role"),
    [
        ({"name": "t", "inputSchema": {}, "annotations": {"readOnlyHint": True}}, ToolRole.READ),
        ({"name": "t", "annotations": {"readOnlyHint": False, "destructiveHint": False}}, ToolRole.WRITE),
        ({"name": "t", "annotations": {"destructiveHint": True}}, ToolRole.WRITE),
        ({"type": "function", "function": {"name": "t", "description": "Cancels a visit."}}, ToolRole.WRITE),
        ({"name": "t", "description": "Search the handbook."}, ToolRole.READ),
        ({"name": "t", "input_schema": {"properties": {"command": {"type": "string"}}}}, ToolRole.RUN),
        ({"name": "t", "parameters": {"properties": {"file_path": {}, "content": {}}}}, ToolRole.WRITE),
        ({"name": "t", "parameters": {"properties": {"query": {}}}}, ToolRole.READ),
    ],
)
def test_a_definition_tells_the_role_of_an_opaque_name(definition: JsonValue, role: ToolRole) -> None:
    assert infer_tool("frobnicate", definition).role is role


def test_a_hint_of_the_server_comes_before_the_name() -> None:
    fact = infer_tool("update_view", {"name": "update_view", "annotations": {"readOnlyHint": True}})
    assert (fact.role, fact.ground) == (ToolRole.READ, Ground.DECLARED)


def test_a_correction_has_the_last_word() -> None:
    fact = infer_tool("search_orders", corrections={"search_orders": ToolRole.WRITE})
    assert (fact.role, fact.confidence, fact.ground) == (ToolRole.WRITE, 1.0, Ground.CORRECTED)


def test_a_tool_that_ends_nearly_all_runs_returns_the_answer() -> None:
    assert infer_tool("frobnicate", use=ToolUse(calls=10, ended=9)).role is ToolRole.ANSWER
    assert infer_tool("frobnicate", use=ToolUse(calls=4, ended=4)).role is ToolRole.UNKNOWN


def test_the_effect_of_a_tool_follows_its_role() -> None:
    assert [effect_of(name) for name in ("issue_refund", "get_order", "Bash", "TodoWrite")] == [
        Effect.WRITE,
        Effect.READ,
        Effect.UNKNOWN,
        Effect.READ,
    ]
    assert hands_over("handoff_to_desk")
