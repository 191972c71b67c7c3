"""Strict arguments: nothing unknown, of a wrong type or out of bounds reaches a tool."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from retrospan.model.errors import UsageError

Call = Callable[..., str]


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("search_traces", {"qeury": "x"}, "did you mean 'query'"),
        ("search_traces", {"query": "x", "status": "error"}, "no argument 'status'"),
        ("search_traces", {"query": ["x"]}, "wanted is string"),
        ("search_traces", {"limit": 0}, "wanted is integer from 1 to 50"),
        ("search_traces", {"limit": 51}, "from 1 to 50"),
        ("search_traces", {"limit": True}, "'limit' is true"),
        ("search_traces", {"limit": 3.5}, "wanted is integer"),
        ("search_traces", {"limit": "many"}, "wanted is integer"),
        ("search_traces", {"query": "x" * 5_000}, "at most 2000"),
        ("search_traces", {"page": "!!"}, "page token"),
        ("get_trace", {}, "'trace' is missing"),
        ("get_trace", {"trace": None}, "wanted is string"),
        ("get_trace", {"trace": "T1", "budget": 10}, "wanted is integer from 200"),
        ("get_trace", {"trace": "T1", "steps": True}, "'steps' is true"),
        ("list_reviews", {"state": "opne"}, "one of open, needs_answer"),
        (
            "propose_verdict",
            {"subject": "T1", "label": "confirmed", "explanation": "x"},
            "one of pass, fail, cant_tell",
        ),
        ("propose_verdict", {"subject": "T1", "label": "fail", "explanation": "x", "cited": [{"step": "1"}]}, "quote"),
        (
            "propose_verdict",
            {
                "subject": "T1",
                "label": "fail",
                "explanation": "x",
                "cited": [{"step": "1", "quote": "x", "by": "human"}],
            },
            "not known there",
        ),
        (
            "propose_verdict",
            {"subject": "T1", "label": "fail", "explanation": "x", "by": "human:Ada"},
            "no argument 'by'",
        ),
        (
            "propose_lesson",
            {"title": "t", "what_happened": "x", "why": "y", "what_to_do": "z", "status": "confirmed"},
            "status",
        ),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_right(
    call: Call, tool: str, arguments: dict[str, Any], told: str
) -> None:
    with pytest.raises(UsageError) as caught:
        call(tool, **arguments)
    assert told in str(caught.value)
    assert len(str(caught.value)) <= 1_200


def test_a_number_may_stand_for_an_id(call: Call) -> None:
    assert call("get_trace", trace=1, steps=5).startswith("⟦")


def test_an_unknown_tool_is_answered_with_the_nearest(call: Call) -> None:
    with pytest.raises(UsageError, match="did you mean 'search_traces'"):
        call("search_trace")


def test_a_page_of_another_tool_is_refused(call: Call) -> None:
    from retrospan.mcp_server.paging import page_token

    with pytest.raises(UsageError, match="none of search_traces"):
        call("search_traces", page=page_token("diff_traces", offset=3))


@pytest.mark.parametrize("offset", [-1, "2", 10**9, None])
def test_a_page_with_an_impossible_place_is_refused(call: Call, offset: Any) -> None:
    from retrospan.mcp_server.paging import page_token

    with pytest.raises(UsageError, match="page"):
        call("search_traces", page=page_token("search_traces", query="", offset=offset))


def test_a_budget_beyond_the_most_means_the_most(call: Call) -> None:
    assert call("query", sql="SELECT 1 AS one", budget=1_000_000).startswith("1 row")
